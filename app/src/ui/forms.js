addEventListener("submit", async (event) => {
  // In app/src/catalog/admin/form.rs, app/src/users/page.rs, app/src/accounts/own_page.rs:
  const REFUSAL = "[data-refusal]", ERROR = "data-error";
  // In app/src/catalog/admin/model_page.rs:
  const STAY = "[data-stay]", LEAVE = "[data-leave]";
  // In app/domain/src/error.rs:
  const SIGNED_OUT = "unauthenticated", LIMITED = "rate_limited", UNAVAILABLE = "unavailable";

  const form = /** @type {HTMLFormElement} */ (event.target);
  if (event.defaultPrevented || !form.matches(`form${STAY}`)) return;
  const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
  if (button?.matches(LEAVE)) return;
  event.preventDefault();
  const body = new URLSearchParams(/** @type {any} */ (new FormData(form, button)));
  button?.setAttribute("aria-disabled", "true");
  /** @param {string} text */
  const refuse = (text) => {
    const line = /** @type {HTMLElement | null} */ (form.querySelector(REFUSAL));
    if (!line) return false;
    line.textContent = text;
    line.hidden = !text;
    return true;
  };
  try {
    const action = button?.hasAttribute("formaction") ? button.formAction : form.action;
    const response = await fetch(action, { method: "POST", headers: { accept: "application/json" }, body });
    if (response.ok) return location.assign(response.headers.get("location") ?? location.href);
    const problem = /** @type {Partial<AppError>} */ (await response.json().catch(() => ({})));
    for (const line of form.querySelectorAll(`[${ERROR}]`)) line.textContent = "";
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    const rules = Array.isArray(problem.detail) ? problem.detail : [];
    const rest = rules.filter(({ field, message }) => {
      const line = form.querySelector(`[${ERROR}="${CSS.escape(field)}"]`);
      if (!line) return true;
      line.textContent = message;
      line.parentElement?.querySelector("input, textarea, select")?.setAttribute("aria-invalid", "true");
      return false;
    });
    /** @type {Record<string, string>} */
    const told = {
      [SIGNED_OUT]: "Sign in again; your sign-in has ended.",
      [LIMITED]: "Too many attempts. Try again in a moment.",
      [UNAVAILABLE]: "The service is not available right now. Try again in a moment.",
    };
    const general = rules.length
      ? rest.map(({ message }) => message).join(" ")
      : typeof problem.detail === "string" ? problem.detail : told[problem.code ?? ""] ?? "That did not work. Try again.";
    if (!refuse(general) && general) alert(general);
    form.closest("dialog")?.close();
    /** @type {HTMLDialogElement | null} */ (form.querySelector("dialog[open]"))?.close();
    const wrong = /** @type {HTMLElement | null} */ (form.querySelector("[aria-invalid]"));
    (wrong ?? form.querySelector(`${REFUSAL}:not([hidden])`))?.scrollIntoView({ block: "center" });
    wrong?.focus();
  } catch {
    refuse("The connection to the server was lost. Try again.");
  } finally {
    button?.removeAttribute("aria-disabled");
  }
});
