{
  for (const part of document.querySelectorAll("[data-script-only]")) part.hidden = false;
  addEventListener("change", async ({ target }) => {
    const [file] = target.files ?? [];
    if (file && target.dataset.into) document.getElementById(target.dataset.into).value = await file.text();
  });
}
