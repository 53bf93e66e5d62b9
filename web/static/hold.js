// SPDX-License-Identifier: Apache-2.0
// A picture is open only while a button is held: with a finger, the mouse, or
// the space bar. Letting go, leaving the window or a call covers it again.
// Without this script the button opens the page with the picture for a minute.
(() => {
  for (const form of document.querySelectorAll("form[data-hold]")) {
    const box = form.closest(".ev"), button = form.querySelector("button"), words = button.querySelector("[data-held]");
    const rest = words.textContent;
    let held = false, shown = null;
    const cover = () => {
      held = false;
      if (shown) shown.remove();
      shown = null;
      words.textContent = rest;
    };
    const open = async () => {
      if (held) return;
      held = true;
      const asked = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
      if (asked.type !== "opaqueredirect") { form.submit(); return; } // a budget spent, a session ended: the answer's page says it
      if (!held) return;
      const img = new Image();
      img.className = "open";
      img.alt = "";
      img.src = form.dataset.hold + "?" + Date.now();
      img.onload = () => { if (held) { shown = img; box.append(img); words.textContent = words.dataset.held; } };
    };
    form.addEventListener("submit", (e) => e.preventDefault());
    button.addEventListener("pointerdown", (e) => { e.preventDefault(); button.focus(); button.setPointerCapture(e.pointerId); open(); });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) button.addEventListener(end, cover);
    button.addEventListener("keydown", (e) => { if (e.key === " " || e.key === "Enter") { e.preventDefault(); open(); } });
    button.addEventListener("keyup", cover);
    button.addEventListener("contextmenu", (e) => e.preventDefault());
    addEventListener("visibilitychange", cover);
  }
})();
