#!/usr/bin/env bash
# Checks every query of the server against a database made of migrations/, and writes what the compiler needs to know about them
# to server/.sqlx. To be committed; `make test` fails when it does not fit the migrations or the queries.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
"$top/tools/setup.sh" run
use_toolchain
cd "$top"

database=$(mktemp -d) offline=$top/server/.sqlx draft=$top/server/.sqlx.draft
trap 'tools/test-postgres.sh stop "$database"; rm -rf "$draft"' EXIT
url=$(tools/test-postgres.sh start "$database")
say "Applying the migrations"
for file in migrations/*.sql; do
  "$(postgres_bin)/psql" -qX -v ON_ERROR_STOP=1 --single-transaction "$url" -f "$file" >/dev/null
done
say "Checking the queries"
rm -rf "$draft"
mkdir "$draft"
# The compiler does not see that the database changed, so it is told that the files did.
find server -name '*.rs' -exec touch {} +
DATABASE_URL=$url SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$draft cargo check -q --locked -p server
tools/sqlx-stamp.sh >"$draft/migrations.sha256"
rm -rf "$offline"
mv "$draft" "$offline"
say "server/.sqlx holds $(find "$offline" -name '*.json' | wc -l | tr -d ' ') queries"
