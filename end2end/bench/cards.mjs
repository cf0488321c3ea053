// What cards cost the browser: work on its main thread, as the browser itself accounts for it: the processor time of all tasks.
//
//   QUADRILLE_BINARY=… QUADRILLE_SITE_DIR=… QUADRILLE_CHROMIUM=… node end2end/bench/cards.mjs
import { randomUUID } from "node:crypto";
import { Worker } from "node:worker_threads";

import { chromium } from "@playwright/test";

import { startServer } from "./server.mjs";

const TARGETS = { actionMs: 100, busy: 0.5, dropped: 0 };
const ROUNDS = 7;
const TYPED = 80;
const WATCHED_MS = 8_000;
const PASSWORD = "correct horse battery staple";

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function startUpstream() {
  const thread = new Worker(new URL("prose.mjs", import.meta.url));
  thread.unref();
  return new Promise((resolve, reject) => {
    thread.once("message", resolve);
    thread.once("error", reject);
  });
}

// A page of a member who is signed in, and a clock of its main thread's work in milliseconds.
async function openPage(browser, server) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: server.url });
  const signedUp = await context.request.post("/api/auth/sign-up", { data: { email: `${randomUUID()}@example.com`, password: PASSWORD } });
  if (!signedUp.ok()) throw new Error(`signing up: ${signedUp.status()}`);
  const page = await context.newPage();
  const debug = await context.newCDPSession(page);
  await debug.send("Performance.enable", { timeDomain: "threadTicks" });
  const worked = async () => {
    const { metrics } = await debug.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration").value * 1_000;
  };
  return { page, worked };
}

const painted = (page) => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));

/** Starts a comparison on the page, as a person does, and waits until it has an address. */
async function run(page, models) {
  await page.goto(`/playground?${models.map((model) => `model=${model}`).join("&")}`);
  await page.locator("body[data-hydrated]").waitFor();
  await page.getByRole("textbox", { name: "Prompt", exact: true }).fill("Why autumn?");
  await page.keyboard.press("Control+Enter");
  await page.waitForURL(/\/playground\/[0-9a-f-]{36}$/);
}

// The answer is there as text; what follows its end is asking for its HTML, and showing that.
async function rendering(page, worked, { long }) {
  await run(page, [long]);
  await page.waitForFunction(() => document.querySelector(".card .answer")?.textContent.length > 90_000);
  await pause(800);
  const before = await worked();
  await page.evaluate(() => new Promise((resolve) => {
    const place = document.querySelector(".card .md");
    new MutationObserver(resolve).observe(place, { childList: true });
  }));
  await painted(page);
  const after = await worked();
  const size = await page.evaluate(() => document.querySelector(".card .md").querySelectorAll("*").length);
  if (size < 1_000) throw new Error(`only ${size} elements were rendered`);
  return after - before;
}

async function pressing(page, worked, selector) {
  const before = await worked();
  await page.evaluate((selector) => document.querySelector(selector).click(), selector);
  await painted(page);
  return (await worked()) - before;
}

