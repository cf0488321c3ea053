#!/usr/bin/env bash
# Installs what is missing, builds what changed, and serves. With no upstream configured it serves the demo.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
"$top/tools/setup.sh" run
use_toolchain
cd "$top"
binary=$target/$(host_target)/local/quadrille
[ -x "$binary" ] || say "The first build takes some minutes: about 500 libraries for the server and 150 for the browser"
"$top/tools/site.sh" --local
cargo_build "Building the server" -p server --profile local --target "$(host_target)"
if [ -z "${QUADRILLE_UPSTREAM_URL:-}" ] && [ -z "${QUADRILLE_DEMO:-}" ]; then
  export QUADRILLE_DEMO=1
  say "No upstream is configured: starting in demo mode, with four simulated models"
  say "(real ones: QUADRILLE_UPSTREAM_URL=http://127.0.0.1:11434/v1 make run)"
fi
export QUADRILLE_SITE_DIR=$target/site-local
exec "$binary" serve
