// SPDX-License-Identifier: Apache-2.0
// Escape closes what floats over the page and gives the focus back to what
// opened it. Without this script it closes by its own summary.
addEventListener("keydown", (e) => {
  if (e.key !== "Escape") return;
  document.querySelectorAll('details[name="pop"][open]').forEach((d) => {
    if (d.contains(document.activeElement)) d.querySelector("summary").focus();
    d.open = false;
  });
});
