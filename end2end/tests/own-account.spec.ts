// The page of one's own account: the password, signing out everywhere, taking everything along, leaving.
import { readFile } from "node:fs/promises";

import type { Page } from "@playwright/test";

import { expectAccessible } from "../fixtures/accessibility";
import { Member, PASSWORD } from "../fixtures/member";
import { SWIFT } from "../fixtures/playground";
import { expect, test } from "../fixtures/test";

const NEW = "another horse entirely";
const VIEWPORTS = [{ width: 1440, height: 900 }, { width: 390, height: 844 }];

const section = (page: Page, name: string) => page.getByRole("region", { name });
const present = (page: Page) => page.getByLabel("Present password");
const fresh = (page: Page) => page.getByLabel("New password");
const last = (page: Page) => page.getByLabel("Your password, to confirm");
const change = (page: Page) => page.getByRole("button", { name: "Change the password" });
const erase = (page: Page) => page.getByRole("button", { name: "Delete my account for good" });

async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByRole("textbox", { name: "E-mail address" }).fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByLabel("Password").press("Enter");
}

for (const viewport of VIEWPORTS) {
  test.describe(`${viewport.width} px`, () => {
    test.use({ viewport });

    test("the way there is on every page, and the page says whose account it is", async ({ page, member }) => {
      await page.goto("/dashboard");
      await page.getByRole("link", { name: "Account" }).click();
      await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
      await expect(page.getByRole("main").getByText(member.email)).toBeVisible();
      await expect(page.getByRole("link", { name: "Account" })).toHaveAttribute("aria-current", "page");
      await expect(section(page, "Signed in").getByRole("listitem")).toHaveCount(1);
      await expect(section(page, "Signed in").getByText("this one")).toBeVisible();
    });

    test("another password signs every other browser out, and a wrong one is said at its field", async ({ page, member, browser, problems }) => {
      const elsewhere = await browser.newContext();
      await elsewhere.addCookies([member.cookie]);
      await page.goto("/account");
      await present(page).fill("not the password");
      await fresh(page).fill("short");
      problems.expectStatus(422, "/_server/change-password");
      await change(page).click();
      await expect(fresh(page)).toHaveAccessibleDescription(/Use at least 10 characters; this password has 5/);
      await expect(fresh(page)).toBeFocused();
      await fresh(page).fill(NEW);
      problems.expectStatus(422, "/_server/change-password");
      await change(page).click();
      await expect(present(page)).toHaveAccessibleDescription("This is not the password of this account.");
      await expect(present(page)).toBeFocused();
      await expect(fresh(page)).toHaveValue(NEW);
      await expectAccessible(page, `a refused password, ${viewport.width} px`);

      await present(page).fill(PASSWORD);
      await change(page).click();
      await expect(page.getByRole("status").filter({ hasText: "Your password is changed" })).toBeVisible();
      await expectAccessible(page, `a changed password, ${viewport.width} px`);
      expect(await member.status("/api/auth/me")).toBe(401);
      const other = await elsewhere.newPage();
      await other.goto("/account");
      await expect(other.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
      await signIn(other, member.email, NEW);
      await expect(other).toHaveURL("/account");
      await elsewhere.close();
    });

    test("signing out everywhere", async ({ page, member }) => {
      await page.goto("/account");
      await page.getByRole("button", { name: "Sign out everywhere" }).click();
      await expect(page.getByRole("status").filter({ hasText: "signed out everywhere" })).toBeVisible();
      expect(await member.status("/api/auth/me")).toBe(401);
      expect(await page.context().cookies()).toEqual([]);
      await expectAccessible(page, `signed out everywhere, ${viewport.width} px`);
    });

    test("everything is in one file", async ({ page, member }) => {
      const made = await member.compare({ prompt: "To be taken along", models: [SWIFT] });
      const { secret } = await member.key("CI");
      await page.goto("/account");
      const download = page.waitForEvent("download");
      await page.getByRole("link", { name: "Download all my data" }).click();
      const file = await download;
      expect(file.suggestedFilename()).toBe("quadrille-account.json");
      const text = await readFile(await file.path(), "utf8");
      const data = JSON.parse(text);
      expect(data.account.email).toBe(member.email);
      expect(data.comparisons.map(({ id, prompt }: { id: string; prompt: string }) => [id, prompt])).toEqual([[made.id, "To be taken along"]]);
      expect(data.keys[0].name).toBe("CI");
      expect(text).not.toContain(secret);
    });

    test("leaving takes everything along, the shared page too", async ({ page, member, problems }) => {
      const made = await member.compare({ prompt: "Gone soon", models: [SWIFT] });
      const { share_slug } = await member.share(made.id);
      await page.goto("/account");
      await last(page).fill("not the password");
      problems.expectStatus(422, "/_server/delete-account");
      await erase(page).click();
      await expect(last(page)).toHaveAccessibleDescription("This is not the password of this account.");
      await last(page).fill(PASSWORD);
      await erase(page).click();
      await expect(page.getByRole("status").filter({ hasText: "are erased" })).toBeVisible();
      await expectAccessible(page, `an erased account, ${viewport.width} px`);
      problems.expectStatus(401, "/api/auth/sign-in");
      await signIn(page, member.email, PASSWORD);
      await expect(page.getByRole("alert")).toHaveText("The e-mail address or the password is not right.");
      problems.expectStatus(404, `/playground/shared/${share_slug}`);
      await page.goto(`/playground/shared/${share_slug}`);
      await expect(page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
    });
  });
}

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("a password is changed and an account deleted", async ({ page, member }) => {
    await page.goto("/account");
    await present(page).fill("not the password");
    await fresh(page).fill(NEW);
    await change(page).click();
    await expect(page.getByText("This is not the password of this account.")).toBeVisible();
    expect(page.url()).not.toContain("horse");
    await present(page).fill(PASSWORD);
    await fresh(page).fill(NEW);
    await change(page).click();
    await expect(page.getByText("Your password is changed")).toBeVisible();
    await last(page).fill(NEW);
    await erase(page).click();
    await expect(page.getByText("are erased")).toBeVisible();
    expect(await member.status("/api/auth/me")).toBe(401);
  });

  test("signing out everywhere", async ({ page, baseURL }) => {
    const member = await Member.signUp(baseURL!);
    await page.context().addCookies([member.cookie]);
    await page.goto("/account");
    await page.getByRole("button", { name: "Sign out everywhere" }).click();
    await expect(page.getByText("signed out everywhere")).toBeVisible();
    expect(await member.status("/api/auth/me")).toBe(401);
  });
});
