// What the gateway adds to a call, beside other gateways in the same run, and the memory it holds at 512 open streams.
//
//   QUADRILLE_BINARY=… QUADRILLE_SITE_DIR=… [PEERS_CACHE=…] node end2end/bench/gateway.mjs
//
// The upstream answers at once, so everything above the direct call is the gateway's: for ours that is the look-up of the key, the
// request, the answer read for its counts, and the usage event on the disk before the end is sent. Every measured call follows
// right after a direct one, so that both see the same machine. The others run as they come, without keys and without events:
//
//   TensorZero  pip install tensorzero==2026.6.0           started through its Python package, observability off
//   LiteLLM     pip install 'litellm[proxy]==1.106.2'      one worker, no database
//   Portkey     npm install @portkey-ai/gateway@1.15.2     start-server.js --headless
//
// tools/bench-peers.sh installs them into PEERS_CACHE; without it only ours is measured and the targets relative to the others are
// not judged. Throughput needs wrk.
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

const WARM_UP = 50;
const PAIRS = Number(process.env.BENCH_PAIRS ?? 500);
const STREAMS = 512;
const SECONDS = 8;
const peersCache = process.env.PEERS_CACHE;
const folder = mkdtempSync(join(tmpdir(), "quadrille-bench-"));
// Where root measures, another user runs the database, and has to get through.
chmodSync(folder, 0o711);
const children = [];

const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))];
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function startUpstream(pause) {
  const thread = new Worker(new URL("upstream.mjs", import.meta.url), { workerData: { pause } });
  thread.unref();
  return new Promise((resolve, reject) => {
    thread.once("message", resolve);
    thread.once("error", reject);
  });
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

// A program with its output in a file, ended with the measurement.
function start(name, command, args, env = {}) {
  const log = join(folder, `${name}.log`);
  const output = openSync(log, "a");
  const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith("QUADRILLE_") && key !== "DATABASE_URL");
  const child = spawn(command, args, { env: { ...Object.fromEntries(inherited), ...env }, stdio: ["ignore", output, output] });
  closeSync(output);
  children.push(child);
  return { pid: child.pid, child, text: () => readFileSync(log, "utf8") };
}

async function waitFor(what, look) {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const found = await look().catch(() => undefined);
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not start`);
    await sleep(100);
  }
}

// One request read to its end: when its first and its last byte came, in ms, and what it said.
function call(url, agent, { body = undefined, headers = {}, method = "POST" }) {
  return new Promise((resolve, reject) => {
    const sent = body === undefined ? "" : JSON.stringify(body);
    const typed = { "content-type": "application/json", "content-length": Buffer.byteLength(sent) };
    const began = process.hrtime.bigint();
    const since = () => Number(process.hrtime.bigint() - began) / 1e6;
    const request = http.request(url, { method, agent, headers: { ...typed, ...headers } }, (response) => {
      let [first, text] = [undefined, ""];
      response.setEncoding("utf8");
      response.on("data", (piece) => {
        first ??= since();
        text += piece;
      });
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text, first, last: since() }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(sent);
  });
}

const plain = new http.Agent({ keepAlive: true });
async function json(url, options) {
  const answer = await call(url, plain, options);
  if (answer.status >= 300) throw new Error(`${url}: ${answer.status} ${answer.text.slice(0, 300)}`);
  return { ...answer, body: JSON.parse(answer.text) };
}

async function quadrille(upstream) {
  const server = start("quadrille", process.env.QUADRILLE_BINARY, ["serve"], {
    QUADRILLE_LISTEN: "127.0.0.1:0",
    QUADRILLE_DATA_DIR: join(folder, "data"),
    QUADRILLE_SITE_DIR: process.env.QUADRILLE_SITE_DIR,
    QUADRILLE_UPSTREAM_URL: upstream.url,
  });
  const look = async () => server.text().match(/Quadrille is ready.*"listen":"(127\.0\.0\.1:\d+)"/)?.[1];
  const url = `http://${await waitFor("Quadrille", look)}`;
  const member = { email: "bench@example.com", password: "correct horse battery staple" };
  const signedIn = await json(`${url}/api/auth/sign-up`, { body: member });
  const cookie = signedIn.headers["set-cookie"][0].split(";")[0];
  const key = await json(`${url}/api/keys`, { body: { name: "bench" }, headers: { cookie } });
  return {
    name: "Quadrille",
    pid: server.pid,
    site: url,
    url: `${url}/v1/chat/completions`,
    model: "bench-a",
    headers: { authorization: `Bearer ${key.body.secret}` },
  };
}

