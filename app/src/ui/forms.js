addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("form[data-stay]")) return;
  const button = event.submitter;
  if (button?.hasAttribute("data-leave")) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, button));
  button?.setAttribute("aria-disabled", "true");
  const show = (selector, text) => {
    const line = form.querySelector(selector);
    if (!line) return false;
    line.textContent = text;
    line.hidden = !text;
    return true;
  };
  try {
    const action = button?.hasAttribute("formaction") ? button.formAction : form.action;
    const response = await fetch(action, { method: "POST", headers: { accept: "application/json" }, body });
    if (response.ok) return location.assign(response.headers.get("location") ?? location.href);
    const problem = await response.json().catch(() => ({}));
    for (const line of form.querySelectorAll("[data-error]")) line.textContent = "";
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    const rules = Array.isArray(problem.detail) ? problem.detail : [];
    const rest = rules.filter(({ field, message }) => {
      const line = form.querySelector(`[data-error="${CSS.escape(field)}"]`);
      if (!line) return true;
      line.textContent = message;
      line.parentElement.querySelector("input, textarea, select")?.setAttribute("aria-invalid", "true");
      return false;
    });
    const told = { unauthenticated: "Sign in again; your sign-in has ended.", unavailable: "The service is not available right now. Try again in a moment." };
    const general = rules.length ? rest.map(({ message }) => message).join(" ") : (problem.detail ?? told[problem.code] ?? "That did not work. Try again.");
    show("[data-refusal]", general) || (general && alert(general));
    form.closest("dialog")?.close();
    form.querySelector("dialog[open]")?.close();
    (form.querySelector("[aria-invalid]") ?? form.querySelector("[data-refusal]:not([hidden])"))?.scrollIntoView({ block: "center" });
    form.querySelector("[aria-invalid]")?.focus();
  } catch {
    show("[data-refusal]", "The connection to the server was lost. Try again.");
  } finally {
    button?.removeAttribute("aria-disabled");
  }
});
