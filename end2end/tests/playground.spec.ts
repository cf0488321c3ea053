import { BEGINNING, END, POET, SAGE, SWIFT, THINKER } from "../fixtures/playground";
import { expect, test } from "../fixtures/test";

const ALL = [SWIFT, POET, THINKER, SAGE];

/** Marks the lowest figures. */
function lowest(figures: number[]): boolean[] {
  return figures.map((figure) => figure === Math.min(...figures));
}

test("four models answer side by side, live, with their figures", async ({ page, playground, member }) => {
  await playground.run("Autumn in Berlin?", ...ALL);
  const id = await playground.opened();

  // The slowest fills while it still runs, and its figures are estimates until it has ended.
  const sage = playground.card("D");
  await expect(sage.answer).toContainText(BEGINNING[SAGE]);
  await expect(sage.status("Answering")).toBeVisible();
  await expect(sage.value("Out")).toHaveText(/^≈ \d/);
  await expect(sage.value("Cost")).toHaveText("—");
  await expect(playground.runButton).toBeDisabled();

  for (const [position, model] of ALL.entries()) {
    const card = playground.card("ABCD"[position]);
    await card.ends("Done");
    await expect(card.element).toContainText(model);
    await expect(card.answer).toContainText(END[model as keyof typeof END]);
    await expect(card.value("TTFT")).toHaveText(/^\d+ ms$|^\d+\.\d\d s$/);
    await expect(card.value("Total")).toHaveText(/^\d+ ms$|^\d+\.\d+ s$/);
    await expect(card.value("In")).toHaveText(/^\d+$/);
    await expect(card.value("Out")).toHaveText(/^\d+$/);
    await expect(card.value("Speed")).toHaveText(/^\d+(\.\d)? tok\/s$/);
    await expect(card.value("Cost")).toHaveText(/^\$0list \$0\.\d+$/);
    await expect(card.stop).toBeHidden();
  }
  await expect(playground.runButton).toBeEnabled();

  // What the page counts is what the server has stored.
  const { runs } = await member.comparison(id);
  expect(runs.map((run) => run.status)).toEqual(["succeeded", "succeeded", "succeeded", "succeeded"]);
  for (const [position, run] of runs.entries()) {
    const card = playground.card("ABCD"[position]);
    await expect(card.value("In")).toHaveText(String(run.tokens_in));
    await expect(card.value("Out")).toHaveText(String(run.tokens_out));
    await expect(card.text).toHaveText(run.response_content!);
  }

  // The best of each figure says so in words, by what the server has measured; the swift one is the cheapest.
  const best = {
    TTFT: lowest(runs.map((run) => run.ttft_ms!)),
    Total: lowest(runs.map((run) => run.latency_ms!)),
    Speed: lowest(runs.map((run) => -run.tokens_per_second!)),
    Cost: [true, false, false, false],
  };
  for (const [name, marks] of Object.entries(best)) {
    for (const [position, mark] of marks.entries()) {
      const figure = expect(playground.card("ABCD"[position]).figure(name));
      await (mark ? figure : figure.not).toContainText("best");
    }
  }
  await expect(playground.card("A").figure("Out")).not.toContainText("best");

  // The same stands there after going away and coming back, and after loading the page again.
  const shown = await playground.shown("ABCD");
  await page.goto("/dashboard");
  await page.goBack();
  await expect(playground.card("D").status("Done")).toBeVisible();
  expect(await playground.shown("ABCD")).toEqual(shown);
  await playground.open(page.url());
  await expect(playground.prompt).toHaveValue("Autumn in Berlin?");
  expect(await playground.shown("ABCD")).toEqual(shown);
  expect(playground.posts).toHaveLength(1);
});

test("a model that fails leaves the others alone", async ({ playground }) => {
  await playground.run("[fail] Autumn?", SWIFT, POET, THINKER);
  const poet = playground.card("B");
  await poet.ends("Failed");
  await expect(poet.element).toContainText("Failed. ");
  await expect(poet.element).toContainText("wait 20 s");
  await expect(poet.value("Out")).toHaveText("—");
  await expect(poet.figure("TTFT")).not.toContainText("best");
  for (const letter of "AC") await playground.card(letter).ends("Done");
  await expect(playground.page.getByRole("status")).toContainText("Finished: 2 of 3 succeeded.");
});