async function tensorzero(upstream) {
  const python = join(peersCache, "tensorzero/venv/bin/python");
  if (!existsSync(python)) return undefined;
  const config = join(folder, "tensorzero.toml");
  writeFileSync(
    config,
    `[gateway]\nobservability.enabled = false\ndisable_pseudonymous_usage_analytics = true\n` +
      `[models.bench]\nrouting = ["upstream"]\n[models.bench.providers.upstream]\ntype = "openai"\nmodel_name = "bench-a"\n` +
      `api_base = "${upstream.url}/"\napi_key_location = "none"\n`,
  );
  const script =
    "import asyncio, sys\nfrom tensorzero import _start_http_gateway\nasync def main():\n" +
    "    gateway = _start_http_gateway(config_file=sys.argv[1], clickhouse_url=None, postgres_url=None, valkey_url=None, async_setup=True)\n" +
    "    gateway = await gateway if hasattr(gateway, '__await__') else gateway\n" +
    "    print('listening', gateway.base_url, flush=True)\n    await asyncio.Event().wait()\nasyncio.run(main())\n";
  const server = start("tensorzero", python, ["-c", script, config]);
  const base = await waitFor("TensorZero", async () => server.text().match(/listening (http:\S+)/)?.[1]);
  const url = `${base.replace(/\/openai\/v1\/?$|\/$/, "")}/openai/v1/chat/completions`;
  return { name: "TensorZero", pid: server.pid, url, model: "tensorzero::model_name::bench", headers: {} };
}

async function litellm(upstream) {
  const program = join(peersCache, "litellm/venv/bin/litellm");
  if (!existsSync(program)) return undefined;
  const config = join(folder, "litellm.yaml");
  writeFileSync(
    config,
    `model_list:\n  - model_name: bench-a\n    litellm_params: {model: openai/bench-a, api_base: "${upstream.url}", api_key: none}\n` +
      `general_settings: {master_key: sk-bench}\nlitellm_settings: {telemetry: false}\n`,
  );
  const port = await freePort();
  const args = ["--config", config, "--host", "127.0.0.1", "--port", String(port), "--num_workers", "1"];
  const server = start("litellm", program, args, { LITELLM_LOCAL_MODEL_COST_MAP: "True", DO_NOT_TRACK: "1" });
  const url = `http://127.0.0.1:${port}`;
  await waitFor("LiteLLM", async () => (await call(`${url}/health/liveliness`, plain, { method: "GET" })).status === 200);
  const headers = { authorization: "Bearer sk-bench" };
  return { name: "LiteLLM", pid: server.pid, url: `${url}/v1/chat/completions`, model: "bench-a", headers };
}

async function portkey(upstream) {
  const script = join(peersCache, "portkey/node_modules/@portkey-ai/gateway/build/start-server.js");
  if (!existsSync(script)) return undefined;
  const port = await freePort();
  const server = start("portkey", process.execPath, [script, "--headless", `--port=${port}`], { NODE_ENV: "production" });
  const url = `http://127.0.0.1:${port}`;
  await waitFor("Portkey", async () => (await call(url, plain, { method: "GET" })).status < 500);
  const headers = { "x-portkey-provider": "openai", "x-portkey-custom-host": upstream.url, authorization: "Bearer none" };
  return { name: "Portkey", pid: server.pid, url: `${url}/v1/chat/completions`, model: "bench-a", headers };
}

const question = (model, stream) => ({
  model,
  messages: [{ role: "user", content: "Say hello in one line." }],
  max_tokens: 32,
  ...(stream && { stream, stream_options: { include_usage: true } }),
});

// Added time, pair by pair.
async function latency(upstream, gateway, stream) {
  const agents = [new http.Agent({ keepAlive: true, maxSockets: 1 }), new http.Agent({ keepAlive: true, maxSockets: 1 })];
  const added = { first: [], last: [] };
  for (let i = 0; i < WARM_UP + PAIRS; i++) {
    const direct = await call(`${upstream.url}/chat/completions`, agents[0], { body: question("bench-a", stream) });
    const through = await call(gateway.url, agents[1], { body: question(gateway.model, stream), headers: gateway.headers });
    if (through.status !== 200 || !through.text.includes("Berlin")) throw new Error(`${gateway.name}: ${through.status} ${through.text.slice(0, 300)}`);
    if (i >= WARM_UP) {
      added.first.push(through.first - direct.first);
      added.last.push(through.last - direct.last);
    }
  }
  agents.forEach((agent) => agent.destroy());
  return added;
}

