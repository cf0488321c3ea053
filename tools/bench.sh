#!/usr/bin/env bash
# Measures the release build, side by side with what it is compared with, in one run. Fails when a target is missed.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
"$top/tools/setup.sh" build
use_toolchain
cd "$top"
"$top/tools/site.sh" --optimise
cargo_build "Building the server" -p server --profile dist --features jemalloc
export QUADRILLE_BINARY=$target/dist/quadrille QUADRILLE_SITE_DIR=$target/site
say "Measuring comparisons (about a minute; other work on this machine distorts it)"
missed=0
node end2end/bench/playground.mjs || missed=1
if browser=$(chromium_path); then
  say "Measuring cards in the browser"
  QUADRILLE_CHROMIUM=$browser node end2end/bench/cards.mjs || missed=1
else
  say "Cards are not measured: there is no Chromium here (make test installs one)"
fi
say "Measuring the leaderboard (some minutes; other work on this machine distorts it)"
node end2end/bench/leaderboard.mjs || missed=1
say "Measuring the gateway"
export PEERS_CACHE=${PEERS_CACHE:-$cache/peers}
[ -d "$PEERS_CACHE" ] || say "tools/bench-peers.sh installs other gateways to be measured beside it"
node end2end/bench/gateway.mjs || missed=1
exit $missed
