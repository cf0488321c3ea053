import type { Page } from "@playwright/test";

import { expectAccessible } from "../fixtures/accessibility";
import { POET, SAGE, SWIFT } from "../fixtures/playground";
import { expect, test } from "../fixtures/test";

const list = (page: Page) => page.getByRole("list", { name: "Models for auto, the first first" });

async function shows(page: Page, ...models: string[]): Promise<void> {
  await expect(list(page).locator(".model-mono")).toHaveText(models);
}

test("a picked model arrives on top, and nothing is saved until that is asked for", async ({ page, member }) => {
  await member.saveRoute(SWIFT, POET);
  await page.goto(`/routing?model=${SAGE}`);
  await shows(page, SAGE, SWIFT, POET);
  await expect(page.getByRole("status")).toContainText(`${SAGE} is on top now`);
  await expect(page.getByText("Not saved yet.")).toBeVisible();
  expect(await member.route()).toEqual([SWIFT, POET]);
  await expectAccessible(page, "a picked model");

  await page.getByRole("button", { name: "Save the list" }).click();
  await expect(page.getByRole("status")).toContainText("Saved.");
  await expect(page.getByText("Not saved yet.")).toBeHidden();
  await shows(page, SAGE, SWIFT, POET);
  expect(await member.route()).toEqual([SAGE, SWIFT, POET]);
});

test("the list is arranged with the keyboard, which stays where it was", async ({ page, member }) => {
  await member.saveRoute(SWIFT, POET, SAGE);
  await page.goto("/routing");
  const down = page.getByRole("button", { name: `Move ${SWIFT} down` });
  await down.press("Enter");
  await shows(page, POET, SWIFT, SAGE);
  await expect(down).toBeFocused();
  await expect(page.getByRole("status")).toHaveText(`${SWIFT} is number 2 now.`);
  await down.press("Enter");
  await shows(page, POET, SAGE, SWIFT);
  await expect(page.getByRole("button", { name: `Move ${SWIFT} up` })).toBeFocused();
  await page.getByRole("button", { name: `Remove ${SAGE}` }).press("Enter");
  await shows(page, POET, SWIFT);
  await expect(page).toHaveURL("/routing");
  await page.getByRole("button", { name: "Save the list" }).click();
  await expect(page.getByRole("status")).toContainText("Saved.");
  expect(await member.route()).toEqual([POET, SWIFT]);
});

test("the list is arranged by dragging", async ({ page, member }) => {
  await member.saveRoute(SWIFT, POET, SAGE);
  await page.goto("/routing");
  const row = (model: string) => list(page).getByRole("listitem").filter({ hasText: model });
  await row(SAGE).dragTo(row(SWIFT), { sourcePosition: { x: 60, y: 10 }, targetPosition: { x: 60, y: 4 } });
  await shows(page, SAGE, SWIFT, POET);
  await page.getByRole("button", { name: "Save the list" }).click();
  await expect(page.getByRole("status")).toContainText("Saved.");
  expect(await member.route()).toEqual([SAGE, SWIFT, POET]);
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("a list is made, arranged and saved", async ({ page, member }) => {
    await page.goto("/routing");
    await expect(page.getByRole("heading", { name: "No model yet" })).toBeVisible();
    for (const model of [SWIFT, POET, SAGE]) {
      await page.getByLabel("Add a model").selectOption(model);
      await page.getByRole("button", { name: "Add", exact: true }).click();
      await expect(page.getByRole("status")).toContainText(model);
    }
    await page.getByRole("button", { name: `Move ${SAGE} up` }).click();
    await shows(page, SWIFT, SAGE, POET);
    await page.getByRole("button", { name: `Remove ${SWIFT}` }).click();
    await shows(page, SAGE, POET);
    expect(await member.route()).toEqual([]);
    await page.getByRole("button", { name: "Save the list" }).click();
    await expect(page.getByRole("status")).toContainText("Saved.");
    expect(await member.route()).toEqual([SAGE, POET]);
  });
});

test("a model that there is none of is not put into the list", async ({ page, member }) => {
  await page.goto("/routing?model=no/such");
  await expect(page.getByRole("alert")).toHaveText("There is no model “no/such” to put into the list.");
  await expect(page.getByRole("heading", { name: "No model yet" })).toBeVisible();
});
