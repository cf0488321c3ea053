#!/usr/bin/env bash
# The rules of the layers that no compiler checks. Each finding is printed with its place; any finding fails.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
use_toolchain
cd "$top"
failed=0

# guard RULE FINDINGS: the rule holds when nothing was found.
guard() {
  if [ -z "$2" ]; then return 0; fi
  printf 'broken: %s\n%s\n\n' "$1" "$2" | sed '2,$s/^/    /'
  failed=1
}

# found PATTERN PATH...: lines of Rust that match, without comments.
found() {
  local pattern=$1
  shift
  grep -rnE --include='*.rs' -e "$pattern" "$@" 2>/dev/null | grep -vE '^[^:]+:[0-9]+: *//' || true
}
outside() { grep -vE "^($1)" || true; }

# names ARGUMENTS: the crates of a dependency graph.
names() { cargo tree --locked -q --prefix none --format '{p}' -e normal "$@" | awk '{print $1}' | sort -u; }

guard "domain names no framework" \
  "$(names -p domain --features server --depth 1 | grep -xE 'leptos.*|sqlx.*|axum.*|reqwest|tokio.*|hyper|app|server|services' || true)"
guard "app names no database, no HTTP client, no runtime, no web framework" \
  "$(names -p app --features ssr --depth 1 | grep -xE 'sqlx.*|reqwest|tokio.*|axum.*|hyper|leptos_axum|services|foundation' || true)"
guard "what the server does is compiled without the pages" "$(names -p services | grep -xE 'app|leptos.*' || true)"
guard "the browser's half holds nothing that only the server needs" \
  "$(names -p frontend --target wasm32-unknown-unknown | grep -xE 'server|services|foundation|sqlx.*|reqwest|axum|hyper|rustls|argon2|chacha20poly1305|utoipa|clap|markdown' || true)"

guard "SQL is in repo.rs files and in server/database alone" \
  "$(found 'query(_as|_scalar)?(_file)?(_unchecked)?!|sqlx::(query|raw_sql)|QueryBuilder' server/*/src server/src | outside 'server/database/src/|.*/repo\.rs:|.*/repo/')"
guard "only server/src/web/ imports Leptos" \
  "$(found '(^|[^a-z_])leptos(_axum|_meta|_router)?(::|;)' server/src | outside 'server/src/web/')"
# Calls of std::env are found by clippy (.clippy.toml); this is what clap reads.
guard "only server/src/config/ reads the environment" \
  "$(found '#\[arg\(.*env' server/src server/*/src app | outside 'server/src/config/')"
circles=$(node tools/cycles.mjs) || circles=${circles:-tools/cycles.mjs did not run}
guard "no files import each other in a circle" "$circles"
guard "no inline styles: the content security policy forbids them" "$(found '(^|[^a-z_-])style(=|:[a-z-]+=)' app/src)"

# The compiler finds a query that is missing in server/.sqlx; these find the rest.
if [ -n "$(found 'query(_as|_scalar)?(_file)?!' server/*/src)" ]; then
  [ "$(cat server/.sqlx/migrations.sha256 2>/dev/null)" = "$(tools/sqlx-stamp.sh)" ] ||
    guard "server/.sqlx fits the migrations" "they changed since; type: make sqlx-prepare"
fi
if [ -d server/.sqlx ] && [ -n "$(git ls-files --others --exclude-standard server/.sqlx)" ]; then
  guard "server/.sqlx is committed" "$(git ls-files --others --exclude-standard server/.sqlx)"
fi
exit $failed
