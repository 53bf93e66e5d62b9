// SPDX-License-Identifier: Apache-2.0
// Clocks go on while the page is open. The words come from the page; the
// reader of the screen is told only when a clock runs out.
(() => {
  const clocks = document.querySelectorAll("[data-due]");
  if (!clocks.length) return;
  const root = document.body.dataset;
  const say = (ms) => {
    const all = Math.floor(Math.abs(ms) / 60000), n = Math.floor(all / 1440), h = Math.floor(all / 60) % 24, m = all % 60;
    const fill = (s) => s.replace("{n}", n).replace("{h}", h).replace("{m}", m);
    if (n >= 2 || (n === 1 && h === 0)) return fill(root.days);
    if (n === 1) return fill(root.daysHours);
    if (h > 0 && m > 0) return fill(root.hoursMinutes);
    if (h > 0) return fill(root.hours);
    return m > 0 ? fill(root.minutes) : root.moment;
  };
  setInterval(() => {
    clocks.forEach((c) => {
      const left = Number(c.dataset.due) * 1000 - Date.now();
      if (left < 0) return; // a clock that runs out is told by the next page
      c.textContent = root.left.replace("{t}", say(left));
    });
  }, 60000);
})();
