#!/usr/bin/env bash
# Lints both halves of the program: the server's on this machine, the browser's for its own target.
# They are never checked in one call, for cargo would then give `app` the features of both at once.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
"$top/tools/setup.sh" test
use_toolchain
cd "$top"
case ${1:-both} in
  server | both) cargo clippy -q --locked --workspace --exclude frontend --all-targets -- -D warnings ;;
esac
case ${1:-both} in
  browser | both) cargo clippy -q --locked -p frontend -p app -p domain --features app/hydrate --target wasm32-unknown-unknown -- -D warnings ;;
esac
