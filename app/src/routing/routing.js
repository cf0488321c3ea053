{
  const form = document.querySelector("form.route");
  const list = form?.querySelector("ol");
  const rows = () => [...list.children];
  const note = document.getElementById("route-note");
  const tell = (text) => { note.textContent = text; };
  // What stands there when the page comes is no news to a screen reader, unless it comes once more.
  const arrival = note?.textContent;
  if (arrival) setTimeout(() => { if (note.textContent === arrival) tell(`${arrival}\u200b`); }, 200);
  const arranged = () => {
    rows().forEach((row, position, all) => {
      row.querySelector(".route-rank").textContent = position + 1;
      for (const button of row.querySelectorAll("[name=move]")) {
        const verb = button.value.split(".")[0];
        button.value = `${verb}.${position}`;
        button.disabled = (verb === "up" && position === 0) || (verb === "down" && position === all.length - 1);
      }
    });
    form.querySelector(".route-empty").hidden = rows().length > 0;
    document.getElementById("route-unsaved").hidden = false;
  };
  const placed = (row) => { arranged(); tell(`${row.dataset.model} is number ${rows().indexOf(row) + 1} now.`); };
  list?.addEventListener("click", (event) => {
    const button = event.target.closest("[name=move]");
    if (!button) return;
    event.preventDefault();
    const row = button.closest("li");
    const verb = button.value.split(".")[0];
    if (verb === "up") row.previousElementSibling?.before(row);
    if (verb === "down") row.nextElementSibling?.after(row);
    if (verb !== "remove") {
      placed(row);
      (button.disabled ? row.querySelector("[name=move]:enabled") : button)?.focus();
      return;
    }
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    document.getElementById("add").add(new Option(row.dataset.model, row.dataset.model));
    arranged();
    tell(`${row.dataset.model} is out of the list.`);
    (next?.querySelector("[name=move][value^=remove]") ?? document.getElementById("add")).focus();
  });
  let dragged;
  for (const row of list ? rows() : []) row.draggable = true;
  list?.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("li");
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.model);
    dragged.classList.add("dragged");
  });
  list?.addEventListener("dragover", (event) => {
    const row = event.target.closest?.("li");
    if (!dragged) return;
    event.preventDefault();
    if (!row || row === dragged) return;
    const { top, height } = row.getBoundingClientRect();
    event.clientY < top + height / 2 ? row.before(dragged) : row.after(dragged);
  });
  list?.addEventListener("drop", (event) => { if (dragged) event.preventDefault(); });
  list?.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove("dragged");
    placed(dragged);
    dragged = undefined;
  });
}
