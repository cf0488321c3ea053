// Administrators: connecting an upstream, importing, testing, and what the right step is when something is broken.
import { Admin } from "../fixtures/admin";
import { hydrated } from "../fixtures/playground";
import { expect, test } from "../fixtures/test";
import { LocalUpstream } from "../fixtures/upstream";

const { KEY } = LocalUpstream;
const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

test("an upstream is added, imported from, tested and used, and each thing that is broken is named", async ({ page, context, baseURL, problems }) => {
  test.setTimeout(LocalUpstream.isReal ? 600_000 : 120_000);
  const admin = await Admin.signIn(baseURL!);
  await context.addCookies([admin.cookie]);
  const upstream = await LocalUpstream.start();
  const { base, model, patience } = upstream;
  const name = `local ${upstream.port}`;
  try {
    await page.goto("/admin/upstreams");
    await page.getByRole("link", { name: "Add an upstream" }).click();
    await page.getByRole("link", { name: "llama.cpp" }).click();
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByLabel("Base URL").fill("http://127.0.0.1:1/v1");
    await page.getByLabel("API key").fill(KEY);
    problems.expectStatus(422);
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await expect(page.locator("#base_url-error")).toContainText("QUADRILLE_ALLOW_PRIVATE_UPSTREAMS=");
    await expect(page.getByLabel("Name", { exact: true })).toHaveValue(name);

    await page.getByLabel("Base URL").fill(base);
    await page.getByRole("button", { name: "Test these values" }).click();
    await expect(page.locator("[data-stage=model]")).toContainText(`${upstream.models.length} models are listed`);
    await page.getByLabel("Model for the test").fill(model);
    await page.getByRole("button", { name: "Test these values" }).click();
    await expect(page.locator("[data-verdict-line]")).toHaveText("It works.", patience);
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await expect(page.getByRole("status").filter({ hasText: "Saved." })).toBeVisible();
    await expect(page.getByLabel("API key")).toHaveValue("");
    const form = page.url().split("?")[0];

    await page.getByRole("link", { name: "Import models" }).click();
    await page.getByLabel(model, { exact: true }).check();
    await page.getByRole("button", { name: "Import the ticked ones" }).click();
    await expect(page.getByRole("status").filter({ hasText: "1 model imported." })).toBeVisible();

    await page.getByRole("row", { name: model }).getByRole("link", { name: "Test" }).click();
    const works = async () => {
      await page.getByRole("button", { name: "Run the test" }).click();
      await expect(page.locator("[data-verdict-line]")).toHaveText("It works.", patience);
    };
    await works();
    await expect(page.locator("[data-answer]")).toHaveText(LocalUpstream.isReal ? /\S/ : "Hello there.");
    await expect(page.locator("[data-figure=tokens_in]")).toHaveText(LocalUpstream.isReal ? /^[1-9]/ : "5");
    const tester = page.url();
    const edit = tester.replace(/\/test$/, "");

    await page.goto("/playground");
    await hydrated(page);
    await page.getByRole("button", { name: /Add model/ }).click();
    await page.getByRole("combobox", { name: "Search models" }).fill(model);
    await page.getByRole("option", { name: model }).click();
    await page.keyboard.press("Escape");
    await page.getByRole("textbox", { name: "Prompt", exact: true }).fill("Say hello.");
    await page.keyboard.press("Control+Enter");
    await expect(page).toHaveURL(/\/playground\/[0-9a-f-]{36}$/);
    const card = page.getByRole("article").filter({ hasText: model });
    await expect(card.getByText("Done", { exact: true })).toBeVisible(patience);
    await expect(card.locator(".answer")).toHaveText(LocalUpstream.isReal ? /\S/ : "Hello there.");

    const broken = async (stage: string, remedy: RegExp) => {
      await page.goto(tester);
      await page.getByRole("button", { name: "Run the test" }).click();
      await expect(page.locator(`[data-stage=${stage}]`)).toHaveAttribute("data-state", "failed", patience);
      await expect(page.locator(`[data-stage=${stage}] [data-remedy]`)).toHaveText(remedy);
      await expect(page.locator("[data-verdict-line]")).not.toHaveText("Testing …", patience);
      await expect(page.locator("[data-state=failed]")).toHaveCount(1);
      await expect(page.locator("main")).not.toContainText(KEY);
    };
    const save = async (values: Record<string, string>, at = form) => {
      await page.goto(at);
      for (const [label, value] of Object.entries(values)) await page.getByLabel(label, { exact: true }).fill(value);
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await expect(page.getByRole("status").filter({ hasText: "Saved." })).toBeVisible();
    };

    await save({ "API key": "sk-wrong-0123456789abcdef" });
    await broken("auth", /Enter the key again/);
    await save({ "API key": KEY, "Base URL": base.replace("/v1", "/v2") });
    await broken("reply", new RegExp(`Did you mean ${quoted(base)}\\?`));
    await save({ "Base URL": "https://no-such-host.invalid/v1" });
    await broken("address", /Correct the host/);
    await save({ "Base URL": `http://127.0.0.1:${upstream.closedPort}/v1`, "API key": KEY });
    await broken("tcp", /correct host and port/);
    await save({ "Base URL": base, "API key": KEY });
    await save({ "Upstream's name": `${model.slice(0, -1)}x` }, edit);
    await broken("model", new RegExp(`Did you mean .*${quoted(model)}`));
    await expect(page.locator("[data-verdict-line]")).toHaveText("Connected, but the upstream does not list the model.");
    await page.goto("/admin/models");
    await expect(page.getByRole("row", { name: model })).toContainText("not listed");
    await save({ "Upstream's name": model }, edit);
    await page.getByRole("button", { name: "Test these values" }).click();
    await expect(page.locator("[data-verdict-line]")).toHaveText("It works.", patience);
    await page.goto(tester);
    await works();
  } finally {
    upstream.close();
  }

  await page.goto("/admin/models");
  await expect(page.getByRole("row", { name: model })).toContainText("works");
  await page.goto("/admin/audit");
  await expect(page.getByRole("row").filter({ hasText: name }).first()).toBeVisible();
  await expect(page.locator("main")).not.toContainText(KEY);
});

