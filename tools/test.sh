#!/usr/bin/env bash
# Every check there is, in this order. A check that fails does not keep the others from running.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
"$top/tools/setup.sh" test
use_toolchain
cd "$top"

logs=$target/test-logs database=$(mktemp -d)
rm -rf "$logs"
mkdir -p "$logs"
trap 'tools/test-postgres.sh stop "$database"' EXIT
trap 'exit 130' INT TERM
failures="" passed=0 failed=0
began=$SECONDS

# check NAME COMMAND...: runs it with a heading and its time; what it prints is kept in a log too.
check() {
  local name=$1 log start=$SECONDS
  shift
  log=$logs/$(printf '%s' "$name" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z-').log
  printf '\n--- %s\n' "$name"
  if "$@" 2>&1 | tee "$log"; then
    passed=$((passed + 1))
    printf '    ok, %s s\n' $((SECONDS - start))
  else
    failed=$((failed + 1)) failures="$failures${failures:+, }$name"
    printf '    FAILED, %s s\n' $((SECONDS - start))
    return 1
  fi
}

# Nothing may hang a whole run: no test takes minutes.
limit="" fetch_limit=""
if have timeout; then limit="timeout -k 10 1200" fetch_limit="timeout -k 10 120"; fi
# A snapshot that differs fails and is not rewritten.
export INSTA_UPDATE=no

cargo_tests() {
  local status=0 url
  url=$(tools/test-postgres.sh start "$database") || return 1
  # What passing tests print is kept, so that a panic in a background task is found below.
  { DATABASE_URL=$url $limit cargo test -q --locked --workspace --exclude frontend --exclude bundle --no-fail-fast -- --show-output &&
    cargo test -q --locked -p bundle --profile local --target "$(host_target)" -- --show-output; } >"$logs/cargo-output.log" 2>&1 || status=1
  tools/test-postgres.sh stop "$database"
  if [ $status = 0 ]; then grep -E '^test result:' "$logs/cargo-output.log"; else cat "$logs/cargo-output.log"; fi
  return $status
}

# The database of advisories is a Git repository. In a network that does not reach it the check is left out, and says so; a
# dependency's newest vulnerability is no reason to stop work there.
advisories() {
  if ! $fetch_limit cargo deny --log-level off fetch db >/dev/null 2>&1; then
    echo "LEFT OUT: https://github.com/RustSec/advisory-db cannot be fetched from here"
    return 0
  fi
  cargo deny --log-level error check --disable-fetch advisories
}

browser_tests() {
  (cd end2end && QUADRILLE_BINARY=$target/debug/quadrille QUADRILLE_SITE_DIR=$target/site QUADRILLE_CHROMIUM=$(chromium_path) \
    QUADRILLE_LOG_DIR=$logs $limit node node_modules/@playwright/test/cli.js test --reporter=list)
}

# OpenAI's own package, as callers use it.
openai_tests() {
  QUADRILLE_BINARY=$target/debug/quadrille QUADRILLE_SITE_DIR=$target/site PYTHONPATH=$cache/openai PYTHONDONTWRITEBYTECODE=1 \
    $limit python3 end2end/openai/test_openai.py
}

# A panic of the program's own code: one in a test's own file is that test's verdict.
no_panics() {
  ! grep -nE 'panicked at' "$logs/cargo-output.log" "$logs/browser-server.log" | grep -vE 'panicked at [a-z/]*/tests/'
}

check "Formatting" cargo fmt --all --check || true
check "Lints of the server" tools/check.sh server || true
check "Lints of the browsers half" tools/check.sh browser || true
check "Types and lints of the scripts" tools/check-scripts.sh || true
check "Layers" tools/guards.sh || true
check "Licences, sources and versions of dependencies" cargo deny --log-level error check bans licenses sources || true
check "Known vulnerabilities of dependencies" advisories || true
site="" server=""
check "The site and its size" tools/site.sh --optimise --budget 200000 && site=built
# Leaves the server's binary too, which the browser tests use: building it alone would build its dependencies anew.
check "Building the tests" cargo test -q --locked --workspace --exclude frontend --exclude bundle --no-run && server=built
if [ -n "$server" ]; then check "Tests on Postgres" cargo_tests || true; fi
if [ -n "$site" ] && [ -n "$server" ]; then check "Tests in the browser" browser_tests || true; fi
if [ -n "$site" ] && [ -n "$server" ]; then check "OpenAIs Python package" openai_tests || true; fi
check "No panic in any log" no_panics || true

# Every check counts, and every test of the two test runners in place of its check.
count() { awk "$1" "$logs/cargo-output.log" "$logs/tests-in-the-browser.log" 2>/dev/null || true; }
good=$(count '/^test result:/{n += $4} /^ +[0-9]+ passed/{n += $1} END{print n + 0}')
bad=$(count '/^test result:/{n += $6} /^ +[0-9]+ failed/{n += $1} END{print n + 0}')
[ -z "$failures" ] || printf '\nFailed: %s. The logs are in %s\n' "$failures" "$logs"
printf '\n%s s in all\n%s passed, %s failed\n' $((SECONDS - began)) $((good + passed)) $((bad + failed))
[ -z "$failures" ]