test("a page that is loaded again in mid-run goes on filling to the end", async ({ page, playground }) => {
  await playground.run("Autumn?", SAGE, THINKER);
  const sage = playground.card("A");
  await expect(sage.answer).toContainText(BEGINNING[SAGE]);
  const before = (await sage.answer.innerText()).trim();
  await page.reload();

  await expect(sage.status("Answering")).toBeVisible();
  await expect(sage.answer).toContainText(before.slice(0, 40));
  await sage.ends("Done");
  await playground.card("B").ends("Done");
  await expect(sage.answer).toContainText(END[SAGE]);
  // Not a word twice: what was there and what came afterwards fit together.
  await expect(sage.answer.getByText(BEGINNING[SAGE])).toHaveCount(1);
  expect(playground.posts).toHaveLength(1);
  const { runs } = await playground.member.comparison(await playground.opened());
  await expect(sage.text).toHaveText(runs[0].response_content!);
});

test("a page that loses the network gets back to its comparison", async ({ member, playground, problems, wire }) => {
  problems.allow(/net::ERR_/);
  const id = await member.start({ prompt: "Autumn?", models: [SAGE] });
  await playground.open(`${wire.origin}/playground/${id}`);
  const sage = playground.card("A");
  await expect(sage.answer).toContainText(BEGINNING[SAGE]);
  wire.cut();
  await expect(playground.page.getByRole("button", { name: /Reconnecting/ })).toBeVisible();
  wire.mend();

  await sage.ends("Done");
  await expect(playground.runButton).toBeEnabled();
  const { runs } = await member.comparison(id);
  await expect(sage.text).toHaveText(runs[0].response_content!);
});

test("two pages on the same comparison show the same", async ({ page, playground, context }) => {
  await playground.run("Autumn?", THINKER);
  const other = await context.newPage();
  await other.goto(page.url());
  await expect(other.getByRole("group", { name: "Answer A" })).toContainText(END[THINKER]);
  await playground.card("A").ends("Done");
  // Each puts the answer as it is read in the place of the text that came, in its own time.
  const shown = () => Promise.all([playground.card("A").answer, other.getByRole("group", { name: "Answer A" })].map((answer) => answer.innerText()));
  await expect.poll(async () => new Set(await shown()).size).toBe(1);
});

test("the status line tells of beginnings and ends, and never reads out an answer", async ({ page, playground }) => {
  await playground.open();
  await page.getByRole("status").evaluate((line) => {
    const said: string[] = ((window as any).said = []);
    new MutationObserver(() => said.push(line.textContent ?? "")).observe(line, { childList: true, characterData: true, subtree: true });
  });
  await playground.choose(SWIFT, THINKER);
  await playground.prompt.fill("Autumn?");
  await playground.prompt.press("Control+Enter");
  await playground.card("B").ends("Done");
  await expect(page.getByRole("status")).toContainText("All 2 answers are here.");

  const said: string[] = await page.evaluate(() => (window as any).said);
  const sentences = said.join(" ").split(/(?<=\.) /).map((sentence) => sentence.trim()).filter(Boolean);
  const sentence = /^(Sent\.|[AB], demo\/(swift|thinker), (started|is done after \d+(\.\d+)? (ms|s))\.|All 2 answers are here\.)$/;
  expect(sentences.filter((said) => !sentence.test(said))).toEqual([]);
  for (const expected of ["A, demo/swift, started.", "B, demo/thinker, started."]) expect(sentences).toContain(expected);
  expect(sentences.filter((said) => said.includes("is done after"))).toHaveLength(2);
});

test("a second comparison on the same page gets an address of its own", async ({ playground }) => {
  await playground.run("Autumn?", SWIFT);
  const first = await playground.opened();
  await playground.card("A").ends("Done");

  await playground.prompt.fill("Winter?");
  await playground.runButton.click();
  await expect(playground.page).not.toHaveURL(new RegExp(first));
  await playground.card("A").ends("Done");
  await expect(playground.card("A").answer).toContainText("Winter");
  await expect(playground.card("A").answer).not.toContainText("Autumn");
});

test("markup in a prompt is text, on the page and after it is loaded again", async ({ playground }) => {
  const prompt = "\n</textarea><script>console.error('ran')</script><b>bold</b> & &amp; \"quoted\"\nsecond line";
  await playground.open();
  await playground.choose(SWIFT);
  await playground.prompt.fill(prompt);
  await playground.prompt.press("Control+Enter");
  await playground.opened();
  await playground.card("A").ends("Done");
  await playground.open(playground.page.url());
  await expect(playground.prompt).toHaveValue(prompt);
  await playground.page.goto("/dashboard");
  await expect(playground.page.getByRole("link", { name: "<b>bold</b> & &amp;" })).toBeVisible();
});
