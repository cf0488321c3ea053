// How fast the leaderboard is rolled up and served, each as a ratio to something plain measured beside it in the same run.
//
//   QUADRILLE_BINARY=… QUADRILLE_SITE_DIR=… node end2end/bench/leaderboard.mjs
//
// Needs nginx and wrk for the speed of serving; without them that is left out, and said so. BENCH_EVENTS changes how many events
// the rolled-up hour has (10 million).
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, closeSync, mkdtempSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const EVENTS = Number(process.env.BENCH_EVENTS ?? 10_000_000);
const HOUR = "2026-11-20T10:00:00Z";
const ROUNDS = 3;
const SECONDS = 4;
const READERS = 10_000;
const TARGETS = { json: 1.0, html: 0.1, rollUp: 12, memoryMb: 20, loads: 1 };

const top = resolve(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "quadrille-bench-"));
chmodSync(scratch, 0o755);
const databaseDir = mkdtempSync(join(tmpdir(), "qbench"));
const run = (program, words, options = {}) => execFileSync(program, words, { encoding: "utf8", maxBuffer: 1 << 28, ...options });
const databaseUrl = run(join(top, "tools/test-postgres.sh"), ["start", databaseDir]).trim();
const psqlPath = run("bash", ["-c", `. ${top}/tools/lib.sh; postgres_bin`]).trim() + "/psql";
const sql = (text) => run(psqlPath, ["-qXAt", "-v", "ON_ERROR_STOP=1", databaseUrl], { input: text });
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("QUADRILLE_"))),
  QUADRILLE_SITE_DIR: process.env.QUADRILLE_SITE_DIR,
  QUADRILLE_DATA_DIR: join(scratch, "data"),
  QUADRILLE_MASTER_KEY: randomBytes(32).toString("base64"),
  QUADRILLE_LISTEN: "127.0.0.1:0",
  QUADRILLE_LOG: "info",
  DATABASE_URL: databaseUrl,
};
const binary = process.env.QUADRILLE_BINARY;
const seconds = (work) => {
  const began = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - began) / 1e9;
};
const best = (times, work) => Math.min(...Array.from({ length: times }, () => seconds(work)));
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const has = (program) => {
  try {
    run("bash", ["-c", `command -v ${program}`]);
    return true;
  } catch {
    return false;
  }
};

// Runs a command of the binary to its end and says how long it took and the most memory it held.
function command(...words) {
  return new Promise((done, failed) => {
    const began = process.hrtime.bigint();
    const child = spawn(binary, words, { env: environment, stdio: ["ignore", "ignore", "inherit"] });
    let peak = 0;
    const look = setInterval(() => {
      try {
        peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))[1]) * 1024);
      } catch {
        // It has just ended.
      }
    }, 5);
    child.on("exit", (code) => {
      clearInterval(look);
      if (code) failed(new Error(`quadrille ${words.join(" ")} ended with ${code}`));
      else done({ seconds: Number(process.hrtime.bigint() - began) / 1e9, peak });
    });
  });
}

async function rollUp() {
  sql(`SELECT usage_events_ensure_partition('2026-11-20');`);
  // Straight into the partition: no trigger, no routing. Twenty models, log-normal times, four of five streamed.
  sql(`INSERT INTO usage_events_20261120 (id, occurred_at, latency_ms, attempt, is_stream, model_public_name, outcome, error_class,
         ttft_ms, tokens_in, tokens_out, cost_usd, status_code, usage_source, source, api_key_id)
       SELECT gen_random_uuid(), '${HOUR}'::timestamptz + i * interval '3600 s' / (${EVENTS} + 1),
         exp(6.5 + 0.6 * z)::bigint, 1, i % 5 <> 0, 'bench/model-' || (i % 20), CASE WHEN i % 100 = 7 THEN 'error' ELSE 'success' END,
         CASE WHEN i % 100 = 7 THEN 'timeout' END, CASE WHEN i % 5 <> 0 THEN exp(5.2 + 0.4 * z)::bigint END, 300 + i % 1000, 100 + i % 500,
         (i % 1000) * 0.000001, 200, 'upstream', 'gateway', gen_random_uuid()
       FROM (SELECT i, sqrt(-2 * ln(1 - random())) * cos(6.283185307 * random()) AS z FROM generate_series(1, ${EVENTS}) AS i) AS dice;
       VACUUM ANALYZE usage_events_20261120;`);
  const within = `occurred_at >= '${HOUR}' AND occurred_at < '${HOUR}'::timestamptz + interval '1 hour'`;
  const count = best(3, () => sql(`SELECT count(*) FROM usage_events WHERE ${within}`));
  const idle = await command("rollup");
  const redo = () => command("rollup", "--since", HOUR);
  const first = await redo();
  const second = await redo();
  const exact = seconds(() =>
    sql(`SET work_mem = '256MB'; SELECT model_public_name, percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY latency_ms),
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY ttft_ms) FROM usage_events WHERE ${within} GROUP BY 1`));
  const rolled = sql(`SELECT sum(requests) FROM model_perf_hourly WHERE hour = '${HOUR}'`).trim();
  if (Number(rolled) !== EVENTS) throw new Error(`${rolled} of ${EVENTS} events were rolled up`);
  // What starting and ending the program takes is not the roll-up.
  const own = Math.min(first.seconds, second.seconds) - idle.seconds;
  return { count, own, exact, memory: Math.max(first.peak, second.peak) - idle.peak };
}

