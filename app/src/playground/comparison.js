{
  const id = () => /^\/playground\/([0-9a-f-]{36})/.exec(location.pathname)?.[1];
  const dialog = document.getElementById("share-dialog");
  const status = dialog?.querySelector("[role=status]");
  const say = (text) => { if (status) status.textContent = text };

  // Where the page is not trusted with the clipboard, the old way is left.
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

  // The page of sharing, in the dialog.
  const show = async (url) => {
    const response = await fetch(url, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const sheet = page.getElementById("share-sheet");
    const name = document.activeElement?.name;
    if (!sheet) return say(response.redirected ? "Sign in again to share." : "This comparison cannot be shared any more.");
    dialog.querySelector("#share-sheet").replaceWith(document.adoptNode(sheet));
    if (name) dialog.querySelector(`[name="${CSS.escape(name)}"]`)?.focus();
    return sheet;
  };
  const preview = (form) => {
    const choice = new URLSearchParams(new FormData(form));
    choice.delete("id");
    choice.delete("new_link");
    return `${form.dataset.preview}?${choice}`;
  };
  const post = async (form) => {
    const response = await fetch(form.action, {
      method: "POST", headers: { accept: "application/json" }, body: new URLSearchParams(new FormData(form)),
    });
    if (response.ok) return true;
    const problem = await response.json().catch(() => ({}));
    const rules = Array.isArray(problem.detail) ? problem.detail.map(({ message }) => message).join(" ") : problem.detail;
    say(rules || "That did not work. Try again.");
  };
  const guarded = (work) => work().catch(() => say("The connection to the server was lost. Try again."));

  addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-of], [data-copy], [data-copy-answer], [data-copy-code], [data-expand], [data-plain]");
    if (!target) return;
    const { dataset } = target;
    const card = target.closest(".card");
    if (dataset.of) {
      if (!id()) return event.preventDefault();
      target.href = dataset.of.replace("{id}", id());
      if (!("dialog" in dataset) || !dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      say("");
      guarded(async () => { if (await show(target.href)) dialog.showModal() });
    } else if (dataset.copy) {
      const source = document.querySelector(`dialog[open] ${dataset.copy}`) ?? document.querySelector(dataset.copy);
      copy(source.value ?? source.textContent).then(() => say("Copied."));
    } else if ("copyAnswer" in dataset || "copyCode" in dataset) {
      const word = target.textContent;
      const source = "copyCode" in dataset ? target.closest(".code-block").querySelector("code") : card.querySelector(".answer");
      copy(source.textContent).then(() => {
        target.textContent = "Copied";
        setTimeout(() => { target.textContent = word }, 1500);
      });
    } else {
      const name = "expand" in dataset ? "is-wide" : "is-plain";
      target.setAttribute("aria-pressed", card.classList.toggle(name));
      if (name === "is-wide") card.scrollIntoView({ block: "nearest" });
    }
  });
  dialog?.addEventListener("change", ({ target }) => {
    const form = target.closest("form[data-preview]");
    if (form && target.name !== "new_link") guarded(() => show(preview(form)));
  });
  dialog?.addEventListener("submit", (event) => {
    const form = event.target;
    event.preventDefault();
    if (event.submitter && "refresh" in event.submitter.dataset) return guarded(() => show(preview(form)));
    guarded(async () => {
      if (!await post(form)) return;
      const again = form.dataset.preview ? preview(form) : `/playground/${id()}/share`;
      const link = (await show(again))?.querySelector("[data-share-url]");
      if (!link) return say("It is not shared any more. The link is kept for you.");
      await copy(link.value);
      link.focus();
      link.select();
      say("Shared. The link is copied.");
    });
  });
}
