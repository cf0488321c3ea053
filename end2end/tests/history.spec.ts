import { SAGE, SWIFT } from "../fixtures/playground";
import { Member } from "../fixtures/member";
import { expect, test } from "../fixtures/test";

const short = { models: [SWIFT], parameters: { max_tokens: 4 } };

test("a new member sees what to do first", async ({ page, member }) => {
  await page.goto("/dashboard");
  await expect(page.getByRole("heading", { name: "No comparisons yet" })).toBeVisible();
  await page.getByRole("link", { name: "Make the first comparison" }).click();
  await expect(page).toHaveURL("/playground");
});

test("a comparison appears in the history and leads back to its answers", async ({ page, playground }) => {
  await playground.run("What is autumn?", SWIFT);
  const id = await playground.opened();
  await playground.card("A").ends("Done");

  await page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: "Dashboard" }).click();
  const entry = page.getByRole("listitem").filter({ has: page.getByRole("link", { name: "What is autumn?" }) });
  await expect(entry).toContainText(SWIFT);
  await expect(entry).toContainText("Done");
  await expect(entry).toContainText("UTC");
  await page.getByRole("link", { name: "What is autumn?" }).click();
  await expect(page).toHaveURL(`/playground/${id}`);
  await expect(playground.card("A").answer).toContainText("Simulated answer.");
});

test("the newest comparison comes first", async ({ page, member }) => {
  for (const prompt of ["First?", "Second?", "Third?"]) await member.compare({ prompt, ...short });
  await page.goto("/dashboard");
  await expect(page.getByRole("link", { name: /^(First|Second|Third)\?$/ })).toHaveText(["Third?", "Second?", "First?"]);
});

test("a comparison is deleted for good, after a question", async ({ page, member }) => {
  const kept = await member.compare({ prompt: "To keep", ...short });
  const gone = await member.compare({ prompt: "To delete", ...short });
  await page.goto("/dashboard");
  const entry = page.getByRole("listitem").filter({ has: page.getByRole("link", { name: "To delete" }) });
  const dialog = page.getByRole("dialog", { name: "Delete this comparison?" });

  await entry.getByRole("button", { name: "Delete" }).click();
  await expect(dialog).toContainText("To delete");
  await dialog.getByRole("button", { name: "Keep it" }).click();
  await expect(dialog).toBeHidden();
  await expect(entry).toBeVisible();

  await entry.getByRole("button", { name: "Delete" }).click();
  await dialog.getByRole("button", { name: "Delete for good" }).click();
  await expect(entry).toHaveCount(0);
  await expect(page.getByRole("link", { name: "To keep" })).toBeVisible();
  await expect(page).toHaveURL("/dashboard");
  expect(await member.status(`/api/playground/${gone.id}`)).toBe(404);
  expect(await member.status(`/api/playground/${kept.id}`)).toBe(200);
});

test("what is gone already is not deleted again, and the page says so", async ({ page, member, context }) => {
  await member.compare({ prompt: "To keep", ...short });
  await member.compare({ prompt: "To delete", ...short });
  const other = await context.newPage();
  for (const tab of [page, other]) await tab.goto("/dashboard");
  for (const tab of [other, page]) {
    const entry = tab.getByRole("listitem").filter({ has: tab.getByRole("link", { name: "To delete" }) });
    await entry.getByRole("button", { name: "Delete" }).click();
    await tab.getByRole("button", { name: "Delete for good" }).click();
    await expect(entry).toHaveCount(0);
  }
  await expect(other.getByRole("alert")).toHaveCount(0);
  await expect(page.getByRole("alert")).toHaveText("Comparison not found.");
  await expect(page.getByRole("link", { name: "To keep" })).toBeVisible();
});

test("deleting a comparison that runs ends it too", async ({ page, member }) => {
  const id = await member.start({ prompt: "Still running", models: [SAGE] });
  await page.goto("/dashboard");
  await expect(page.getByRole("listitem").filter({ hasText: "Answering" }).first()).toBeVisible();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete for good" }).click();
  await expect(page.getByRole("heading", { name: "No comparisons yet" })).toBeVisible();
  expect(await member.status(`/api/playground/${id}`)).toBe(404);
});

test("somebody else's comparison is not there", async ({ page, member, baseURL, problems }) => {
  problems.expectStatus(404);
  const other = await Member.signUp(baseURL!);
  const { id } = await other.compare({ prompt: "Nobody else's business", ...short });
  const response = await page.goto(`/playground/${id}`);
  expect(response!.status()).toBe(404);
  await expect(page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
  expect(await response!.text()).not.toContain("Nobody else");
  await page.goto("/dashboard");
  await expect(page.getByRole("heading", { name: "No comparisons yet" })).toBeVisible();
});