// Fifty models with a month of hours each, as rolled up.
function seedBoard() {
  sql(`INSERT INTO upstreams (id, name, base_url, created_at, updated_at) VALUES ('01936b2e-0000-7000-8000-000000000001', 'bench', 'http://127.0.0.1:9/v1', now(), now());
       INSERT INTO models (id, public_name, slug, upstream_id, upstream_model, family, context_window, is_featured, input_price_per_million_usd, output_price_per_million_usd, created_at, updated_at)
       SELECT gen_random_uuid(), 'bench/board-' || i, 'bench-board-' || i, '01936b2e-0000-7000-8000-000000000001', 'm' || i, 'Bench', 32768, i % 9 = 0, i * 0.1, i * 0.3, now(), now()
       FROM generate_series(1, 50) AS i;
       INSERT INTO model_perf_hourly (hour, model_public_name, requests, successes, refused, abandoned, errors_by_class, tokens_in, tokens_out, cost_usd,
         generated_tokens, generation_ms, latency_histogram, ttft_histogram, rolled_up_at)
       SELECT date_trunc('hour', now(), 'UTC') - h * interval '1 hour', 'bench/board-' || i, 1000, 990 + (i + h) % 11, 1, 1, '{"timeout": 1}', 40000, 60000, 1.25, 60000, 900000,
         (SELECT array_agg(((700 + i * 3 + b)::bigint << 40) + 10 ORDER BY b) FROM generate_series(0, 99) AS b),
         (SELECT array_agg(((500 + i * 3 + b)::bigint << 40) + 10 ORDER BY b) FROM generate_series(0, 59) AS b), now()
       FROM generate_series(1, 50) AS i, generate_series(1, 720) AS h;`);
}

