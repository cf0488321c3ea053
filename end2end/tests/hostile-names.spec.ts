// Names and errors that an upstream or a member gives: on a server of their own, whose upstream lists hostile models, refuses one
// half of them with hostile words, and has the other half answer with everything that is slow to show.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { Page } from "@playwright/test";

import { startServer } from "../bench/server.mjs";
import { HOSTILE } from "../fixtures/hostile";
import { Member } from "../fixtures/member";
import { expect, test } from "../fixtures/test";

const SLOW = ["x".repeat(1_000_000), ">".repeat(100_000), `${"[".repeat(100_000)}](x)`, `\u202e\u200b\u2066${"a\u0301".repeat(20_000)}`];
const NAMES = HOSTILE.map((text) => [...text].slice(0, 190).join("").trim());

let upstream: Server;
let server: Awaited<ReturnType<typeof startServer>>;

test.beforeAll(async () => {
  upstream = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += piece));
    request.on("end", () => {
      if (request.url === "/v1/models") {
        response.setHeader("content-type", "application/json");
        return response.end(JSON.stringify({ data: NAMES.map((id) => ({ id })) }));
      }
      const { model } = JSON.parse(body);
      const place = NAMES.indexOf(model);
      if (place % 2 === 0) {
        response.statusCode = 400;
        response.setHeader("content-type", "application/json");
        return response.end(JSON.stringify({ error: { message: `Refused: ${HOSTILE[place]}`, code: HOSTILE[place] } }));
      }
      response.setHeader("content-type", "text/event-stream");
      const content = place % 20 === 1 ? SLOW[Math.floor(place / 20) % SLOW.length] : HOSTILE[place];
      response.end(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: HOSTILE[place] }] })}\n\ndata: [DONE]\n\n`);
    });
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  server = await startServer(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`);
});

test.afterAll(async () => {
  upstream.close();
  await server.stop();
});

/** Nothing ran, and nothing stands there that a name or an error could have brought along. */
async function expectHarmless(page: Page, path: string): Promise<void> {
  await page.goto(server.url + path);
  await page.waitForLoadState("load");
  await page.evaluate(() => document.querySelectorAll("main *").forEach((element) => element.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }))));
  expect(await page.evaluate(() => (window as unknown as { __pwned?: number }).__pwned), path).toBeUndefined();
  const strange = "main :is(script:not([nonce]), iframe, object, embed, img, video, audio, svg image, math, form[action^='//'], [onerror], [onload], [onclick])";
  await expect(page.locator(strange), path).toHaveCount(0);
}

test("names of models, errors of upstreams and names of templates stay text", async ({ page, context, problems }) => {
  test.setTimeout(300_000);
  problems.allowOrigin(server.url);
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  const member = await Member.signUp(server.url);
  await context.addCookies([member.cookie]);
  let models: string[] = [];
  // They are imported while the server starts to serve.
  await expect.poll(async () => (models = (await (await fetch(`${server.url}/api/models`)).json()).models.map((model: { public_name: string }) => model.public_name)).length).toBeGreaterThan(150);

  for (const draft of NAMES.slice(0, 100)) await member.template([...draft].slice(0, 100).join(""), `Explain {{${draft}`);
  await expectHarmless(page, "/playground");
  await page.getByRole("button", { name: /Add model/ }).click();
  await expect(page.getByRole("listbox").getByRole("option").first()).toBeVisible();
  for (const path of ["/routing", "/keys", "/leaderboard"]) await expectHarmless(page, path);

  let failed = 0;
  for (let i = 0; i < models.length; i += 4) {
    const made = await member.compare({ prompt: "x", models: models.slice(i, i + 4) });
    failed += made.runs.filter(({ status }) => status === "failed").length;
    await expectHarmless(page, `/playground/${made.id}`);
    if (i % 16 !== 0 || made.runs.every(({ response_content }) => response_content === null)) continue;
    const { share_slug } = await member.share(made.id);
    await expectHarmless(page, `/playground/shared/${share_slug}`);
  }
  expect(failed).toBeGreaterThan(50);
  await expectHarmless(page, "/dashboard");
});
