{
  // In app/src/templates/bar.rs:
  const BAR = ".template-bar", DIALOG = "#template-dialog", UNDO = "[data-undo]", KEEP = "[data-keep]", HINT = "[data-hint]",
    BUILT_IN = "data-built-in", OWN = "data-own", MEMBER = "data-member", OWN_OPTIONS = "own-options", LIST = ".template-list",
    NEW = ".template-new", NAME = "template-name", CLASS = "quiet small";
  // In app/src/playground/prompt_form.rs:
  const PROMPT = "prompt", SYSTEM = "system-prompt";
  // In app/src/playground/parameters_form.rs:
  const TEMPERATURE = "temperature", MAX_TOKENS = "max-tokens", TOP_P = "top-p";
  // In app/src/playground/page.rs:
  const PLAYGROUND = "/playground";
  // In app/src/ui/frame.rs:
  const SIGN_OUT = ".who";
  // In server/services/src/templates/api.rs:
  const API = "/api/templates";
  // In no other place: the first word of a key of sessionStorage.
  const DRAFT = "draft";

  const bar = /** @type {HTMLElement} */ (document.querySelector(BAR));
  const dialog = /** @type {HTMLDialogElement} */ (document.querySelector(DIALOG));
  const select = /** @type {HTMLSelectElement} */ (bar.querySelector("select"));
  const undo = /** @type {HTMLElement} */ (bar.querySelector(UNDO));
  const hint = /** @type {HTMLElement} */ (bar.querySelector(HINT));
  const list = /** @type {HTMLElement} */ (dialog.querySelector(LIST));
  const status = /** @type {HTMLElement} */ (dialog.querySelector("[role=status]"));
  /** @param {string} name */
  const given = (name) => bar.getAttribute(name) ?? "";
  const builtIn = /** @type {TemplateDraft[]} */ (JSON.parse(given(BUILT_IN)));
  let own = /** @type {Template[]} */ (JSON.parse(given(OWN)));
  const FIELDS = [PROMPT, SYSTEM, TEMPERATURE, MAX_TOKENS, TOP_P];
  const HOLE = /\{\{[^{}]*\}\}/g;
  /** @type {string[] | undefined} */
  let before;
  bar.hidden = false;

  /** @param {string} id */
  const field = (id) => /** @type {HTMLInputElement} */ (document.getElementById(id));
  /** @param {string} id */
  const unfold = (id) => { /** @type {HTMLDetailsElement} */ (field(id).closest("details")).open = true };
  const read = () => FIELDS.map((id) => field(id).value);
  /** @param {string[]} values */
  const write = (values) => FIELDS.forEach((id, i) => {
    const value = values[i] ?? "";
    if (field(id).value === value) return;
    field(id).value = value;
    field(id).dispatchEvent(new Event("input", { bubbles: true }));
    if (id === SYSTEM && value) unfold(id);
  });
  /** @param {number | null} [value] */
  const number = (value) => `${value ?? ""}`;
  /** @param {TemplateDraft} template */
  const values = ({ prompt, system_prompt, parameters: p }) =>
    [prompt, system_prompt, number(p.temperature), number(p.max_tokens), number(p.top_p)];

  // Selects the next thing to fill in behind the selection.
  /** @param {number} from */
  const next = (from) => {
    const prompt = field(PROMPT);
    HOLE.lastIndex = from;
    const found = HOLE.exec(prompt.value);
    if (!found) return false;
    prompt.focus();
    prompt.setSelectionRange(found.index, found.index + found[0].length);
    return true;
  };

  select.addEventListener("change", () => {
    const template = [...builtIn, ...own][Number(select.value)];
    if (select.value === "" || !template) return;
    before = read();
    write(values(template));
    undo.hidden = false;
    hint.textContent = next(0) ? "Tab goes to the next {{place}}." : "";
    if (!hint.textContent) field(PROMPT).focus();
  });
  undo.addEventListener("click", () => {
    if (before) write(before);
    undo.hidden = true;
    hint.textContent = "";
    select.value = "";
    field(PROMPT).focus();
  });
  addEventListener("keydown", (event) => {
    const target = /** @type {HTMLTextAreaElement} */ (event.target);
    if (event.key !== "Tab" || event.shiftKey || target.id !== PROMPT || !before) return;
    if (next(target.selectionEnd)) event.preventDefault();
  });

  /** @param {string} method @param {string} path @param {object} [body] */
  const send = async (method, path, body) => {
    const response = await fetch(API + path, {
      method, headers: { "content-type": "application/json" }, body: body && JSON.stringify(body),
    }).catch(() => undefined);
    if (response?.ok) return response.status === 204 ? true : response.json();
    const problem = /** @type {Partial<Problem> | undefined} */ (await response?.json().catch(() => undefined));
    status.textContent = problem?.errors?.[0]?.message ?? problem?.detail ?? "The server was not reached. Try again.";
    return undefined;
  };
  /** @param {string} text @param {string} label @param {() => void} work */
  const button = (text, label, work) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = CLASS;
    made.textContent = text;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", work);
    return made;
  };
  const show = () => {
    const options = own.map(({ name }, i) => new Option(name, `${builtIn.length + i}`));
    field(OWN_OPTIONS).replaceChildren(...options);
    list.replaceChildren(...own.map((template) => {
      const item = document.createElement("li");
      const name = document.createElement("input");
      name.value = template.name;
      name.maxLength = field(NAME).maxLength;
      name.setAttribute("aria-label", `Name of ${template.name}`);
      const rename = button("Rename", `Rename ${template.name}`, async () => {
        const { id, ...draft } = template;
        const changed = await send("PUT", `/${id}`, { ...draft, name: name.value });
        if (!changed) return;
        own = own.map((other) => other.id === id ? changed : other);
        show();
        status.textContent = "Renamed.";
      });
      let isSure = false;
      const erase = button("Delete", `Delete ${template.name}`, async () => {
        if (!isSure) {
          isSure = true;
          erase.textContent = "Really delete?";
          return;
        }
        if (!await send("DELETE", `/${template.id}`)) return;
        own = own.filter(({ id }) => id !== template.id);
        show();
        status.textContent = "Deleted.";
        field(NAME).focus();
      });
      item.append(name, rename, erase);
      return item;
    }));
  };
  bar.querySelector(KEEP)?.addEventListener("click", () => {
    status.textContent = "";
    show();
    dialog.showModal();
  });
  dialog.querySelector(NEW)?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = field(NAME);
    /** @param {string} id */
    const amount = (id) => {
      const text = field(id).value.trim();
      return text ? Number(text.replace(",", ".")) : undefined;
    };
    const made = await send("POST", "", {
      name: name.value,
      prompt: field(PROMPT).value,
      system_prompt: field(SYSTEM).value,
      parameters: { temperature: amount(TEMPERATURE), max_tokens: amount(MAX_TOKENS), top_p: amount(TOP_P) },
    });
    if (!made) return;
    own.push(made);
    name.value = "";
    show();
    status.textContent = "Kept.";
  });

  // What is written and not sent yet survives a reload of this tab, for the same user only. Signing out on this page deletes it.
  const KEY = `${DRAFT} of ${bar.getAttribute(MEMBER)}`;
  /** @param {(key: string) => boolean} isOver */
  const forget = (isOver) => {
    try { Object.keys(sessionStorage).filter(isOver).forEach((key) => sessionStorage.removeItem(key)) } catch {}
  };
  forget((key) => key.startsWith(DRAFT) && key !== KEY);
  const isNew = () => location.pathname === PLAYGROUND;
  const kept = () => { try { return JSON.parse(sessionStorage.getItem(KEY) ?? "{}") } catch { return {} } };
  if (isNew()) {
    const { prompt = "", system = "" } = kept();
    if (!field(PROMPT).value && prompt) field(PROMPT).value = prompt;
    if (!field(SYSTEM).value && system) {
      field(SYSTEM).value = system;
      unfold(SYSTEM);
    }
  }
  const keep = () => {
    const draft = { prompt: field(PROMPT).value, system: field(SYSTEM).value };
    try {
      if (isNew()) sessionStorage.setItem(KEY, JSON.stringify(draft));
      else if (kept().prompt === draft.prompt) sessionStorage.removeItem(KEY);
    } catch {}
  };
  addEventListener("input", (event) => {
    const { id } = /** @type {Element} */ (event.target);
    if (id === PROMPT || id === SYSTEM) keep();
  });
  addEventListener("pagehide", keep);
  addEventListener("submit", (event) => {
    if (!/** @type {Element} */ (event.target).matches(`form${SIGN_OUT}`)) return;
    removeEventListener("pagehide", keep);
    forget((key) => key === KEY);
  });
}