async function startServer() {
  const log = join(scratch, "server.log");
  const output = openSync(log, "w");
  const server = spawn(binary, ["serve"], { env: environment, stdio: ["ignore", output, output] });
  closeSync(output);
  const deadline = Date.now() + 60_000;
  for (;;) {
    const ready = readFileSync(log, "utf8").match(/Quadrille is ready.*?(127\.0\.0\.1:\d+)/);
    if (ready) return { url: `http://${ready[1]}`, stop: () => new Promise((done) => (server.once("exit", done), server.kill("SIGTERM"))) };
    if (server.exitCode !== null || Date.now() > deadline) throw new Error(`the server did not start:\n${readFileSync(log, "utf8")}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

// Readers over many connections while figures change: how often the database is asked for their window, at most. Postgres itself
// writes down what it is asked.
async function loads() {
  sql("ALTER DATABASE postgres SET log_statement = 'all'");
  const asked = () => readFileSync(join(databaseDir, "data/server.log"), "utf8").split("LEFT JOIN model_perf_hourly h").length - 1;
  const server = await startServer();
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  const ask = (path) =>
    new Promise((done, failed) => {
      const request = get(server.url + path, { agent }, (answer) => {
        if (answer.statusCode !== 200) failed(new Error(`${path}: ${answer.statusCode}`));
        answer.resume().on("end", done);
      });
      request.on("error", failed);
    });
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const change = () => new Promise((done) => spawn(psqlPath, ["-qX", databaseUrl, "-c", "NOTIFY quadrille_rollup"]).on("exit", done));
  const counts = [];
  try {
    // Until it listens.
    await pause(1_000);
    for (const path of ["/api/leaderboard", "/api/leaderboard?window_days=30"]) {
      await Promise.all(Array.from({ length: 400 }, () => ask(path)));
      const before = asked();
      let left = READERS;
      const readers = Array.from({ length: READERS }, () => ask(path).then(() => left--));
      const all = Promise.all(readers);
      await Promise.race([readers[READERS / 10], all]);
      await change();
      if (left === 0) throw new Error("the readers were gone before the figures changed");
      await all;
      // What is loaded for nobody counts too.
      await pause(500);
      counts.push(asked() - before);
    }
  } finally {
    agent.destroy();
    await server.stop();
    sql("ALTER DATABASE postgres RESET log_statement");
  }
  if (Math.min(...counts) === 0) throw new Error("the figures were not loaded anew");
  return Math.max(...counts);
}

const freePort = () =>
  new Promise((done) => {
    const socket = createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (socket.address());
      socket.close(() => done(port));
    });
  });

// nginx with the same bytes as static files, as Debian sets it up (as many workers as cores, sendfile, tcp_nopush), without its log.
async function startNginx(files) {
  const root = join(scratch, "static");
  mkdirSync(root);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(root, name), bytes);
  const port = await freePort();
  const config = join(scratch, "nginx.conf");
  writeFileSync(config, `daemon off; worker_processes auto; pid ${scratch}/nginx.pid; error_log ${scratch}/nginx.log;
    events { worker_connections 1024; }
    http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
      types { application/json json; text/html html; }
      client_body_temp_path ${scratch}/t1; proxy_temp_path ${scratch}/t2; fastcgi_temp_path ${scratch}/t3; uwsgi_temp_path ${scratch}/t4; scgi_temp_path ${scratch}/t5;
      server { listen 127.0.0.1:${port}; root ${root}; } }`);
  const nginx = spawn("nginx", ["-c", config, "-e", `${scratch}/nginx.log`], { stdio: "inherit" });
  await new Promise((done) => setTimeout(done, 500));
  return { url: `http://127.0.0.1:${port}`, stop: () => new Promise((done) => (nginx.once("exit", done), nginx.kill("SIGTERM"))) };
}

const rate = (url) => {
  const text = run("wrk", ["-t2", "-c64", `-d${SECONDS}s`, url]);
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`${url}:\n${text}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]);
};

async function serving() {
  const server = await startServer();
  const read = async (path) => Buffer.from(await (await fetch(server.url + path, { headers: { "accept-encoding": "identity" } })).arrayBuffer());
  const [json, html] = [await read("/api/leaderboard"), await read("/leaderboard")];
  if (JSON.parse(json.toString()).total_entries !== 50) throw new Error("the board does not have 50 models");
  const nginx = await startNginx({ "board.json": json, "board.html": html });
  try {
    const rounds = { json: [], nginxJson: [], html: [], nginxHtml: [] };
    rate(`${server.url}/api/leaderboard`);
    for (let i = 0; i < ROUNDS; i++) {
      rounds.nginxJson.push(rate(`${nginx.url}/board.json`));
      rounds.json.push(rate(`${server.url}/api/leaderboard`));
      rounds.nginxHtml.push(rate(`${nginx.url}/board.html`));
      rounds.html.push(rate(`${server.url}/leaderboard`));
    }
    return {
      json: median(rounds.json),
      nginxJson: median(rounds.nginxJson),
      html: median(rounds.html),
      nginxHtml: median(rounds.nginxHtml),
      jsonBytes: json.length,
      htmlBytes: html.length,
    };
  } finally {
    await nginx.stop();
    await server.stop();
  }
}

let missed = 0;
const verdict = (isMet) => (isMet ? "met" : (missed++, "MISSED"));
const line = (name, value, target = "", met = "") => console.log(`${name.padEnd(58)}${value.padStart(14)}   ${target.padEnd(12)}${met}`.trimEnd());

try {
  await command("migrate");
  const rolled = await rollUp();
  line(`count(*) of an hour with ${EVENTS.toLocaleString("en")} events`, `${rolled.count.toFixed(2)} s`);
  line("rolling it up", `${rolled.own.toFixed(2)} s`);
  line("roll-up ÷ count(*)", `${(rolled.own / rolled.count).toFixed(1)} ×`, `≤ ${TARGETS.rollUp} ×`, verdict(rolled.own / rolled.count <= TARGETS.rollUp));
  line("roll-up ÷ percentile_cont of both", `${(rolled.own / rolled.exact).toFixed(2)} ×`, "< 1 ×", verdict(rolled.own < rolled.exact));
  line("memory it takes in the program", `${(rolled.memory / 1e6).toFixed(1)} MB`, `< ${TARGETS.memoryMb} MB`, verdict(rolled.memory < TARGETS.memoryMb * 1e6));
  seedBoard();
  const most = await loads();
  line(`loads, for ${READERS.toLocaleString("en")} readers of a window as figures change`, String(most), `≤ ${TARGETS.loads}`, verdict(most <= TARGETS.loads));
  if (has("nginx") && has("wrk")) {
    const served = await serving();
    line(`JSON of 50 models, ${(served.jsonBytes / 1e3).toFixed(0)} kB, 64 connections`, `${served.json.toFixed(0)} /s`);
    line("÷ nginx with the same bytes", (served.json / served.nginxJson).toFixed(2), `≥ ${TARGETS.json}`, verdict(served.json >= TARGETS.json * served.nginxJson));
    line(`page of 50 models, ${(served.htmlBytes / 1e3).toFixed(0)} kB, 64 connections`, `${served.html.toFixed(0)} /s`);
    line("÷ nginx with the same bytes", (served.html / served.nginxHtml).toFixed(2), `≥ ${TARGETS.html}`, verdict(served.html >= TARGETS.html * served.nginxHtml));
  } else {
    console.log("nginx or wrk is not installed: how fast the leaderboard is served was not measured (apt-get install nginx-light wrk)");
  }
} catch (error) {
  console.error(error.stack);
  missed++;
} finally {
  run(join(top, "tools/test-postgres.sh"), ["stop", databaseDir]);
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(missed ? 1 : 0);
