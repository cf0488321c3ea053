{
  // In app/src/catalog/admin/catalog_page.rs:
  const SCRIPT_ONLY = "[data-script-only]", INTO = "data-into";

  for (const part of document.querySelectorAll(SCRIPT_ONLY)) /** @type {HTMLElement} */ (part).hidden = false;
  addEventListener("change", async (event) => {
    const target = /** @type {HTMLInputElement} */ (event.target);
    const [file] = target.files ?? [];
    const into = target.getAttribute(INTO);
    if (file && into) /** @type {HTMLTextAreaElement} */ (document.getElementById(into)).value = await file.text();
  });
}
