// SPDX-License-Identifier: Apache-2.0
// Changes the theme without a reload. Without this script the button posts.
(() => {
  document.querySelectorAll("form[data-theme-form]").forEach((form) => {
    form.addEventListener("submit", (e) => {
      e.preventDefault();
      const root = document.documentElement;
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      const next = dark ? "light" : "dark";
      root.dataset.theme = next;
      document.cookie = "theme=" + next + "; Path=/; Max-Age=31536000; SameSite=Lax";
    });
  });
})();
