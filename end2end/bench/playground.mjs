// What Quadrille adds to a comparison of four models, the memory it then holds, and what a browser has to load.
//
//   QUADRILLE_BINARY=… QUADRILLE_SITE_DIR=… node end2end/bench/playground.mjs
//
// The upstream answers at once, so everything above the four calls themselves is ours: the sign-in, the models, the keys,
// the rows before and after. Each comparison is measured right after four direct calls, so that both see the same machine.
import { readFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

import { startServer } from "./server.mjs";

const WARM_UP = 30;
const PAIRS = 300;
const COMPARISONS = 1000;
const TARGETS = { addedMs: 10, residentMb: 80, payloadKb: 200 };

const agent = new http.Agent({ keepAlive: true, noDelay: true });

// One request, read to its end.
function call(url, { method = "GET", body = undefined, headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const typed = sent === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(sent) };
    const request = http.request(url, { method, agent, headers: { ...typed, ...headers } }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece) => (text += piece));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(sent);
  });
}

function expectStatus(answer, status) {
  if (answer.status !== status) throw new Error(`expected ${status}, got ${answer.status}: ${answer.text.slice(0, 500)}`);
  return answer;
}

async function timed(work) {
  const began = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - began) / 1e6;
}

function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

function startUpstream() {
  const thread = new Worker(new URL("upstream.mjs", import.meta.url));
  thread.unref();
  return new Promise((resolve, reject) => {
    thread.once("message", resolve);
    thread.once("error", reject);
  });
}

const statusField = (pid, name) => Number(readFileSync(`/proc/${pid}/status`, "utf8").match(new RegExp(`^${name}:\\s+(\\d+) kB`, "m"))[1]) * 1024;

async function measure(server, upstream) {
  const signUp = { email: "bench@example.com", password: "correct horse battery staple" };
  const signedIn = expectStatus(await call(`${server.url}/api/auth/sign-up`, { method: "POST", body: signUp }), 201);
  const cookie = signedIn.headers["set-cookie"][0].split(";")[0];
  const prompt = "Translate to German: 'I love Berlin in autumn, when the leaves fall and the cafés still have chairs outside.'";
  const messages = [{ role: "user", content: prompt }];

  const direct = async (model) => {
    const body = { model, messages, stream: true, stream_options: { include_usage: true } };
    expectStatus(await call(`${upstream.url}/chat/completions`, { method: "POST", body }), 200);
  };
  const fourDirectly = () => Promise.all(upstream.models.map(direct));
  const compare = async () => {
    const body = { prompt, models: upstream.models };
    const answer = expectStatus(await call(`${server.url}/api/playground`, { method: "POST", headers: { cookie }, body }), 201);
    const { runs } = JSON.parse(answer.text);
    if (runs.length !== 4 || runs.some((run) => run.status !== "succeeded" || !run.tokens_out)) throw new Error(`a run failed: ${answer.text}`);
  };

  const residentAtStart = statusField(server.pid, "VmRSS");
  for (let i = 0; i < WARM_UP; i++) {
    await fourDirectly();
    await compare();
  }
  const times = { direct: [], compared: [], added: [] };
  for (let i = 0; i < PAIRS; i++) {
    const direct = await timed(fourDirectly);
    const compared = await timed(compare);
    times.direct.push(direct);
    times.compared.push(compared);
    times.added.push(compared - direct);
  }
  let left = COMPARISONS - WARM_UP - PAIRS;
  await Promise.all(Array.from({ length: 8 }, async () => {
    while (left-- > 0) await compare();
  }));
  return { times, residentAtStart, resident: statusField(server.pid, "VmRSS"), peak: statusField(server.pid, "VmHWM") };
}

function report({ times, residentAtStart, resident, peak }) {
  const { payload } = JSON.parse(readFileSync(join(process.env.QUADRILLE_SITE_DIR, "manifest.json"), "utf8"));
  const bytes = payload.js + payload.wasm + payload.css;
  const both = (values) => [quantile(values, 0.5), quantile(values, 0.95)];
  const [direct, compared, added] = [both(times.direct), both(times.compared), both(times.added)];
  const ms = (value) => `${value.toFixed(2)} ms`;
  const mb = (value) => `${(value / 1e6).toFixed(1)} MB`;
  let missed = 0;
  const verdict = (is_met) => (is_met ? "met" : (missed++, "MISSED"));
  const rows = [
    [`${PAIRS} pairs, one after the other`, "median", "p95", "target", ""],
    ["four models directly, the slowest", ...direct.map(ms), "", ""],
    ["the same four in a comparison", ...compared.map(ms), "", ""],
    ["added by Quadrille", ...added.map(ms), `median ≤ ${TARGETS.addedMs} ms`, verdict(added[0] <= TARGETS.addedMs)],
    ["comparison ÷ direct", `${(compared[0] / direct[0]).toFixed(2)} ×`, `${(compared[1] / direct[1]).toFixed(2)} ×`, "", ""],
    [],
    [`memory after ${COMPARISONS} comparisons`, mb(resident), "", `< ${TARGETS.residentMb} MB`, verdict(resident < TARGETS.residentMb * 1e6)],
    ["memory at the start, and at its peak", mb(residentAtStart), mb(peak), "", ""],
    ["browser payload", `${(bytes / 1e3).toFixed(1)} kB`, "", `≤ ${TARGETS.payloadKb} kB`, verdict(bytes <= TARGETS.payloadKb * 1e3)],
  ];
  for (const [name = "", middle = "", high = "", target = "", met = ""] of rows) {
    console.log(`${name.padEnd(38)}${middle.padStart(10)}${high.padStart(11)}   ${target.padEnd(17)}${met}`.trimEnd());
  }
  return missed;
}

const upstream = await startUpstream();
const server = await startServer(upstream.url);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.stop().finally(() => process.exit(130)));
let missed = 1;
try {
  missed = report(await measure(server, upstream));
} catch (error) {
  console.error(`${error.stack}\n\nThe server's log:\n${server.log()}`);
} finally {
  await server.stop();
}
process.exit(missed ? 1 : 0);
