{
  const root = document.documentElement;
  const read = () => { try { return localStorage.getItem("theme") } catch { return null } };
  const show = () => {
    const theme = read() ?? "system";
    root.dataset.theme = theme;
    for (const button of document.querySelectorAll("[data-set-theme]"))
      button.setAttribute("aria-pressed", button.dataset.setTheme === theme);
  };
  show();
  addEventListener("DOMContentLoaded", show);
  addEventListener("storage", show);
  addEventListener("click", ({ target }) => {
    const theme = target.closest?.("[data-set-theme]")?.dataset.setTheme;
    if (!theme) return;
    try { theme === "system" ? localStorage.removeItem("theme") : localStorage.setItem("theme", theme) } catch {}
    show();
  });
}
