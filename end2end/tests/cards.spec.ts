// Cards when they are done: read as Markdown, copied, widened, done anew, picked.
import { POET, SAGE, SWIFT, THINKER } from "../fixtures/playground";
import { expect, test } from "../fixtures/test";

for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
  test.describe(`${viewport.width} px`, () => {
    test.use({ viewport, permissions: ["clipboard-read", "clipboard-write"] });

    test("an answer becomes what its Markdown means when it is done, and plain text on request", async ({ page, playground }) => {
      await playground.run("Compare tea and coffee", SWIFT);
      const card = playground.card("A");
      await card.ends("Done");
      await expect(card.element.getByRole("table")).toBeVisible();
      await card.element.getByRole("button", { name: "Plain text, A" }).click();
      await expect(card.element.getByRole("table")).toBeHidden();
      await expect(card.answer).toContainText("|");
      await card.element.getByRole("button", { name: "Copy A" }).click();
      await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain("|---");
      await page.reload();
      await expect(card.element.getByRole("table")).toBeVisible();
    });

    test("what a model thought is folded away", async ({ playground }) => {
      await playground.run("What is autumn?", THINKER);
      const card = playground.card("A");
      await card.ends("Done");
      const reasoning = card.element.getByText("The question is about");
      await expect(card.element.getByText("Reasoning", { exact: true })).toBeVisible();
      await expect(reasoning).toBeHidden();
      await card.element.getByText("Reasoning", { exact: true }).click();
      await expect(reasoning).toBeVisible();
    });

    test("JSON is indented and marked", async ({ playground }) => {
      await playground.run("Answer in JSON", SWIFT);
      await playground.card("A").ends("Done");
      await expect(playground.card("A").element.getByText("Valid JSON")).toBeVisible();
    });

    test("one card is done anew while another still writes", async ({ playground, page }) => {
      await playground.run("[fail] What is autumn?", SWIFT, SAGE, SWIFT, POET);
      const failed = page.getByRole("article").filter({ hasText: "Failed." }).first();
      await expect(failed).toBeVisible({ timeout: 30_000 });
      await expect(playground.card("B").status("Answering")).toBeVisible();
      const letter = (await failed.getByRole("heading").innerText()).slice(0, 1);
      await failed.getByRole("button", { name: `Retry ${letter}` }).click();
      await expect(page.getByRole("status").first()).toContainText(`${letter}, `);
      for (const each of "ABCD") await expect(playground.card(each).element).toHaveAttribute("data-status", /succeeded|failed/, { timeout: 30_000 });
    });

    test("a model is picked with its button and remembered", async ({ page, playground }) => {
      await playground.run("What is autumn?", SWIFT);
      const id = await playground.opened();
      await playground.card("A").ends("Done");
      await playground.card("A").element.getByRole("button", { name: "Pick this model, A" }).click();
      await expect(page).toHaveURL(`/routing?model=${SWIFT}`);
      await page.goto(`/playground/${id}`);
      await expect(playground.card("A").element.getByText("picked")).toBeVisible();
      await page.goto("/dashboard");
      await expect(page.getByText("picked")).toBeVisible();
    });
  });
}

test("a card takes the whole width and gives it back", async ({ playground }) => {
  await playground.run("What is autumn?", SWIFT, POET);
  const card = playground.card("A");
  await card.ends("Done");
  const width = async () => (await card.element.boundingBox())!.width;
  const narrow = await width();
  const button = card.element.getByRole("button", { name: "Expand A to full width" });
  await button.click();
  await expect(button).toHaveAttribute("aria-pressed", "true");
  expect(await width()).toBeGreaterThan(narrow * 1.8);
  await button.click();
  expect(await width()).toBeCloseTo(narrow, 0);
});
