// SPDX-License-Identifier: Apache-2.0
// The way out. A plain link without this script; with it the page goes blank
// before the network answers, and this page is replaced in the history.
// Three times Shift does the same. Escape is not used: it stops page loads.
(() => {
  const link = document.querySelector("a[data-exit]");
  if (!link) return;
  const leave = () => {
    document.documentElement.hidden = true;
    document.title = "…";
    document.querySelectorAll("input, textarea").forEach((f) => { f.value = ""; });
    location.replace(link.href);
  };
  link.addEventListener("click", (e) => { e.preventDefault(); leave(); });
  let count = 0, last = 0;
  addEventListener("keyup", (e) => {
    if (e.key !== "Shift") { count = 0; return; }
    count = e.timeStamp - last < 1200 ? count + 1 : 1;
    last = e.timeStamp;
    if (count === 3) leave();
  });
})();
