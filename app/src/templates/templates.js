{
  const bar = document.querySelector(".template-bar");
  const dialog = document.getElementById("template-dialog");
  const select = bar.querySelector("select");
  const undo = bar.querySelector("[data-undo]");
  const hint = bar.querySelector("[data-hint]");
  const list = dialog.querySelector(".template-list");
  const status = dialog.querySelector("[role=status]");
  const builtIn = JSON.parse(bar.dataset.builtIn);
  let own = JSON.parse(bar.dataset.own);
  const FIELDS = ["prompt", "system-prompt", "temperature", "max-tokens", "top-p"];
  const HOLE = /\{\{[^{}]*\}\}/g;
  let before;
  bar.hidden = false;

  const field = (id) => document.getElementById(id);
  const read = () => FIELDS.map((id) => field(id).value);
  const write = (values) => FIELDS.forEach((id, i) => {
    if (field(id).value === values[i]) return;
    field(id).value = values[i];
    field(id).dispatchEvent(new Event("input", { bubbles: true }));
    if (id === "system-prompt" && values[i]) field(id).closest("details").open = true;
  });
  const number = (value) => value === undefined || value === null ? "" : String(value);
  const values = ({ prompt, system_prompt, parameters: p }) =>
    [prompt, system_prompt ?? "", number(p.temperature), number(p.max_tokens), number(p.top_p)];

  // Selects the next thing to fill in behind the selection.
  const next = (from) => {
    const prompt = field("prompt");
    HOLE.lastIndex = from;
    const found = HOLE.exec(prompt.value);
    if (!found) return false;
    prompt.focus();
    prompt.setSelectionRange(found.index, found.index + found[0].length);
    return true;
  };

  select.addEventListener("change", () => {
    const template = [...builtIn, ...own][select.value];
    if (select.value === "" || !template) return;
    before = read();
    write(values(template));
    undo.hidden = false;
    hint.textContent = next(0) ? "Tab goes to the next {{place}}." : "";
    if (!hint.textContent) field("prompt").focus();
  });
  undo.addEventListener("click", () => {
    write(before);
    undo.hidden = true;
    hint.textContent = "";
    select.value = "";
    field("prompt").focus();
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || event.shiftKey || event.target.id !== "prompt" || !before) return;
    if (next(event.target.selectionEnd)) event.preventDefault();
  });

  const send = async (method, path, body) => {
    const response = await fetch(`/api/templates${path}`, {
      method, headers: { "content-type": "application/json" }, body: body && JSON.stringify(body),
    }).catch(() => undefined);
    if (response?.ok) return response.status === 204 ? true : response.json();
    const problem = await response?.json().catch(() => undefined);
    status.textContent = problem?.errors?.[0]?.message ?? problem?.detail ?? "The server was not reached. Try again.";
  };
  const button = (text, label, work) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "quiet small";
    made.textContent = text;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", work);
    return made;
  };
  const show = () => {
    const options = own.map(({ name }, i) => new Option(name, builtIn.length + i));
    field("own-options").replaceChildren(...options);
    list.replaceChildren(...own.map((template) => {
      const item = document.createElement("li");
      const name = document.createElement("input");
      name.value = template.name;
      name.maxLength = 100;
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
        field("template-name").focus();
      });
      item.append(name, rename, erase);
      return item;
    }));
  };
  bar.querySelector("[data-keep]").addEventListener("click", () => {
    status.textContent = "";
    show();
    dialog.showModal();
  });
  dialog.querySelector(".template-new").addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = field("template-name");
    const [prompt, system_prompt, temperature, max_tokens, top_p] = read();
    const parameters = {};
    const set = (key, text) => { if (text.trim()) parameters[key] = Number(text.trim().replace(",", ".")) };
    set("temperature", temperature);
    set("max_tokens", max_tokens);
    set("top_p", top_p);
    const made = await send("POST", "", { name: name.value, prompt, system_prompt, parameters });
    if (!made) return;
    own.push(made);
    name.value = "";
    show();
    status.textContent = "Kept.";
  });

  // What is written and not sent yet survives a reload of this tab, for whoever wrote it alone. Signing out here forgets it.
  const KEY = `draft of ${bar.dataset.member}`;
  const forget = (isOver) => {
    try { Object.keys(sessionStorage).filter(isOver).forEach((key) => sessionStorage.removeItem(key)) } catch {}
  };
  forget((key) => key.startsWith("draft") && key !== KEY);
  const isNew = () => location.pathname === "/playground";
  const kept = () => { try { return JSON.parse(sessionStorage.getItem(KEY)) ?? {} } catch { return {} } };
  if (isNew()) {
    const { prompt = "", system = "" } = kept();
    if (!field("prompt").value && prompt) field("prompt").value = prompt;
    if (!field("system-prompt").value && system) {
      field("system-prompt").value = system;
      field("system-prompt").closest("details").open = true;
    }
  }
  const keep = () => {
    const draft = { prompt: field("prompt").value, system: field("system-prompt").value };
    try {
      if (isNew()) sessionStorage.setItem(KEY, JSON.stringify(draft));
      else if (kept().prompt === draft.prompt) sessionStorage.removeItem(KEY);
    } catch {}
  };
  addEventListener("input", ({ target }) => { if (target.id === "prompt" || target.id === "system-prompt") keep() });
  addEventListener("pagehide", keep);
  addEventListener("submit", ({ target }) => {
    if (!target.matches("form.who")) return;
    removeEventListener("pagehide", keep);
    forget((key) => key === KEY);
  });
}