test("the pages work without script", async ({ browser, baseURL }) => {
  const admin = await Admin.signIn(baseURL!);
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL });
  await context.addCookies([admin.cookie]);
  const page = await context.newPage();
  await page.goto("/admin/upstreams/new");
  await page.getByLabel("Name", { exact: true }).fill("without script");
  await page.getByLabel("Base URL").fill("http://10.0.0.1/v1");
  await page.getByLabel("API key").fill(KEY);
  await page.getByText("Headers and time limits").click();
  await page.getByLabel("Custom headers").fill("X-Title: a secret");
  await page.getByLabel("Time to first output").fill("17");
  await page.getByLabel("Enabled").uncheck();
  for (const button of ["Test these values", "Add"]) {
    await page.getByRole("button", { name: button, exact: true }).click();
    await expect(page.locator("#base_url-error")).toContainText("QUADRILLE_ALLOW_PRIVATE_UPSTREAMS");
    await expect(page.getByLabel("Name", { exact: true })).toHaveValue("without script");
    await expect(page.getByLabel("Base URL")).toHaveValue("http://10.0.0.1/v1");
    await expect(page.getByLabel("Custom headers")).toHaveValue("X-Title:");
    await expect(page.getByLabel("Time to first output")).toHaveValue("17");
    await expect(page.getByLabel("Enabled")).not.toBeChecked();
    await expect(page.getByLabel("API key")).toHaveValue("");
  }

  await page.goto("/admin/models");
  const first = page.getByRole("checkbox").first();
  const slug = await first.getAttribute("value");
  await page.goto(`/admin/models/${slug}/test`);
  await page.getByLabel("System").fill("Be brief.");
  await page.getByLabel("Temperature").fill("9");
  await page.getByRole("button", { name: "Run the test" }).click();
  await expect(page.locator("#temperature-error")).toContainText("from 0 to 2");
  await expect(page.getByLabel("System")).toHaveValue("Be brief.");
  await page.getByLabel("Temperature").fill("0.5");
  await page.getByRole("button", { name: "Run the test" }).click();
  await expect(page.getByText("It works.")).toBeVisible({ timeout: 30_000 });
  await expect(page.getByLabel("Temperature")).toHaveValue("0.5");
  await expect(page.locator("[data-stage=streaming]")).toHaveAttribute("data-state", "passed");

  await page.goto("/admin/users");
  await page.getByLabel("E-mail address").fill("somebody@example.com");
  await page.getByRole("button", { name: "Make the link" }).click();
  const link = await page.getByLabel("The invitation, shown this once").inputValue();
  await page.goto("/admin/users");
  await expect(page.getByLabel("The invitation, shown this once")).toHaveCount(0);
  expect(link).toContain("/sign-up?invite=");
  await context.close();
});

test("a member is told that these pages are for admins", async ({ page, member, problems }) => {
  expect(member.email).toBeTruthy();
  for (const path of ["/admin/upstreams", "/admin/models", "/admin/users", "/admin/audit"]) {
    problems.expectStatus(403);
    const response = await page.goto(path);
    expect(response!.status()).toBe(403);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("This is for admins");
  }
});
