// Every page, in both themes, on a desk and on a phone. What the browser complains about fails the test, as in every spec.
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Page } from "@playwright/test";

import { expectAccessible } from "../fixtures/accessibility";
import { Admin } from "../fixtures/admin";
import { Member } from "../fixtures/member";
import { BEGINNING, hydrated, POET, SAGE, SWIFT } from "../fixtures/playground";
import { expect, test } from "../fixtures/test";
import { VISITS } from "../fixtures/visits";

const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const SMALL_PHONE = { width: 320, height: 640 };
const THEMES = ["light", "dark"] as const;

/** What sticks out on the right; nothing may, since a page never scrolls sideways. */
async function expectFits(page: Page, width: number): Promise<void> {
  const overflow = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const sticksOut = (element: Element) => element.getBoundingClientRect().right > clientWidth + 0.5;
    const widest = [...document.querySelectorAll("body *")].filter(sticksOut).map((element) => `${element.localName}.${element.className}`);
    return scrollWidth > clientWidth ? `${scrollWidth} px: ${widest.slice(0, 8).join(", ")}` : "";
  });
  expect(overflow, `wider than ${width} px`).toBe("");
}

for (const visit of VISITS) {
  for (const colorScheme of THEMES) {
    test.describe(`${visit.name}, ${colorScheme}`, () => {
      test.use({ colorScheme });

      test("is complete, fits and is accessible", async ({ page, context, baseURL, problems }) => {
        const member = visit.isSignedIn ? await Member.signUp(baseURL!) : undefined;
        if (member) await context.addCookies([member.cookie]);
        if (visit.isAdmin) await context.addCookies([(await Admin.signIn(baseURL!)).cookie]);
        const path = typeof visit.path === "string" ? visit.path : await visit.path(member!);
        for (const viewport of [DESK, PHONE, SMALL_PHONE]) {
          if (visit.status) problems.expectStatus(visit.status);
          await page.setViewportSize(viewport);
          const response = await page.goto(path);
          expect(response!.status()).toBe(visit.status ?? 200);
          expect(new URL(page.url()).pathname).toBe(visit.arrives ?? path);
          if (visit.hasIslands) await hydrated(page);
          await expect(page.getByRole("note").filter({ hasText: "Simulated" })).toBeVisible();
          await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
          await expect(page).toHaveTitle(/Quadrille$/);
          await expectFits(page, viewport.width);
          if (viewport !== SMALL_PHONE) await expectAccessible(page, `${visit.name}, ${viewport.width} px, ${colorScheme}`);
        }
      });
    });
  }
}

for (const colorScheme of THEMES) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    for (const viewport of [DESK, PHONE]) {
      test(`a comparison that runs is accessible, ${viewport.width} px`, async ({ page, playground, member }) => {
        await page.setViewportSize(viewport);
        const id = await member.start({ prompt: "[fail] Autumn?", models: [SAGE, POET, SAGE, SAGE] });
        await playground.open(`/playground/${id}`);
        await expect(playground.card("A").answer).toContainText(BEGINNING[SAGE]);
        await playground.card("B").ends("Failed");
        await expect(playground.card("A").status("Answering")).toBeVisible();
        await expectFits(page, viewport.width);
        await expectAccessible(page, `a running comparison, ${viewport.width} px`);
      });
    }

    test("what opens over a page is accessible", async ({ page, playground, member }) => {
      await member.compare({ prompt: "Autumn?", models: [SWIFT], parameters: { max_tokens: 4 } });
      for (const viewport of [DESK, PHONE]) {
        await page.setViewportSize(viewport);
        await playground.open();
        await page.keyboard.press("?");
        await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
        await expectAccessible(page, `the keys, ${viewport.width} px`);
        await page.keyboard.press("Escape");

        await page.getByRole("button", { name: /Add model/ }).click();
        await expect(page.getByRole("listbox").getByRole("option").first()).toBeVisible();
        await expectFits(page, viewport.width);
        await expectAccessible(page, `the list of models, ${viewport.width} px`);
        await page.keyboard.press("Escape");
        await playground.runButton.click();
        await expect(playground.prompt).toHaveAttribute("aria-invalid", "true");
        await expectAccessible(page, `a refused comparison, ${viewport.width} px`);

        await page.goto("/dashboard");
        await page.getByRole("button", { name: "Delete" }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
        await expectFits(page, viewport.width);
        await expectAccessible(page, `the question before deleting, ${viewport.width} px`);
      }
    });
  });
}

test("every route of the app is visited", () => {
  const app = readFileSync(join(__dirname, "../../app/src/app.rs"), "utf8");
  const routes = [...app.matchAll(/path!\("([^"]*)"\)/g)].map((match) => match[1]);
  expect(routes.length).toBeGreaterThan(5);
  expect(VISITS.map((visit) => visit.route).filter(Boolean)).toEqual(expect.arrayContaining(routes));
});

test("a theme that was chosen is kept, against the system's", async ({ page }) => {
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/");
  const light = await paper();
  await page.getByRole("button", { name: "Dark" }).click();
  await expect(page.getByRole("button", { name: "Dark" })).toHaveAttribute("aria-pressed", "true");
  await expect.poll(paper).not.toBe(light);
  const dark = await paper();

  await page.goto("/sign-in");
  await expect(page.getByRole("button", { name: "Dark" })).toHaveAttribute("aria-pressed", "true");
  expect(await paper()).toBe(dark);
  await page.getByRole("button", { name: "System" }).click();
  await expect.poll(paper).toBe(light);
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(paper).toBe(dark);
});

test("the keyboard reaches the content past the rooms", async ({ page }) => {
  await page.goto("/");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
});
