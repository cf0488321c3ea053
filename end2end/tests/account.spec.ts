import { randomUUID } from "node:crypto";

import type { Page } from "@playwright/test";

import { Member, PASSWORD } from "../fixtures/member";
import { hydrated } from "../fixtures/playground";
import { expect, test } from "../fixtures/test";

const email = (page: Page) => page.getByRole("textbox", { name: "E-mail address" });
const password = (page: Page) => page.getByLabel("Password");
const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name });

async function fill(page: Page, address: string, secret: string): Promise<void> {
  await email(page).fill(address);
  await password(page).fill(secret);
  await password(page).press("Enter");
}

test("a new member signs up on the form and comes to the playground", async ({ page }) => {
  const address = `${randomUUID()}@example.com`;
  await page.goto("/");
  await page.getByRole("main").getByRole("link", { name: "Create an account" }).click();
  await hydrated(page);
  await fill(page, address, PASSWORD);

  await expect(page).toHaveURL("/playground");
  await expect(heading(page, "Playground")).toBeVisible();
  await expect(page.getByText(address)).toBeVisible();
});

test("what is wrong with a sign-up stands at its field, and nothing typed is lost", async ({ page, problems }) => {
  problems.expectStatus(422, "/api/auth/sign-up");
  problems.expectStatus(422, "/api/auth/sign-up");
  await page.goto("/sign-up");
  await hydrated(page);

  await fill(page, "nobody", "short");
  await expect(email(page)).toHaveAccessibleDescription(/Enter a whole e-mail address/);
  await expect(email(page)).toBeFocused();
  await expect(password(page)).toHaveAccessibleDescription(/Use at least 10 characters; this password has 5/);
  await expect(password(page)).toHaveAttribute("aria-invalid", "true");
  await expect(email(page)).toHaveValue("nobody");
  await expect(password(page)).toHaveValue("short");

  await email(page).fill("nobody@example.com");
  await password(page).press("Enter");
  await expect(email(page)).not.toHaveAttribute("aria-invalid", "true");
  await expect(password(page)).toBeFocused();
  await expect(email(page)).toHaveValue("nobody@example.com");
});

test("an address that is taken is said at its field", async ({ page, baseURL, problems }) => {
  problems.expectStatus(422, "/api/auth/sign-up");
  const { email: taken } = await Member.signUp(baseURL!);
  await page.goto("/sign-up");
  await hydrated(page);
  await fill(page, taken.toUpperCase(), PASSWORD);
  await expect(email(page)).toHaveAttribute("aria-invalid", "true");
  await expect(email(page)).toHaveValue(taken.toUpperCase());
});

test("a wrong password and an unknown account get the same answer", async ({ page, baseURL, problems }) => {
  const member = await Member.signUp(baseURL!);
  await page.goto("/sign-in");
  await hydrated(page);
  for (const address of [member.email, `${randomUUID()}@example.com`]) {
    problems.expectStatus(401, "/api/auth/sign-in");
    const answer = page.waitForResponse("**/api/auth/sign-in");
    await fill(page, address, "not the password");
    expect((await answer).status()).toBe(401);
    await expect(page.getByRole("alert")).toHaveText("The e-mail address or the password is not right.");
    await expect(email(page)).toHaveValue(address);
    await expect(page.getByRole("button", { name: "Sign in" })).toBeEnabled();
  }

  await fill(page, member.email, PASSWORD);
  await expect(page).toHaveURL("/playground");
});

test("whoever is sent to sign in comes back to where they were going", async ({ page, baseURL }) => {
  const member = await Member.signUp(baseURL!);
  const { id } = await member.compare({ prompt: "Where was I?", models: ["demo/swift"], parameters: { max_tokens: 3 } });
  await page.goto(`/playground/${id}`);
  await expect(heading(page, "Sign in")).toBeVisible();
  await hydrated(page);
  await fill(page, member.email, PASSWORD);
  await expect(page).toHaveURL(`/playground/${id}`);
  await expect(page.getByRole("textbox", { name: "Prompt", exact: true })).toHaveValue("Where was I?");
});

test("the way back survives a change from signing in to signing up", async ({ page }) => {
  await page.goto("/dashboard");
  await page.getByRole("link", { name: "Create one" }).click();
  await hydrated(page);
  await fill(page, `${randomUUID()}@example.com`, PASSWORD);
  await expect(page).toHaveURL("/dashboard");
});

test("nobody is sent to another site after signing in", async ({ page, baseURL }) => {
  const member = await Member.signUp(baseURL!);
  await page.goto("/sign-in?next=//other.example/");
  await hydrated(page);
  await fill(page, member.email, PASSWORD);
  await expect(page).toHaveURL("/playground");
});

test("signing out ends the sign-in itself, not only its cookie", async ({ page, member }) => {
  await page.goto("/dashboard");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("link", { name: "Sign in" }).first()).toBeVisible();
  expect(await page.context().cookies()).toEqual([]);
  expect(await member.status("/api/auth/me")).toBe(401);

  await page.goto("/dashboard");
  await expect(heading(page, "Sign in")).toBeVisible();
});

test("a member who is signed in is not asked to sign in again", async ({ page, member }) => {
  for (const path of ["/sign-in", "/sign-up"]) {
    await page.goto(path);
    await expect(page).toHaveURL("/playground");
  }
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("a new member signs up, signs out and signs in", async ({ page }) => {
    const address = `${randomUUID()}@example.com`;
    await page.goto("/sign-up?next=/dashboard");
    await fill(page, address, PASSWORD);
    await expect(page).toHaveURL("/dashboard");
    await expect(page.getByText(address)).toBeVisible();

    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByText(address)).toBeHidden();

    await page.goto("/dashboard");
    await fill(page, address, PASSWORD);
    await expect(page).toHaveURL("/dashboard");
    await expect(heading(page, "Dashboard")).toBeVisible();
  });

  test("what is wrong with a sign-up stands at its field", async ({ page }) => {
    await page.goto("/sign-up");
    await fill(page, "nobody@example", "short");
    await expect(heading(page, "Create an account")).toBeVisible();
    await expect(page.getByText("Use at least 10 characters; this password has 5")).toBeVisible();
    expect(page.url()).not.toContain("short&");
  });

  test("a wrong password is refused on the form, and the way back is kept", async ({ page, baseURL }) => {
    const member = await Member.signUp(baseURL!);
    await page.goto("/sign-in?next=/dashboard");
    await fill(page, member.email, "not the password");
    await expect(page.getByRole("alert")).toHaveText("The e-mail address or the password is not right.");
    expect(page.url()).not.toContain("password");

    await fill(page, member.email, PASSWORD);
    await expect(page).toHaveURL("/dashboard");
  });
});
