{
  // In app/src/playground/page.rs:
  const DIALOG = "#share-dialog", OF = "data-of", IN_DIALOG = "[data-dialog]",
    PLAYGROUND = "/playground/", SHARE = "/playground/{id}/share";
  // In app/src/share/choose.rs:
  const PREVIEW = "data-preview", NEW_LINK = "new_link", COMPARISON = "id", REFRESH = "[data-refresh]", SHARE_URL = "[data-share-url]",
    COPY = "data-copy";
  // In app/src/share/choose.rs, app/src/playground/page.rs:
  const SHEET = "#share-sheet";
  // In app/src/playground/card.rs, app/src/share/view.rs:
  const CARD = ".card", ANSWER = ".answer", COPY_ANSWER = "[data-copy-answer]", EXPAND = "[data-expand]", PLAIN = "[data-plain]";
  // In app/markdown/src/code.rs:
  const CODE = ".code-block", COPY_CODE = "[data-copy-code]";
  // In style/share.css:
  const WIDE = "is-wide";
  // In style/markdown.css:
  const AS_TEXT = "is-plain";

  const id = () => new RegExp(`^${PLAYGROUND}([0-9a-f-]{36})`).exec(location.pathname)?.[1];
  const dialog = /** @type {HTMLDialogElement | null} */ (document.querySelector(DIALOG));
  const status = dialog?.querySelector("[role=status]");
  /** @param {string} text */
  const say = (text) => { if (status) status.textContent = text };

  // Where the page is not trusted with the clipboard, the old way is left.
  /** @param {string} text */
  const copy = async (text) => {
    try { await navigator.clipboard.writeText(text) } catch {
      const field = document.createElement("textarea");
      field.value = text;
      (document.querySelector("dialog[open]") ?? document.body).append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
  };
  /** @param {HTMLFormElement} form */
  const read = (form) => new URLSearchParams(/** @type {any} */ (new FormData(form)));

  // The page of sharing, in the dialog.
  /** @param {string} url */
  const show = async (url) => {
    const response = await fetch(url, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const sheet = page.querySelector(SHEET);
    const name = /** @type {HTMLInputElement | null} */ (document.activeElement)?.name;
    if (!sheet) return say(response.redirected ? "Sign in again to share." : "This comparison cannot be shared any more.");
    dialog?.querySelector(SHEET)?.replaceWith(document.adoptNode(sheet));
    if (name) /** @type {HTMLElement | null | undefined} */ (dialog?.querySelector(`[name="${CSS.escape(name)}"]`))?.focus();
    return sheet;
  };
  /** @param {HTMLFormElement} form */
  const preview = (form) => {
    const choice = read(form);
    choice.delete(COMPARISON);
    choice.delete(NEW_LINK);
    return `${form.getAttribute(PREVIEW)}?${choice}`;
  };
  /** @param {HTMLFormElement} form */
  const post = async (form) => {
    const response = await fetch(form.action, { method: "POST", headers: { accept: "application/json" }, body: read(form) });
    if (response.ok) return true;
    const { detail } = /** @type {Partial<AppError>} */ (await response.json().catch(() => ({})));
    const rules = Array.isArray(detail) ? detail.map(({ message }) => message).join(" ") : detail;
    say(typeof rules === "string" && rules || "That did not work. Try again.");
    return false;
  };
  /** @param {() => Promise<unknown>} work */
  const guarded = (work) => work().catch(() => say("The connection to the server was lost. Try again."));

  const buttons = [`[${OF}]`, `[${COPY}]`, COPY_ANSWER, COPY_CODE, EXPAND, PLAIN].join();
  addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target).closest?.(buttons);
    if (!target) return;
    const card = target.closest(CARD);
    const of = target.getAttribute(OF);
    const what = target.getAttribute(COPY);
    if (of) {
      const link = /** @type {HTMLAnchorElement} */ (target);
      const made = id();
      if (!made) return event.preventDefault();
      link.href = of.replace("{id}", made);
      if (!link.matches(IN_DIALOG) || !dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      say("");
      guarded(async () => { if (await show(link.href)) dialog.showModal() });
    } else if (what) {
      const source = document.querySelector(`dialog[open] ${what}`) ?? document.querySelector(what);
      copy(/** @type {HTMLInputElement} */ (source).value ?? source?.textContent).then(() => say("Copied."));
    } else if (target.matches(COPY_ANSWER) || target.matches(COPY_CODE)) {
      const word = target.textContent;
      const source = target.matches(COPY_CODE) ? target.closest(CODE)?.querySelector("code") : card?.querySelector(ANSWER);
      copy(source?.textContent ?? "").then(() => {
        target.textContent = "Copied";
        setTimeout(() => { target.textContent = word }, 1500);
      });
    } else if (card) {
      const name = target.matches(EXPAND) ? WIDE : AS_TEXT;
      target.setAttribute("aria-pressed", `${card.classList.toggle(name)}`);
      if (name === WIDE) card.scrollIntoView({ block: "nearest" });
    }
  });
  dialog?.addEventListener("change", (event) => {
    const target = /** @type {HTMLInputElement} */ (event.target);
    const form = /** @type {HTMLFormElement | null} */ (target.closest(`form[${PREVIEW}]`));
    if (form && target.name !== NEW_LINK) guarded(() => show(preview(form)));
  });
  dialog?.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    event.preventDefault();
    if (event.submitter?.matches(REFRESH)) return guarded(() => show(preview(form)));
    guarded(async () => {
      if (!await post(form)) return;
      const again = form.hasAttribute(PREVIEW) ? preview(form) : SHARE.replace("{id}", id() ?? "");
      const link = /** @type {HTMLInputElement | null | undefined} */ ((await show(again))?.querySelector(SHARE_URL));
      if (!link) return say("It is not shared any more. The link is kept for you.");
      await copy(link.value);
      link.focus();
      link.select();
      say("Shared. The link is copied.");
    });
  });
}
