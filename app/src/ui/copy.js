{
  // In app/src/ui/copy.rs:
  const COPY = "data-copy";

  const buttons = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(`[${COPY}]`));
  for (const button of buttons) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = /** @type {HTMLElement} */ (document.getElementById(button.getAttribute(COPY) ?? ""));
      const word = button.textContent;
      try {
        await navigator.clipboard.writeText(source.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection()?.selectAllChildren(source);
        button.textContent = "Selected: copy it now";
      }
      setTimeout(() => { button.textContent = word; }, 3000);
    });
  }
}
