import { execFileSync } from "node:child_process";
import { defineConfig } from "@playwright/test";

// Chosen once, here, and inherited by the processes that read this file again.
process.env.QUADRILLE_TEST_PORT ??= freePort();
// Where the specs' own upstreams may be.
process.env.QUADRILLE_ALLOWED_PORT ??= freePort();
// Where one may be called that is not there.
process.env.QUADRILLE_CLOSED_PORT ??= freePort();
const origin = `http://127.0.0.1:${process.env.QUADRILLE_TEST_PORT}`;

function freePort(): string {
  const program = "const s=require('net').createServer().listen(0,'127.0.0.1',()=>{console.log(s.address().port);s.close()})";
  return execFileSync(process.execPath, ["-e", program], { encoding: "utf8" }).trim();
}

export default defineConfig({
  testDir: "tests",
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  retries: 0,
  // Two cores: more at once make every page slower, and models that take eight seconds do not wait for a page.
  workers: 3,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: "list",
  use: {
    baseURL: origin,
    // Without its film: taking a picture of every frame slows the very thing that is watched.
    trace: { mode: "retain-on-failure", screenshots: false, snapshots: true, sources: true },
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.QUADRILLE_CHROMIUM ?? "/usr/bin/chromium",
      // Root has no sandbox; the others keep the browser from calling home.
      args: [
        ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--disable-quic",
        "--disable-dev-shm-usage",
      ],
    },
  },
  webServer: {
    command: "node server.mjs",
    url: `${origin}/readyz`,
    reuseExistingServer: false,
    timeout: 60_000,
    stdout: "ignore",
    stderr: "pipe",
    gracefulShutdown: { signal: "SIGTERM", timeout: 20_000 },
  },
});
