{
  for (const part of document.querySelectorAll("[data-script-only]")) part.hidden = false;
  addEventListener("change", async ({ target }) => {
    const [file] = target.files ?? [];
    if (!file) return;
    if (target.dataset.into) document.getElementById(target.dataset.into).value = await file.text();
    if (!target.dataset.prices) return;
    const line = document.querySelector("[data-price-refusal]");
    line.hidden = true;
    try {
      const headers = { accept: "application/json", "content-type": "application/json" };
      const response = await fetch(target.dataset.prices, { method: "POST", headers, body: file });
      const answer = await response.json();
      if (response.ok) return location.assign(`/admin/catalog?proposals=${answer.id}`);
      line.textContent = answer.detail;
    } catch {
      line.textContent = "The file could not be sent. Try again.";
    }
    line.hidden = false;
  });
}
