#!/usr/bin/env bash
# Serves, and on every change builds and starts anew. A build that fails leaves the old server running.
# The browser's half is neither optimised nor compressed here: that takes longest.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
"$top/tools/setup.sh" run
use_toolchain
cd "$top"

if [ -z "${QUADRILLE_UPSTREAM_URL:-}" ]; then export QUADRILLE_DEMO=${QUADRILLE_DEMO:-1}; fi
export QUADRILLE_SITE_DIR=$target/site-dev
server="" mark=$(mktemp)
stop_server() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; server=""; fi
}
trap 'stop_server; rm -f "$mark"' EXIT
trap 'exit 130' INT TERM

changed() {
  [ -n "$(find app server frontend style migrations Cargo.toml Cargo.lock -newer "$mark" -type f -print 2>/dev/null | head -n 1)" ]
}

build() { "$top/tools/site.sh" --dev && cargo_build "Building the server" -p server; }

while true; do
  touch "$mark"
  if build; then
    stop_server
    "$target/debug/quadrille" serve &
    server=$!
  else say "The build failed; waiting for the next change"; fi
  until changed; do sleep 0.5; done
  say "Something changed"
done
