// The server that is measured.
import { spawn } from "node:child_process";
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// The server on an embedded database in a folder of its own, with nothing of this shell's configuration.
/** @param {string} [upstream] */
export async function startServer(upstream) {
  const data = mkdtempSync(join(tmpdir(), "quadrille-bench-"));
  // Where root measures, another user runs the database, and has to get through.
  chmodSync(data, 0o711);
  const log = join(data, "server.log");
  const output = openSync(log, "a");
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("QUADRILLE_") && name !== "DATABASE_URL");
  const server = spawn(/** @type {string} */ (process.env.QUADRILLE_BINARY), ["serve"], {
    env: {
      ...Object.fromEntries(inherited),
      QUADRILLE_LISTEN: "127.0.0.1:0",
      QUADRILLE_DATA_DIR: join(data, "data"),
      QUADRILLE_SITE_DIR: process.env.QUADRILLE_SITE_DIR,
      QUADRILLE_UPSTREAM_URL: upstream,
    },
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  const ended = new Promise((resolve) => server.once("exit", resolve));
  const stop = async () => {
    server.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  const deadline = Date.now() + 60_000;
  for (;;) {
    const ready = readFileSync(log, "utf8").match(/Quadrille is ready.*"listen":"(127\.0\.0\.1:\d+)"/);
    if (ready) return { pid: server.pid, url: `http://${ready[1]}`, log: () => readFileSync(log, "utf8"), stop };
    if (server.exitCode !== null || Date.now() > deadline) {
      const text = readFileSync(log, "utf8");
      await stop();
      throw new Error(`the server did not start:\n${text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