// Four cards fill while somebody types.
async function streaming(page, worked, { steady }) {
  await run(page, steady);
  await page.waitForFunction(() => [...document.querySelectorAll(".card .answer")].filter((answer) => answer.textContent.length > 50).length === 4);
  await page.evaluate(() => {
    globalThis.heard = [];
    globalThis.slowest = 0;
    addEventListener("keydown", ({ key }) => globalThis.heard.push(key), true);
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.slowest = Math.max(globalThis.slowest, duration);
    }).observe(/** @type {PerformanceObserverInit} */ ({ type: "event", durationThreshold: 16 }));
  });
  const prompt = page.getByRole("textbox", { name: "Prompt", exact: true });
  await prompt.fill("");
  const letters = () => page.evaluate(() => [...document.querySelectorAll(".card .answer")].reduce((sum, { textContent }) => sum + textContent.length, 0));
  const [began, workedBefore, lettersBefore] = [performance.now(), await worked(), await letters()];
  for (let i = 0; i < TYPED; i += 1) {
    await page.keyboard.press("x");
    const due = began + ((i + 1) * WATCHED_MS) / TYPED;
    await pause(Math.max(0, due - performance.now()));
  }
  const [took, work, arrived] = [performance.now() - began, (await worked()) - workedBefore, (await letters()) - lettersBefore];
  const { heard, slowest, typed, running } = await page.evaluate(() => ({
    heard: globalThis.heard.length,
    slowest: globalThis.slowest,
    typed: /** @type {HTMLTextAreaElement} */ (document.querySelector("#prompt")).value.length,
    running: document.querySelectorAll(".card[data-status=running]").length,
  }));
  if (running !== 4) throw new Error(`only ${running} cards still ran at the end of the measurement`);
  return { busy: work / took, dropped: TYPED - Math.min(heard, typed), slowest, lettersPerSecond: (arrived / took) * 1_000 };
}

async function measure(browser, server, upstream) {
  const { page, worked } = await openPage(browser, server);
  const times = { rendering: [], plain: [], formatted: [], expanding: [], narrowing: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    times.rendering.push(await rendering(page, worked, upstream));
    await pause(500);
    times.plain.push(await pressing(page, worked, "[data-plain]"));
    times.formatted.push(await pressing(page, worked, "[data-plain]"));
    times.expanding.push(await pressing(page, worked, "[data-expand]"));
    times.narrowing.push(await pressing(page, worked, "[data-expand]"));
  }
  return { times, ...(await streaming(page, worked, upstream)) };
}

function report({ bytes }, { times, busy, dropped, slowest, lettersPerSecond }) {
  let missed = 0;
  const verdict = (isMet) => (isMet ? "met" : (missed++, "MISSED"));
  const ms = (value) => `${value.toFixed(1)} ms`;
  const action = (name, values) => [name, ms(median(values)), ms(Math.max(...values)), `median < ${TARGETS.actionMs} ms`, verdict(median(values) < TARGETS.actionMs)];
  const kb = `${Math.round(bytes / 1e3)} kB of Markdown`;
  const rows = [
    [`main-thread work, ${ROUNDS} rounds`, "median", "most", "target", ""],
    action(`rendering ${kb}`, times.rendering),
    action("to plain text", times.plain),
    action("and back", times.formatted),
    action("expanding", times.expanding),
    action("and back", times.narrowing),
    [],
    ["four cards at 60 tokens a second", `${(busy * 100).toFixed(0)} % busy`, "", `< ${TARGETS.busy * 100} %`, verdict(busy < TARGETS.busy)],
    [`${TYPED} keys meanwhile`, `${dropped} lost`, "", "none", verdict(dropped <= TARGETS.dropped)],
    ["slowest of them, letters a second", `${slowest} ms`, lettersPerSecond.toFixed(0), "", ""],
  ];
  for (const [name = "", middle = "", high = "", target = "", met = ""] of rows) {
    console.log(`${name.padEnd(38)}${middle.padStart(10)}${high.padStart(11)}   ${target.padEnd(17)}${met}`.trimEnd());
  }
  return missed;
}

const upstream = await startUpstream();
const server = await startServer(upstream.url);
let browser;
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.stop().finally(() => process.exit(130)));
let missed = 1;
try {
  const args = [...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), "--disable-dev-shm-usage", "--disable-background-networking"];
  browser = await chromium.launch({ executablePath: process.env.QUADRILLE_CHROMIUM ?? "/usr/bin/chromium", args });
  missed = report(upstream, await measure(browser, server, upstream));
} catch (error) {
  console.error(`${error.stack}\n\nThe server's log:\n${server.log()}`);
} finally {
  await browser?.close();
  await server.stop();
}
process.exit(missed ? 1 : 0);
