// Quadrille for the browser tests: the built server in demo mode, with an embedded database in a folder that goes away with it.
// Its log is kept: `make test` reads it for panics.
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const port = process.env.QUADRILLE_TEST_PORT ?? "3999";
const target = process.env.CARGO_TARGET_DIR ?? resolve(import.meta.dirname, "../target");
const log = join(process.env.QUADRILLE_LOG_DIR ?? tmpdir(), "browser-server.log");
const data = mkdtempSync(join(tmpdir(), "quadrille-e2e-"));
// Where root runs the tests, another user runs the database, and has to get through.
chmodSync(data, 0o711);

// The configuration of whoever starts the tests must not reach the server under test.
const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("QUADRILLE_") && name !== "DATABASE_URL");
const output = openSync(log, "a");
const server = spawn(process.env.QUADRILLE_BINARY ?? join(target, "debug/quadrille"), ["serve"], {
  env: {
    ...Object.fromEntries(inherited),
    QUADRILLE_LISTEN: `127.0.0.1:${port}`,
    QUADRILLE_DATA_DIR: data,
    QUADRILLE_SITE_DIR: process.env.QUADRILLE_SITE_DIR ?? join(target, "site"),
    QUADRILLE_DEMO: "1",
    QUADRILLE_ALLOW_PRIVATE_UPSTREAMS: [process.env.QUADRILLE_ALLOWED_PORT, process.env.QUADRILLE_CLOSED_PORT]
      .filter(Boolean)
      .map((port) => `127.0.0.1:${port}`)
      .join(","),
    QUADRILLE_ADMIN_EMAIL: "admin@example.com",
    QUADRILLE_ADMIN_PASSWORD: "correct horse battery staple",
    RUST_BACKTRACE: "1",
  },
  stdio: ["ignore", output, output],
});

for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => server.kill("SIGTERM"));
/** @param {number} code */
const end = (code) => {
  rmSync(data, { recursive: true, force: true });
  process.exit(code);
};
server.on("error", (error) => {
  console.error(`the server could not be started: ${error.message}`);
  end(1);
});
server.on("exit", (code, signal) => {
  if (code) console.error(`the server ended with ${code}; its log: ${log}`);
  end(code ?? (signal === "SIGTERM" ? 0 : 1));
});
