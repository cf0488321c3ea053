{
  // In app/src/ui/frame.rs:
  const SET_THEME = "data-set-theme", SYSTEM = "system";
  // In style/tokens.css:
  const THEME = "data-theme";
  // In no other place: the key of localStorage.
  const KEY = "theme";

  const read = () => { try { return localStorage.getItem(KEY) } catch { return null } };
  const show = () => {
    const theme = read() ?? SYSTEM;
    document.documentElement.setAttribute(THEME, theme);
    for (const button of document.querySelectorAll(`[${SET_THEME}]`))
      button.setAttribute("aria-pressed", `${button.getAttribute(SET_THEME) === theme}`);
  };
  show();
  addEventListener("DOMContentLoaded", show);
  addEventListener("storage", show);
  addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    const theme = target.closest?.(`[${SET_THEME}]`)?.getAttribute(SET_THEME);
    if (!theme) return;
    try {
      if (theme === SYSTEM) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {}
    show();
  });
}