// Requests a second at 64 connections, by wrk; undefined without it.
function throughput(gateway) {
  const script = join(folder, "wrk.lua");
  const headers = Object.entries({ "content-type": "application/json", ...gateway.headers });
  writeFileSync(
    script,
    `wrk.method = "POST"\n${headers.map(([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}\n`).join("")}` +
      `wrk.body = ${JSON.stringify(JSON.stringify(question(gateway.model)))}\n`,
  );
  let text;
  try {
    text = execFileSync("wrk", ["-t1", "-c64", `-d${SECONDS}s`, "-s", script, gateway.url], { encoding: "utf8" });
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
  if (/Non-2xx/.test(text)) throw new Error(`${gateway.name}: ${text}`);
  return Number(text.match(/Requests\/sec:\s+([\d.]+)/)[1]);
}

const status = (pid, name) => Number(readFileSync(`/proc/${pid}/status`, "utf8").match(new RegExp(`^${name}:\\s+(\\d+) kB`, "m"))[1]) / 1e3 * 1.024;

// Resident memory while so many streams are open.
async function memory(gateway) {
  const agent = new http.Agent({ keepAlive: false, maxSockets: STREAMS });
  let [highest, open] = [0, 0];
  const streams = Array.from({ length: STREAMS }, () =>
    new Promise((resolve, reject) => {
      const sent = JSON.stringify(question(gateway.model, true));
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(sent), ...gateway.headers };
      const request = http.request(gateway.url, { method: "POST", agent, headers }, (response) => {
        open += 1;
        response.resume();
        response.on("end", resolve);
        response.on("error", reject);
      });
      request.on("error", reject);
      request.end(sent);
    }),
  );
  const all = Promise.all(streams);
  let over = false;
  void all.finally(() => (over = true)).catch(() => {});
  let mostOpen = 0;
  while (!over) {
    highest = Math.max(highest, status(gateway.pid, "VmRSS"));
    mostOpen = Math.max(mostOpen, open);
    await sleep(50);
  }
  await all;
  return { highest, mostOpen };
}

async function main() {
  const upstream = await startUpstream(0);
  const gateways = [];
  gateways.push(await quadrille(upstream));
  if (peersCache) {
    for (const peer of [tensorzero, portkey, litellm]) {
      const started = await peer(upstream);
      if (started) gateways.push(started);
      else console.log(`not there: ${peer.name} (tools/bench-peers.sh installs it)`);
    }
  }
  const rows = [];
  for (const gateway of gateways) {
    const whole = await latency(upstream, gateway, false);
    const stream = await latency(upstream, gateway, true);
    rows.push({ name: gateway.name, whole: whole.last, first: stream.first, last: stream.last, rate: throughput(gateway) });
  }
  // The same again for ours, with an upstream whose streams take a while, and the events all in the table.
  const ours = gateways[0];
  await waitFor("the event log's end", async () => {
    const { text } = await call(`${ours.site}/metrics`, plain, { method: "GET" });
    return /quadrille_event_log_events_waiting 0\n/.test(text);
  });
  const slow = await startUpstream(300);
  const second = await (async () => {
    const stop = children.shift();
    stop.kill("SIGTERM");
    await new Promise((resolve) => stop.once("exit", resolve));
    rmSync(join(folder, "data"), { recursive: true, force: true });
    writeFileSync(join(folder, "quadrille.log"), "");
    return quadrille(slow);
  })();
  const held = await memory(second);

  const ms = (values) => `${quantile(values, 0.5).toFixed(2)} / ${quantile(values, 0.95).toFixed(2)}`;
  console.log(`\nadded by the gateway, ${PAIRS} pairs, ms (median / p95)`.padEnd(60));
  console.log(`${"".padEnd(14)}${"whole answer".padStart(16)}${"first byte".padStart(16)}${"last byte".padStart(16)}${"requests/s at 64".padStart(20)}`);
  for (const row of rows) {
    const rate = row.rate === undefined ? "no wrk" : row.rate.toFixed(0);
    console.log(`${row.name.padEnd(14)}${ms(row.whole).padStart(16)}${ms(row.first).padStart(16)}${ms(row.last).padStart(16)}${rate.padStart(20)}`);
  }
  const [mine, peer] = [rows[0], rows.find((row) => row.name === "TensorZero")];
  const median = (values) => quantile(values, 0.5);
  let missed = 0;
  const judge = (what, figure, target, isMet) => {
    console.log(`${what.padEnd(46)}${figure.padStart(12)}   ${target.padEnd(28)}${isMet ? "met" : "MISSED"}`);
    if (!isMet) missed++;
  };
  console.log("");
  if (peer) {
    judge("whole answer, median", `${median(mine.whole).toFixed(2)} ms`, `≤ ${(median(peer.whole) + 0.3).toFixed(2)} ms`, median(mine.whole) <= median(peer.whole) + 0.3);
    judge("first byte of a stream, median", `${median(mine.first).toFixed(2)} ms`, `≤ ${(median(peer.first) + 0.3).toFixed(2)} ms`, median(mine.first) <= median(peer.first) + 0.3);
    if (mine.rate !== undefined) judge("requests a second at 64 connections", mine.rate.toFixed(0), `≥ ${peer.rate.toFixed(0)}`, mine.rate >= peer.rate);
  }
  judge("last byte of a stream, median", `${median(mine.last).toFixed(2)} ms`, "≤ 2 ms", median(mine.last) <= 2);
  judge(`memory at ${held.mostOpen} open streams`, `${held.highest.toFixed(1)} MB`, "< 60 MB", held.highest < 60 && held.mostOpen === STREAMS);
  return missed;
}

let missed = 1;
try {
  missed = await main();
} catch (error) {
  console.error(error.stack);
} finally {
  for (const child of children) child.kill("SIGTERM");
  await Promise.all(children.map((child) => (child.exitCode === null && child.signalCode === null ? new Promise((resolve) => child.once("exit", resolve)) : undefined)));
  rmSync(folder, { recursive: true, force: true });
}
process.exit(missed ? 1 : 0);
