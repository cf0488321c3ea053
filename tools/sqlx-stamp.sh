#!/usr/bin/env bash
# Prints one hash of all migrations: server/.sqlx remembers which ones it was made from.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if command -v sha256sum >/dev/null; then hash=sha256sum; else hash="shasum -a 256"; fi
LC_ALL=C; export LC_ALL
for file in migrations/*.sql; do printf '%s\n' "$file"; cat "$file"; done | $hash | cut -d' ' -f1
