// The leaderboard with the demo's made-up usage: as a visitor reads it, with and without script.
import type { Page } from "@playwright/test";

import { expect, test } from "../fixtures/test";

/** Waits until the made-up usage is rolled up, and opens the page. */
async function open(page: Page, path = "/leaderboard"): Promise<void> {
  await expect
    .poll(async () => (await (await page.request.get("/api/leaderboard")).json()).total_entries, { timeout: 50_000 })
    .toBeGreaterThanOrEqual(3);
  await page.goto(path);
}

const models = (page: Page) => page.getByRole("table").first().getByRole("rowheader").getByRole("link");

test("a visitor reads the ranked models, orders them by any column and changes the window", async ({ page }) => {
  await open(page);
  await expect(page.getByRole("heading", { level: 1, name: "Leaderboard" })).toBeVisible();
  await expect(models(page)).toHaveText(["demo/swift", /demo/, /demo/]);
  await expect(page.getByRole("columnheader", { name: "Score" })).toHaveAttribute("aria-sort", "descending");
  await expect(page.getByRole("img", { name: /95 % interval/ }).first()).toBeVisible();
  // Both ends of the interval, below the rate.
  await expect(page.locator(".board tbody tr").first().getByRole("cell").nth(2).locator("small")).toHaveText(/^[\d.]+–[\d.]+\s%$/);
  await expect(page.getByRole("group", { name: /p95 latency against output price/ })).toBeVisible();

  await page.getByRole("columnheader", { name: "Price out" }).getByRole("link").click();
  await expect(page).toHaveURL(/sort_by=cost/);
  await expect(page.getByRole("columnheader", { name: "Price out" })).toHaveAttribute("aria-sort", "ascending");
  await expect(models(page)).toHaveText(["demo/swift", "demo/poet", "demo/thinker"]);

  await page.getByRole("navigation", { name: "Window" }).getByRole("link", { name: "30 days" }).click();
  await expect(page).toHaveURL(/window_days=30&sort_by=cost/);
  await expect(page.getByRole("region", { name: "Not enough data yet" }).getByRole("link", { name: "demo/sage" })).toBeVisible();
});

test("the order changes without a reload, Back brings the former one, and the keyboard stays where it was", async ({ page }) => {
  await open(page);
  await page.evaluate(() => ((window as { isSame?: boolean }).isSame = true));
  const cost = page.getByRole("columnheader", { name: "Price out" }).getByRole("link");
  await cost.focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/sort_by=cost/);
  await expect(models(page)).toHaveText(["demo/swift", "demo/poet", "demo/thinker"]);
  await expect(cost).toBeFocused();
  await expect(page.getByRole("status").filter({ hasText: "Models by Price out / M, best first" })).toHaveCount(1);
  await page.goBack();
  await expect(page).toHaveURL(/\/leaderboard$/);
  await expect(page.getByRole("columnheader", { name: "Score" })).toHaveAttribute("aria-sort", "descending");
  expect(await page.evaluate(() => (window as { isSame?: boolean }).isSame)).toBe(true);

  await page.locator(".plot svg a").first().focus();
  await expect(page.locator(".plot output")).toHaveText(/^demo\/\w+: .* success, p95 /);
});

test("the hours of a chart are told under the pointer and with the arrow keys", async ({ page }) => {
  await open(page, "/leaderboard/demo-swift");
  const plot = page.getByRole("figure").filter({ has: page.getByRole("img", { name: /Requests by the hour/ }) });
  const told = plot.locator("output");
  await plot.locator(".hour").nth(3).hover();
  await expect(told).toHaveText(/^\d+ \w+ \d\d:\d\d UTC: [\d,\u202f ]+ requests$/);
  await plot.getByRole("img").focus();
  await page.keyboard.press("End");
  const last = await plot.locator(".hour").last().locator("title").textContent();
  await expect(told).toHaveText(last!);
  await page.keyboard.press("ArrowLeft");
  await expect(told).not.toHaveText(last!);
});

test("a model's page has its charts and leads to the playground", async ({ page, member }) => {
  void member;
  await open(page);
  await models(page).filter({ hasText: "demo/swift" }).click();
  await expect(page).toHaveURL(/\/leaderboard\/demo-swift$/);
  await expect(page.getByRole("heading", { level: 1, name: "demo/swift" })).toBeVisible();
  for (const chart of ["Latency by the hour", "Share of requests that succeeded", "Requests by the hour", "Output tokens per second"]) {
    await expect(page.getByRole("img", { name: new RegExp(chart) })).toBeVisible();
  }
  // Every hour of the demo has few successes: its interval has no upper end, and it says so.
  const latency = page.getByRole("figure").filter({ has: page.getByRole("img", { name: /Latency by the hour/ }) });
  await expect(latency.locator("path.band").first()).toBeVisible();
  await expect(latency.getByText("few requests", { exact: true })).toBeVisible();
  await page.getByText("All 168 hours as a table").click();
  await expect(page.getByRole("region", { name: "The last 168 hours" }).getByRole("row")).toHaveCount(169);
  await expect(page.getByRole("region", { name: "The last 168 hours" }).locator(".thin").first()).toHaveText("few");
  await expect(page.getByRole("link", { name: "Use it for auto-routing" })).toHaveAttribute("href", "/routing?model=demo/swift");
  await page.getByRole("link", { name: "Try it in the playground" }).click();
  await expect(page).toHaveURL(/\/playground\?model=demo(\/|%2F)swift$/);
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("everything is there", async ({ page }) => {
    await open(page);
    await expect(models(page)).toHaveText(["demo/swift", /demo/, /demo/]);
    await page.getByRole("columnheader", { name: "Requests" }).getByRole("link").click();
    await expect(page).toHaveURL(/sort_by=requests/);
    await page.goto("/leaderboard/demo-poet");
    await expect(page.getByRole("img", { name: /Latency by the hour/ })).toBeVisible();
    await page.goto("/leaderboard/method");
    await expect(page.getByRole("heading", { name: "Score and rank" })).toBeVisible();
  });
});

test("search engines and previews find what they look for", async ({ page, problems }) => {
  await open(page, "/leaderboard/demo-swift");
  const meta = (name: string) => page.locator(`meta[property="${name}"], meta[name="${name}"]`);
  await expect(page).toHaveTitle(/demo\/swift: .* success, p95 .* · Quadrille/);
  await expect(meta("description")).toHaveAttribute("content", /simulated traffic/);
  const picture = (await meta("og:image").getAttribute("content"))!;
  const answer = await page.request.get(new URL(picture).pathname);
  expect([answer.status(), answer.headers()["content-type"]]).toEqual([200, "image/png"]);
  const data = JSON.parse((await page.locator('script[type="application/ld+json"]').textContent())!);
  expect(data).toMatchObject({ "@context": "https://schema.org", "@type": "Product", name: "demo/swift" });
  expect(data.offers).toHaveLength(2);

  const sitemap = await (await page.request.get("/sitemap.xml")).text();
  const valid = await page.evaluate((xml) => {
    const parsed = new DOMParser().parseFromString(xml, "application/xml");
    const urls = [...parsed.querySelectorAll("urlset > url")];
    return !parsed.querySelector("parsererror") && urls.length > 4 && urls.every((url) => URL.canParse(url.querySelector("loc")!.textContent!));
  }, sitemap);
  expect(valid).toBe(true);
  problems.expectStatus(404);
  expect((await page.goto("/leaderboard/no-such-model"))!.status()).toBe(404);
});
