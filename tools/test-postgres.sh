#!/usr/bin/env bash
# A throw-away Postgres server for tests: fast, not durable, reachable through its socket alone.
#
#   tools/test-postgres.sh start DIR    starts it in DIR (made if missing) and prints its DATABASE_URL
#   tools/test-postgres.sh stop DIR     stops it and removes DIR
#
# DIR must be short (a socket's path has at most 107 bytes) and, for root, outside /root: use `mktemp -d`.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -eq 2 ] || usage
action=$1 dir=$2
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
bin=$(postgres_bin) || stop_with "no Postgres (14 or newer) was found" "make setup"

# Postgres refuses to run as root, so root hands it to another user.
owner=${PG_RUN_AS:-postgres}
as_owner() {
  if ! is_root; then "$@"
  elif have setpriv; then (cd / && setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups "$@")
  else (cd / && su "$owner" -s /bin/sh -c "$(printf '%q ' "$@")"); fi
}

start() {
  mkdir -p "$dir"
  chmod 700 "$dir"
  if is_root; then
    id -u "$owner" >/dev/null 2>&1 || owner=nobody
    chown "$owner" "$dir"
    as_owner test -x "$dir" || stop_with "the user $owner cannot reach $dir; choose a folder outside /root, such as \$(mktemp -d)"
  fi
  if [ ! -f "$dir/data/PG_VERSION" ]; then
    as_owner "$bin/initdb" --no-sync -U postgres -A trust -E UTF8 --locale=C -D "$dir/data" >"$dir/initdb.log" 2>&1 ||
      { cat "$dir/initdb.log" >&2; exit 1; }
    cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$dir'
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 300
shared_buffers = 64MB
log_min_messages = warning
timezone = 'UTC'
CONF
  fi
  as_owner "$bin/pg_ctl" -D "$dir/data" status >/dev/null 2>&1 ||
    as_owner "$bin/pg_ctl" -w -t 60 -D "$dir/data" -l "$dir/data/server.log" start >/dev/null ||
    { cat "$dir/data/server.log" >&2; exit 1; }
  printf 'postgres://postgres@localhost/postgres?host=%s\n' "$dir"
}

stop() {
  [ -d "$dir/data" ] || exit 0
  as_owner "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$dir"
}

case $action in start) start ;; stop) stop ;; *) usage ;; esac
