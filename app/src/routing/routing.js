{
  // In app/src/routing/page.rs:
  const ROUTE = ".route", NOTE = "#route-note", EMPTY = ".route-empty", UNSAVED = "#route-unsaved", ADD = "#add";
  // In app/src/routing/row.rs:
  const MODEL = "data-model", RANK = ".route-rank", MOVE = "[name=move]", UP = "up", DOWN = "down", REMOVE = "remove";
  // In style/routing.css:
  const DRAGGED = "dragged";

  /** @typedef {HTMLElement} Row @typedef {HTMLButtonElement} Button */
  const form = /** @type {HTMLElement} */ (document.querySelector(`form${ROUTE}`));
  const list = form?.querySelector("ol");
  const rows = () => /** @type {Row[]} */ ([...list?.children ?? []]);
  const note = /** @type {HTMLElement} */ (document.querySelector(NOTE));
  const add = /** @type {HTMLSelectElement} */ (document.querySelector(ADD));
  /** @param {string} text */
  const tell = (text) => { note.textContent = text; };
  // What stands there when the page comes is no news to a screen reader, unless it comes once more.
  const arrival = note?.textContent;
  if (arrival) setTimeout(() => { if (note.textContent === arrival) tell(`${arrival}\u200b`); }, 200);
  /** @param {Row} row */
  const name = (row) => row.getAttribute(MODEL) ?? "";
  /** @param {Button} button */
  const verb = (button) => button.value.split(".")[0];
  /** @param {Row} row */
  const buttons = (row) => /** @type {NodeListOf<Button>} */ (row.querySelectorAll(MOVE));
  /** @param {EventTarget | null} target */
  const rowAt = (target) => /** @type {Row | null | undefined} */ (/** @type {Element} */ (target).closest?.("li"));
  const arranged = () => {
    rows().forEach((row, position, all) => {
      /** @type {Element} */ (row.querySelector(RANK)).textContent = `${position + 1}`;
      for (const button of buttons(row)) {
        const word = verb(button);
        button.value = `${word}.${position}`;
        button.disabled = (word === UP && position === 0) || (word === DOWN && position === all.length - 1);
      }
    });
    /** @type {HTMLElement} */ (form.querySelector(EMPTY)).hidden = rows().length > 0;
    /** @type {HTMLElement} */ (document.querySelector(UNSAVED)).hidden = false;
  };
  /** @param {Row} row */
  const placed = (row) => { arranged(); tell(`${name(row)} is number ${rows().indexOf(row) + 1} now.`); };
  list?.addEventListener("click", (event) => {
    const button = /** @type {Button | null} */ (/** @type {Element} */ (event.target).closest(MOVE));
    const row = rowAt(button ?? list);
    if (!button || !row) return;
    event.preventDefault();
    if (verb(button) === UP) row.previousElementSibling?.before(row);
    if (verb(button) === DOWN) row.nextElementSibling?.after(row);
    if (verb(button) !== REMOVE) {
      placed(row);
      (button.disabled ? [...buttons(row)].find((other) => !other.disabled) : button)?.focus();
      return;
    }
    const next = /** @type {Row | null} */ (row.nextElementSibling ?? row.previousElementSibling);
    row.remove();
    add.add(new Option(name(row), name(row)));
    arranged();
    tell(`${name(row)} is out of the list.`);
    (next && [...buttons(next)].find((other) => verb(other) === REMOVE) || add).focus();
  });
  /** @type {Row | null | undefined} */
  let dragged;
  for (const row of rows()) row.draggable = true;
  list?.addEventListener("dragstart", (event) => {
    dragged = rowAt(event.target);
    if (!dragged || !event.dataTransfer) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", name(dragged));
    dragged.classList.add(DRAGGED);
  });
  list?.addEventListener("dragover", (event) => {
    const row = rowAt(event.target);
    if (!dragged) return;
    event.preventDefault();
    if (!row || row === dragged) return;
    const { top, height } = row.getBoundingClientRect();
    if (event.clientY < top + height / 2) row.before(dragged);
    else row.after(dragged);
  });
  list?.addEventListener("drop", (event) => { if (dragged) event.preventDefault(); });
  list?.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove(DRAGGED);
    placed(dragged);
    dragged = undefined;
  });
}
