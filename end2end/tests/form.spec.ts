import { POET, SAGE, SWIFT, THINKER } from "../fixtures/playground";
import { expect, test } from "../fixtures/test";

test("models are found, added and taken away with the keyboard", async ({ page, playground }) => {
  await playground.open();
  await page.getByRole("button", { name: /Add model/ }).press("Enter");
  await expect(playground.search).toBeFocused();
  const options = page.getByRole("listbox", { name: "Models" }).getByRole("option");
  // An administrator may add models meanwhile.
  await expect(options.filter({ hasText: "demo/" })).toHaveCount(4);
  await expect(options.filter({ hasText: SAGE })).toContainText("200k · $3 / $15");

  // Arrows walk the list and wrap around; typing narrows it, by family too.
  await expect(options.first()).toHaveAttribute("aria-selected", "true");
  await playground.search.press("ArrowUp");
  await expect(options.last()).toHaveAttribute("aria-selected", "true");
  await playground.search.press("ArrowDown");
  await expect(options.first()).toHaveAttribute("aria-selected", "true");
  await playground.search.fill("Demo SW");
  await expect(options).toHaveCount(1);
  await playground.search.fill("gpt");
  await expect(options).toHaveCount(0);
  await expect(page.getByText("No model of that name")).toBeVisible();

  for (const model of [SWIFT, SWIFT, POET, THINKER]) {
    await playground.search.fill(model);
    await expect(options).toHaveCount(1);
    await playground.search.press("Enter");
  }
  await expect(playground.search).toBeHidden();
  await expect(playground.chips).toContainText([SWIFT, SWIFT, POET, THINKER]);
  await expect(page.getByRole("button", { name: /Add model/ })).toBeDisabled();

  await page.getByRole("button", { name: `Remove A ${SWIFT}` }).press("Enter");
  await expect(playground.chips).toContainText([SWIFT, POET, THINKER]);
  await expect(page.getByRole("button", { name: /Add model/ })).toBeFocused();
});

test("an empty comparison is refused at its fields and nothing is sent", async ({ page, playground }) => {
  await playground.open();
  await playground.runButton.click();
  await expect(playground.prompt).toHaveAccessibleDescription(/Write a prompt first/);
  await expect(playground.prompt).toBeFocused();
  await expect(page.getByRole("button", { name: /Add model/ })).toHaveAccessibleDescription(/\w/);
  await expect(page).toHaveURL(/\/playground(\?|$)/);

  await playground.prompt.fill("   ");
  await expect(playground.prompt).not.toHaveAttribute("aria-invalid", "true");
  await playground.choose(SWIFT);
  await playground.prompt.press("Control+Enter");
  await expect(playground.prompt).toHaveAccessibleDescription(/Write a prompt first/);
  expect(playground.posts).toHaveLength(0);
});

test("a prompt of 50,001 characters is refused, one of 50,000 is sent, whatever the characters", async ({ playground }) => {
  await playground.open();
  await playground.choose(SWIFT);
  await playground.prompt.fill("😀".repeat(50_001));
  await expect(playground.page.getByText("50001 of 50000 characters")).toBeVisible();
  await playground.prompt.press("Control+Enter");
  await expect(playground.prompt).toHaveAccessibleDescription(/50001 characters; at most 50000 are allowed. Shorten it by 1\./);
  expect(playground.posts).toHaveLength(0);

  await playground.prompt.fill("😀".repeat(50_000));
  await playground.prompt.press("Control+Enter");
  await playground.opened();
  await playground.card("A").ends("Done");
});

test("a parameter is sent only where one is set", async ({ page, playground, member }) => {
  await playground.open();
  await playground.choose(SWIFT);
  await playground.prompt.fill("Autumn?");
  for (const name of ["Temperature", "Max tokens", "Top p"]) {
    await expect(page.getByRole("textbox", { name })).toHaveAttribute("placeholder", "not sent");
  }
  await page.getByRole("textbox", { name: "Temperature" }).fill("0,3");
  await page.getByRole("textbox", { name: "Max tokens" }).fill("5");
  await page.getByRole("textbox", { name: "Top p" }).fill("0.9");
  await page.getByRole("button", { name: "Do not send Top p" }).click();
  await expect(page.getByRole("textbox", { name: "Top p" })).toHaveValue("");
  await playground.prompt.press("Control+Enter");
  const id = await playground.opened();

  expect(playground.posts[0].postDataJSON()).toEqual({ prompt: "Autumn?", models: [SWIFT], parameters: { temperature: 0.3, max_tokens: 5 } });
  await playground.card("A").ends("Done");
  await expect(playground.card("A").element).toContainText("Cut off");
  await expect(playground.card("A").value("Out")).toHaveText("5");
  expect(await member.comparison(id)).toMatchObject({ parameters: { temperature: 0.3, max_tokens: 5 } });

  await page.getByRole("button", { name: "Do not send Temperature" }).click();
  await page.getByRole("button", { name: "Do not send Max tokens" }).click();
  await playground.prompt.press("Control+Enter");
  await expect(page).not.toHaveURL(new RegExp(id));
  expect(playground.posts[1].postDataJSON()).toEqual({ prompt: "Autumn?", models: [SWIFT], parameters: {} });
});

