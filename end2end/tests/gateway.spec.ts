// OpenAI's own JavaScript package against the gateway, unchanged, and what the member sees of its requests afterwards.
import OpenAI from "openai";

import { POET, SWIFT } from "../fixtures/playground";
import { expect, test } from "../fixtures/test";

const messages = [{ role: "user" as const, content: "Say hello in one line." }];

test("OpenAI's JavaScript package asks, streams and is told what went wrong; the page of its key shows it at once", async ({ page, member, baseURL }) => {
  await page.goto("/keys");
  await page.getByLabel("Name").fill("Script");
  await page.getByRole("button", { name: "Make the key" }).click();
  const apiKey = await page.locator("#secret").innerText();
  const client = new OpenAI({ baseURL: `${baseURL}/v1`, apiKey, maxRetries: 0 });

  const whole = await client.chat.completions.create({ model: SWIFT, messages });
  expect(whole.model).toBe(SWIFT);
  expect(whole.choices[0]!.message.content).toContain("Say hello in one line.");
  expect(whole.usage!.total_tokens).toBe(whole.usage!.prompt_tokens + whole.usage!.completion_tokens);

  let [streamed, last] = ["", undefined as OpenAI.CompletionUsage | null | undefined];
  const stream = await client.chat.completions.create({ model: POET, messages, stream: true, stream_options: { include_usage: true } });
  for await (const chunk of stream) {
    streamed += chunk.choices[0]?.delta.content ?? "";
    last = chunk.usage ?? last;
  }
  expect(streamed.length).toBeGreaterThan(20);
  expect(last!.completion_tokens).toBeGreaterThan(0);

  const names = (await client.models.list()).data.map((model) => model.id);
  expect(names).toEqual(expect.arrayContaining([SWIFT, POET]));

  const unknown = client.chat.completions.create({ model: "demo/swiftt", messages });
  await expect(unknown).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  await expect(unknown).rejects.toMatchObject({ code: "model_not_found", message: expect.stringContaining(SWIFT) });
  await expect(client.chat.completions.create({ model: SWIFT, messages: [] })).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  const stranger = new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: "qd-wrong", maxRetries: 0 });
  await expect(stranger.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);

  // A request of a moment ago is there within ten seconds.
  const figures = async (): Promise<{ requests: number; successes: number }> => {
    const { keys }: { keys: { id: string }[] } = await (await page.request.get("/api/keys")).json();
    return (await (await page.request.get(`/api/keys/${keys[0]!.id}/analytics`)).json()).totals;
  };
  await expect.poll(async () => (await figures()).successes, { timeout: 10_000 }).toBe(2);
  await page.goto("/keys");
  await page.getByRole("link", { name: "Analytics of Script" }).click();
  await expect(page).toHaveURL(/\/keys\/[^/]+\/analytics/);
  await expect(page.getByRole("table").filter({ hasText: POET }).first()).toContainText(SWIFT);
  void member;
});
