// SPDX-License-Identifier: Apache-2.0
// The way back is the browser's own; without a page behind there is no button.
if (history.length > 1) {
  const back = document.getElementById("back");
  if (back) {
    back.hidden = false;
    back.addEventListener("click", () => history.back());
  }
}
