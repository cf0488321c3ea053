#!/usr/bin/env bash
# Types and lints of what is not Rust: the scripts of the pages (app/src/**/*.js), the browser tests and the benchmarks (end2end/).
# What scripts and pages call by the same name is compared by a test of `app`.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
"$top/tools/setup.sh" test
use_toolchain
cd "$top"
programs=end2end/node_modules/.bin
for part in tsconfig.scripts.json tsconfig.json tsconfig.bench.json; do "$programs/tsc" --project "end2end/$part"; done
"$programs/oxlint" --config end2end/oxlint.json --deny-warnings app/src end2end
