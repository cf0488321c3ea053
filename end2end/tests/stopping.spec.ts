import { BEGINNING, END, SAGE, SWIFT, THINKER } from "../fixtures/playground";
import { expect, test } from "../fixtures/test";

/** The words of an answer, as Markdown or as it is read. */
function words(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? [];
}

test("Esc stops every run for good and keeps what had arrived", async ({ page, playground, member }) => {
  await playground.run("Autumn?", SAGE, THINKER);
  const sage = playground.card("A");
  await expect(sage.answer).toContainText(BEGINNING[SAGE]);
  await page.keyboard.press("Escape");

  for (const letter of "AB") {
    await playground.card(letter).ends("Stopped");
    await expect(playground.card(letter).element).toContainText("What had arrived by then is kept.");
  }
  await expect(playground.runButton).toBeEnabled();
  const { id, runs } = await member.comparison(await playground.opened());
  expect(runs.map((run) => run.status)).toEqual(["cancelled", "cancelled"]);
  expect(runs[0].response_content).toContain(BEGINNING[SAGE]);
  expect(runs[0].response_content).not.toContain(END[SAGE]);
  await expect.poll(async () => words(await sage.answer.innerText())).toEqual(words(runs[0].response_content!));

  await playground.open(`/playground/${id}`);
  await expect(sage.status("Stopped")).toBeVisible();
  await expect.poll(async () => words(await sage.answer.innerText())).toEqual(words(runs[0].response_content!));
});

test("Esc right after sending stops what has hardly begun", async ({ page, playground, member }) => {
  await playground.open();
  await playground.choose(SAGE);
  await playground.prompt.fill("Autumn?");
  await playground.prompt.press("Control+Enter");
  await page.keyboard.press("Escape");
  await playground.card("A").ends("Stopped");
  const { runs } = await member.comparison(await playground.opened());
  expect(runs[0].status).toBe("cancelled");
});

test("a card done anew after Stop all goes on to its end", async ({ page, playground }) => {
  await playground.run("Autumn?", SAGE, THINKER);
  await expect(playground.card("A").answer).toContainText(BEGINNING[SAGE]);
  await page.keyboard.press("Escape");
  for (const letter of "AB") await playground.card(letter).ends("Stopped");

  await playground.card("A").element.getByRole("button", { name: /^Retry/ }).click();
  await playground.card("A").ends("Done");
  await expect(playground.card("A").answer).toContainText(END[SAGE]);
  await playground.card("B").ends("Stopped");
});

test("one card is stopped by itself and the other goes on to its end", async ({ playground, member }) => {
  await playground.run("Autumn?", SAGE, THINKER);
  await expect(playground.card("A").answer).toContainText(BEGINNING[SAGE]);
  await playground.card("A").stop.click();

  await playground.card("A").ends("Stopped");
  await playground.card("B").ends("Done");
  await expect(playground.card("B").answer).toContainText(END[THINKER]);
  const { runs } = await member.comparison(await playground.opened());
  expect(runs.map((run) => run.status)).toEqual(["cancelled", "succeeded"]);
});

test("the button stops all, and the next run starts afresh", async ({ page, playground }) => {
  await playground.run("Autumn?", SAGE, SWIFT);
  await expect(playground.card("A").answer).toContainText(BEGINNING[SAGE]);
  await page.getByRole("button", { name: /^Stop all/ }).click();
  await playground.card("A").ends("Stopped");
  await playground.card("B").ends("Done");

  await playground.prompt.press("Control+Enter");
  await expect(playground.card("A").status("Stopped")).toBeHidden();
  await expect(playground.card("A").answer).toContainText(BEGINNING[SAGE]);
  await page.keyboard.press("Escape");
  await playground.card("A").ends("Stopped");
});

test("Esc closes a list that is open before it stops anything", async ({ page, playground }) => {
  await playground.run("Autumn?", SAGE);
  await expect(playground.card("A").answer).toContainText(BEGINNING[SAGE]);
  await playground.card("A").answer.focus();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeHidden();
  await expect(playground.card("A").status("Answering")).toBeVisible();
  await page.keyboard.press("Escape");
  await playground.card("A").ends("Stopped");
});
