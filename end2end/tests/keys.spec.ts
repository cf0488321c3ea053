import type { Locator, Page } from "@playwright/test";

import { expectAccessible } from "../fixtures/accessibility";
import { POET, SWIFT } from "../fixtures/playground";
import { expect, test } from "../fixtures/test";

const SECRET = /^qd-[A-Za-z0-9_-]{43}$/;

const keyCalled = (page: Page, name: string): Locator =>
  page.getByRole("listitem").filter({ has: page.getByRole("heading", { name, exact: true }) });

async function make(page: Page, name: string): Promise<string> {
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Make the key" }).click();
  await expect(page.getByRole("heading", { name: `Your new key: ${name}` })).toBeVisible();
  return page.locator("#secret").innerText();
}

test("a key is made, its secret is shown once and can be copied", async ({ page, context, member }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/keys");
  await expect(page.getByRole("heading", { name: "No key yet" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Example with curl" })).toContainText("/v1/chat/completions");
  const secret = await make(page, "Build server");
  expect(secret).toMatch(SECRET);
  await page.getByRole("region", { name: /Your new key/ }).getByRole("button", { name: "Copy" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
  await expectAccessible(page, "a new key");

  await page.goto("/keys");
  const key = keyCalled(page, "Build server");
  await expect(key).toContainText(`${secret.slice(0, 10)}…`);
  await expect(key).toContainText("Never");
  expect(await page.content()).not.toContain(secret.slice(10));
});

test("a key is confined to models and to a number of requests, and changed later", async ({ page, member }) => {
  await page.goto("/keys");
  await page.getByLabel("Name").fill("Nightly");
  await page.getByLabel("Requests per minute").fill("60");
  await page.getByText("Models it may ask").click();
  await page.getByRole("checkbox", { name: SWIFT }).check();
  await page.getByRole("checkbox", { name: POET }).check();
  await page.getByRole("button", { name: "Make the key" }).click();
  await expect(page.getByRole("heading", { name: "Your new key: Nightly" })).toBeVisible();
  await expect(keyCalled(page, "Nightly")).toContainText(`${POET}, ${SWIFT}`);
  await expect(keyCalled(page, "Nightly")).toContainText("60 / min");

  await keyCalled(page, "Nightly").getByRole("link", { name: "Change Nightly" }).click();
  await expect(page.getByLabel("Requests per minute")).toHaveValue("60");
  await page.getByLabel("Requests per minute").fill("");
  await page.getByRole("checkbox", { name: POET }).uncheck();
  await page.getByLabel("Name").fill("Weekly");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("status")).toHaveText("“Weekly” is saved.");
  await expect(keyCalled(page, "Weekly")).toContainText("No limit");
  await expect(keyCalled(page, "Weekly")).toContainText(SWIFT);
  await expect(keyCalled(page, "Weekly")).not.toContainText(POET);
});

test("a wrong limit is explained and nothing typed is lost", async ({ page, member, problems }) => {
  problems.expectStatus(422);
  await page.goto("/keys");
  await page.getByLabel("Name").fill("Nightly");
  await page.getByLabel("Requests per minute").fill("many");
  await page.getByRole("button", { name: "Make the key" }).click();
  await expect(page.getByLabel("Requests per minute")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByText("A limit is a whole number")).toBeVisible();
  await expect(page.getByLabel("Name")).toHaveValue("Nightly");
  await expectAccessible(page, "a refused key");
});

test("a key is revoked after a question", async ({ page, member }) => {
  await member.key("To keep");
  await member.key("To revoke");
  await page.goto("/keys");
  const key = keyCalled(page, "To revoke");
  const dialog = page.getByRole("dialog", { name: "Revoke “To revoke”?" });
  await key.getByRole("button", { name: "Revoke" }).click();
  await expectAccessible(page, "the question before revoking");
  await dialog.getByRole("button", { name: "Keep it" }).click();
  await expect(dialog).toBeHidden();
  await key.getByRole("button", { name: "Revoke" }).click();
  await dialog.getByRole("button", { name: "Revoke for good" }).click();
  await expect(page).toHaveURL("/keys");
  await expect(page.getByRole("list", { name: "Keys", exact: true })).not.toContainText("To revoke");
  await page.getByText("Revoked keys").click();
  await expect(page.getByRole("list", { name: "Revoked keys" })).toContainText("To revoke");
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("a key is made, changed and revoked", async ({ page, member }) => {
    await page.goto("/keys");
    const secret = await make(page, "Plain");
    expect(secret).toMatch(SECRET);
    await page.getByRole("link", { name: "Change Plain" }).click();
    await page.getByLabel("Name").fill("Plainer");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("status")).toHaveText("“Plainer” is saved.");
    await page.getByRole("button", { name: "Revoke Plainer" }).click();
    await page.getByRole("button", { name: "Revoke for good" }).click();
    await expect(page.getByRole("heading", { name: "No key yet" })).toBeVisible();
  });
});
