// SPDX-License-Identifier: Apache-2.0
// Keys for who works through a list all day. What a page offers stands in its
// own list of keys, which without this script is not shown. No key decides or
// opens anything: it goes where the hand would go, or takes the next item.
// They can be put off (WCAG 2.1.4), and are off while something is typed.
(() => {
  const box = document.querySelector("[data-keys]");
  if (!box) return;
  const on = box.querySelector("input");
  try { on.checked = localStorage.getItem("keys") !== "off"; } catch { on.checked = true; }
  on.addEventListener("change", () => { try { localStorage.setItem("keys", on.checked ? "on" : "off"); } catch { /* for this page only */ } });
  box.hidden = false;
  const step = (all, by) => {
    const at = all.indexOf(document.activeElement);
    return all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
  };
  addEventListener("keydown", (e) => {
    if (!on.checked || e.ctrlKey || e.altKey || e.metaKey || e.isComposing) return;
    if (e.target.closest("input:not([type=radio], [type=checkbox]), textarea, select")) return;
    const key = [...box.querySelectorAll("kbd[data-key]")].find((k) => k.dataset.key === e.key.toLowerCase());
    if (!key) return;
    const all = [...document.querySelectorAll(key.dataset.at)], to = { down: step(all, 1), up: step(all, -1) }[key.dataset.go] ?? all[(key.dataset.nth ?? 1) - 1];
    if (!to) return;
    e.preventDefault();
    const folded = to.matches("summary") ? null : to.closest("details:not([open])");
    if (folded) folded.open = true;
    to.focus();
    if (key.dataset.go === "press" || key.dataset.go === "choose") to.click();
  });
})();
