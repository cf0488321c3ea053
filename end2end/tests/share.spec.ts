// Sharing: the dialog, the page for everybody, and taking it away again.
import { expectAccessible } from "../fixtures/accessibility";
import { SWIFT, POET, hydrated } from "../fixtures/playground";
import { expect, test } from "../fixtures/test";

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];

for (const viewport of SIZES) {
  test.describe(`${viewport.width} px`, () => {
    test.use({ viewport, permissions: ["clipboard-read", "clipboard-write"] });

    test("what is shared is shown first, then copied, then public, then gone", async ({ page, playground, browser, problems }) => {
      await playground.run("My address is ada@example.org. What is autumn?", SWIFT, POET);
      await playground.card("A").ends("Done");
      await playground.card("B").ends("Done");

      await page.getByRole("link", { name: "Save & share" }).click();
      const dialog = page.getByRole("dialog", { name: "Share this comparison" });
      await expect(dialog.getByRole("note")).toContainText("ada@example.org");
      const preview = dialog.getByRole("region", { name: "Preview" });
      await expect(preview.getByRole("article")).toHaveCount(2);
      await dialog.getByRole("checkbox", { name: POET }).uncheck();
      await expect(preview.getByRole("article")).toHaveCount(1);
      await expectAccessible(page, "share dialog");

      await dialog.getByRole("button", { name: "Create the link" }).click();
      await expect(dialog.getByRole("status")).toHaveText("Shared. The link is copied.");
      const url = await page.evaluate(() => navigator.clipboard.readText());
      expect(url).toMatch(/\/playground\/shared\/[\w-]{22}$/);
      await expect(dialog.getByLabel(/^Shared since/)).toHaveValue(url);

      // Somebody else, without script.
      const reader = await browser.newContext({ javaScriptEnabled: false, viewport });
      const shared = await reader.newPage();
      const response = await shared.goto(url);
      expect(response!.headers()["x-robots-tag"]).toContain("noindex");
      await expect(shared.getByText("What is autumn?")).toBeVisible();
      await expect(shared.getByRole("article")).toHaveCount(1);
      await expect(shared.getByRole("article")).toContainText("Simulated answer.");
      await expect(shared.getByRole("article")).toContainText("tok/s");
      await expect(shared.getByText(POET)).toHaveCount(0);

      await dialog.getByRole("button", { name: "Stop sharing" }).click();
      await expect(dialog.getByRole("status")).toContainText("not shared any more");
      expect((await shared.goto(url))!.status()).toBe(404);
      await expect(shared.getByRole("heading", { name: "There is nothing here" })).toBeVisible();

      await dialog.getByRole("button", { name: "Create the link" }).click();
      await expect(dialog.getByLabel(/^Shared since/)).toHaveValue(url);
      expect((await shared.goto(url))!.status()).toBe(200);
      await reader.close();
    });

    test("a reader opens a copy in a playground of their own", async ({ page, member }) => {
      const made = await member.compare({ prompt: "What is autumn?", models: [SWIFT] });
      const { public_url } = await member.share(made.id);
      await page.goto(new URL(public_url).pathname);
      await page.getByRole("button", { name: "Open in my playground" }).click();
      await expect(page).toHaveURL(/\/playground\/[0-9a-f-]{36}$/);
      expect(page.url()).not.toContain(made.id);
      await expect(page.getByRole("article", { name: /^A, / })).toContainText("Simulated answer.");
    });

    test("without script the page of sharing does the same", async ({ browser, member, baseURL }) => {
      const made = await member.compare({ prompt: "What is autumn?", system_prompt: "Secretly.", models: [SWIFT, POET] });
      const context = await browser.newContext({ javaScriptEnabled: false, baseURL, viewport });
      await context.addCookies([member.cookie]);
      const page = await context.newPage();
      await page.goto(`/playground/${made.id}/share`);
      const preview = page.getByRole("region", { name: "Preview" });
      await expect(preview).toContainText("Secretly.");
      await page.getByRole("checkbox", { name: "Hide the system prompt" }).check();
      await page.getByRole("button", { name: "Show the preview" }).click();
      await expect(preview).not.toContainText("Secretly.");
      await page.getByRole("button", { name: "Create the link" }).click();
      const link = page.getByLabel(/^Shared since/);
      await expect(link).toHaveValue(/shared/);
      await page.goto(await link.inputValue());
      await expect(page.getByText("What is autumn?")).toBeVisible();
      await expect(page.getByText("Secretly.")).toHaveCount(0);
      await context.close();
    });

    test("without script a refusal is told, and what was chosen is mended and sent again", async ({ browser, member, baseURL }) => {
      const made = await member.compare({ prompt: "What is autumn?", system_prompt: "Secretly.", models: [SWIFT, POET] });
      const context = await browser.newContext({ javaScriptEnabled: false, baseURL, viewport });
      await context.addCookies([member.cookie]);
      const page = await context.newPage();
      await page.goto(`/playground/${made.id}/share`);
      const box = (name: string) => page.getByRole("checkbox", { name });
      for (const model of [SWIFT, POET]) await box(model).uncheck();
      await box("Hide the system prompt").check();
      await page.getByRole("button", { name: "Create the link" }).click();
      await expect(page.getByRole("alert")).toHaveText("Choose at least one card.");
      for (const model of [SWIFT, POET]) await expect(box(model)).not.toBeChecked();
      await expect(box("Hide the system prompt")).toBeChecked();

      await box(POET).check();
      await page.getByRole("button", { name: "Create the link" }).click();
      await expect(page.getByLabel(/^Shared since/)).toHaveValue(/shared/);
      await expect(page.getByRole("alert")).toHaveCount(0);
      await expect(box(SWIFT)).not.toBeChecked();
      await context.close();
    });

    test("one model at two temperatures says so to everybody, and the copy of a part begins with A", async ({ page, member }) => {
      const asked = { prompt: "What is autumn?", models: [SWIFT, SWIFT, POET], card_parameters: [null, { temperature: 0.2 }, { temperature: 1.5 }] };
      const made = await member.compare(asked);
      const card = (letter: string) => page.getByRole("article", { name: new RegExp(`^${letter}, `) });
      await page.goto(new URL((await member.share(made.id)).public_url).pathname);
      await expect(page.getByText("Sent without parameters, unless a card says otherwise.")).toBeVisible();
      await expect(card("A")).not.toContainText("temperature");
      await expect(card("B").getByText("temperature 0.2")).toBeVisible();
      await expect(card("C").getByText("temperature 1.5")).toBeVisible();
      await expectAccessible(page, `cards with parameters of their own, ${viewport.width} px`);

      await page.goto(new URL((await member.share(made.id, { positions: [2] })).public_url).pathname);
      await expect(card("C")).toBeVisible();
      await page.getByRole("button", { name: "Open in my playground" }).click();
      await expect(page).toHaveURL(/\/playground\/[0-9a-f-]{36}$/);
      await hydrated(page);
      await expect(card("A")).toContainText(POET);
      await page.goto("/dashboard");
      const copy = page.getByRole("listitem").filter({ has: page.getByRole("link", { name: "What is autumn?" }) }).first();
      await expect(copy.getByRole("listitem").filter({ hasText: POET })).toHaveText(/^A/);
    });
  });
}