test("parameters that are none are refused at their fields", async ({ page, playground }) => {
  await playground.open();
  await playground.choose(SWIFT);
  await playground.prompt.fill("Autumn?");
  const wrong = { Temperature: "2.1", "Max tokens": "1.5", "Top p": "NaN" };
  for (const [name, value] of Object.entries(wrong)) await page.getByRole("textbox", { name }).fill(value);
  await playground.prompt.press("Control+Enter");
  for (const [name, value] of Object.entries(wrong)) {
    await expect(page.getByRole("textbox", { name })).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByRole("textbox", { name })).toHaveAccessibleDescription(/must be/);
    await expect(page.getByRole("textbox", { name })).toHaveValue(value);
  }
  expect(playground.posts).toHaveLength(0);
});

test("a rule that only the server knows is shown at its field", async ({ page, playground, problems }) => {
  problems.expectStatus(422, "/api/playground");
  await playground.open();
  await playground.choose(POET);
  await playground.prompt.fill("Autumn?");
  await page.getByRole("textbox", { name: "Max tokens" }).fill("20000");
  await playground.prompt.press("Control+Enter");
  await expect(page.getByRole("textbox", { name: "Max tokens" })).toHaveAccessibleDescription(/at most 16384/);
  await expect(page).toHaveURL(/\/playground(\?|$)/);
  await expect(playground.prompt).toHaveValue("Autumn?");
});

test("a system prompt goes along, and is there again afterwards", async ({ page, playground }) => {
  await playground.open();
  await playground.choose(POET);
  await playground.prompt.fill("Autumn?");
  await page.getByText("System prompt", { exact: true }).first().click();
  await page.getByRole("textbox", { name: "System prompt" }).fill("Answer in verse.");
  await playground.prompt.press("Control+Enter");
  await playground.opened();
  expect(playground.posts[0].postDataJSON()).toMatchObject({ system_prompt: "Answer in verse." });
  await playground.card("A").ends("Done");
  await expect(playground.card("A").answer).toContainText("begins “Answer in verse”");
  await playground.open(page.url());
  await expect(page.getByRole("textbox", { name: "System prompt" })).toHaveValue("Answer in verse.");
});

test("digits go to the cards and ? lists the keys, except while one types", async ({ page, playground, member }) => {
  const models = [SWIFT, SWIFT, SWIFT, SWIFT];
  const { id } = await member.compare({ prompt: "Autumn?", models, parameters: { max_tokens: 4 } });
  await playground.open(`/playground/${id}`);
  for (const [digit, letter] of Object.entries({ 2: "B", 4: "D", 1: "A", 3: "C" })) {
    await page.keyboard.press(digit);
    await expect(playground.card(letter).element).toBeFocused();
  }
  await page.keyboard.press("?");
  const keys = page.getByRole("dialog", { name: "Keys" });
  await expect(keys).toContainText("Run on all");
  await keys.getByRole("button", { name: "Close" }).click();
  await expect(keys).toBeHidden();

  await playground.prompt.fill("");
  await playground.prompt.pressSequentially("Why 2?");
  await expect(playground.prompt).toHaveValue("Why 2?");
  await expect(playground.prompt).toBeFocused();
  await expect(keys).toBeHidden();
});

test("what is typed before the page is ready is not lost", async ({ page, playground }) => {
  // The script waits until the prompt has been written.
  let release = () => {};
  const written = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/pkg/*.wasm", async (route) => {
    await written;
    await route.continue();
  });
  await page.goto("/playground", { waitUntil: "commit" });
  await playground.prompt.fill("An early bird.");
  await page.getByRole("textbox", { name: "Temperature" }).fill("0.5");
  await expect(playground.runButton).toBeDisabled();
  release();
  await expect(playground.runButton).toBeEnabled();
  await expect(playground.prompt).toHaveValue("An early bird.");
  await playground.choose(SWIFT);
  await playground.prompt.press("Control+Enter");
  await playground.opened();
  expect(playground.posts[0].postDataJSON()).toMatchObject({ prompt: "An early bird.", parameters: { temperature: 0.5 } });
});

test("a member whose sign-in has ended is asked to sign in again, and the prompt stays", async ({ page, playground, problems }) => {
  problems.expectStatus(401, "/api/playground");
  await playground.open();
  await playground.choose(SWIFT);
  await playground.prompt.fill("Autumn?");
  await page.context().clearCookies();
  await playground.prompt.press("Control+Enter");
  await expect(page.getByRole("alert")).toContainText("Sign in to continue.");
  await expect(page.getByRole("link", { name: "Sign in again" })).toHaveAttribute("href", "/sign-in?next=/playground");
  await expect(playground.prompt).toHaveValue("Autumn?");
});
