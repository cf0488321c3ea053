// Administrators: connecting an upstream, importing, testing, and what the right step is when something is broken.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { Admin } from "../fixtures/admin";
import { hydrated } from "../fixtures/playground";
import { expect, test } from "../fixtures/test";

const MODEL = "simulated-elsewhere/echo";
const KEY = "sk-e2e-0123456789abcdef";

/** An OpenAI-compatible server of this test's own, at the address that the server under test may call. */
async function upstream(port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    if (!request.url!.startsWith("/v1/")) return answer(404, { error: { message: "nothing here" } });
    if (request.headers.authorization !== `Bearer ${KEY}`) return answer(401, { error: { message: `wrong key ${request.headers.authorization}` } });
    if (request.url === "/v1/models") return answer(200, { object: "list", data: [{ id: MODEL }, { id: "other" }] });
    let text = "";
    request.on("data", (piece) => (text += piece));
    request.on("end", () => {
      const body = JSON.parse(text);
      if (body.model !== MODEL) return answer(404, { error: { message: "model not found", code: "model_not_found" } });
      const usage = { prompt_tokens: 5, completion_tokens: 2 };
      if (!body.stream) return answer(200, { choices: [{ message: { content: "Hel" }, finish_reason: "length" }], usage });
      response.writeHead(200, { "content-type": "text/event-stream" });
      const event = (value: unknown) => response.write(`data: ${JSON.stringify(value)}\n\n`);
      event({ choices: [{ delta: { content: "Hello " } }] });
      event({ choices: [{ delta: { content: "there." } }] });
      event({ choices: [{ delta: {}, finish_reason: "stop" }] });
      event({ choices: [], usage });
      response.end("data: [DONE]\n\n");
    });
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  return server;
}

test("an upstream is added, imported from, tested and used, and each thing that is broken is named", async ({ page, context, baseURL, problems }) => {
  test.setTimeout(120_000);
  const admin = await Admin.signIn(baseURL!);
  await context.addCookies([admin.cookie]);
  const port = Number(process.env.QUADRILLE_ALLOWED_PORT);
  const server = await upstream(port);
  const name = `local ${(server.address() as AddressInfo).port}`;
  const base = `http://127.0.0.1:${port}/v1`;
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
    await expect(page.locator("[data-stage=model]")).toContainText("2 models are listed");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await expect(page.getByRole("status").filter({ hasText: "Saved." })).toBeVisible();
    await expect(page.getByLabel("API key")).toHaveValue("");
    const form = page.url().split("?")[0];

    await page.getByRole("link", { name: "Import models" }).click();
    await page.getByLabel(MODEL).check();
    await page.getByRole("button", { name: "Import the ticked ones" }).click();
    await expect(page.getByRole("status").filter({ hasText: "1 model imported." })).toBeVisible();

    await page.getByRole("row", { name: MODEL }).getByRole("link", { name: "Test" }).click();
    const works = async () => {
      await page.getByRole("button", { name: "Run the test" }).click();
      await expect(page.locator("[data-verdict-line]")).toHaveText("It works.");
    };
    await works();
    await expect(page.locator("[data-answer]")).toHaveText("Hello there.");
    await expect(page.locator("[data-figure=tokens_in]")).toHaveText("5");
    const tester = page.url();
    const model = tester.replace(/\/test$/, "");

    const broken = async (stage: string, remedy: RegExp) => {
      await page.goto(tester);
      await page.getByRole("button", { name: "Run the test" }).click();
      await expect(page.locator(`[data-stage=${stage}]`)).toHaveAttribute("data-state", "failed");
      await expect(page.locator(`[data-stage=${stage}] [data-remedy]`)).toHaveText(remedy);
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
    await save({ "API key": KEY, "Base URL": `http://127.0.0.1:${port}/v2` });
    await broken("reply", /Did you mean http:\/\/127.0.0.1:\d+\/v1\?/);
    await save({ "Base URL": "https://no-such-host.invalid/v1" });
    await broken("address", /Correct the host/);
    await save({ "Base URL": base, "API key": KEY });
    await save({ "Upstream's name": "simulated-elsewhere/ecko" }, model);
    await broken("model", new RegExp(`Did you mean ${MODEL}`));
    await save({ "Upstream's name": MODEL }, model);
    await page.goto(tester);
    await works();
    await new Promise((resolve) => server.close(resolve).closeAllConnections());
    await broken("tcp", /Start the server/);
  } finally {
    server.closeAllConnections();
    server.close();
  }

  await page.goto("/admin/models");
  await expect(page.getByRole("row", { name: MODEL })).toContainText("failed: tcp");
  await page.goto("/playground");
  await hydrated(page);
  await page.getByRole("button", { name: /Add model/ }).click();
  await expect(page.getByRole("option", { name: MODEL })).toBeVisible();
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
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.locator("#base_url-error")).toContainText("QUADRILLE_ALLOW_PRIVATE_UPSTREAMS");

  await page.goto("/admin/models");
  const first = page.getByRole("checkbox").first();
  const slug = await first.getAttribute("value");
  await page.goto(`/admin/models/${slug}/test`);
  await page.getByRole("button", { name: "Run the test" }).click();
  await expect(page.getByText("It works.")).toBeVisible({ timeout: 30_000 });
  await expect(page.locator("[data-stage=streaming]")).toHaveAttribute("data-state", "passed");

  await page.goto("/admin/users");
  await page.getByLabel("E-mail address").fill("somebody@example.com");
  await page.getByRole("button", { name: "Make the link" }).click();
  const link = await page.getByLabel("The invitation, shown this once").inputValue();
  await page.reload();
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
