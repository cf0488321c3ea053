# Shared by the scripts in this folder; to be sourced. Works with the bash 3.2 that macOS ships.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Everything that is installed for the project alone (a newer Node.js, cargo-deny) and the chosen toolchain are kept here.
cache=${QUADRILLE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/quadrille}
# Where cargo leaves what it builds.
target=${CARGO_TARGET_DIR:-$top/target}
case $target in /*) ;; *) target=$top/$target ;; esac
export CARGO_TARGET_DIR=$target

# One line for each step that really does something.
say() { printf '==> %s\n' "$*" >&2; }

# stop_with PROBLEM [LINE TO TYPE]: what is wrong, and the exact line that puts it right.
stop_with() {
  printf '\nerror: %s\n' "$1" >&2
  if [ $# -gt 1 ]; then printf 'Type this, then try again:\n\n    %s\n\n' "$2" >&2; fi
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" -eq 0 ]; }

# at_least VERSION WANTED: compares dotted numbers.
at_least() {
  awk -v have="$1" -v want="$2" 'BEGIN {
    n = split(want, w, "."); split(have, h, ".")
    for (i = 1; i <= n; i++) { if (h[i] + 0 > w[i] + 0) exit 0; if (h[i] + 0 < w[i] + 0) exit 1 }
  }'
}

# Puts the toolchain that setup.sh chose in front of PATH.
use_toolchain() {
  [ -f "$cache/toolchain.env" ] || "$top/tools/setup.sh" run
  # shellcheck disable=SC1091
  . "$cache/toolchain.env"
}

# The folder that holds initdb and postgres: the newest one that is there, 14 or newer.
postgres_bin() {
  local dir best="" version best_version=0
  for dir in "${PG_BIN_DIR:-}" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin \
    /usr/local/opt/postgresql@*/bin /Library/PostgreSQL/*/bin "$(dirname "$(command -v initdb 2>/dev/null || echo /-)")"; do
    if [ -n "$dir" ] && [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && [ -x "$dir/psql" ]; then
      version=$("$dir/postgres" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
      if [ "${version:-0}" -gt "$best_version" ]; then best=$dir best_version=$version; fi
    fi
  done
  [ "$best_version" -ge 14 ] && printf '%s\n' "$best"
}

# The browser that the browser tests drive.
chromium_path() {
  local name
  for name in "${QUADRILLE_CHROMIUM:-}" chromium chromium-browser google-chrome \
    "/Applications/Chromium.app/Contents/MacOS/Chromium" "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    if [ -n "$name" ] && have "$name"; then command -v "$name"; return 0; fi
  done
  return 1
}

# This machine's target. Named in cargo calls of the profile `local`, so that the macros and build scripts of both halves are the
# same: flags for compiling (.cargo/config.toml) then concern the programs alone.
host_target() { rustc -vV | sed -n 's/^host: //p'; }

# cargo_build WHAT CARGO-ARGUMENTS...: builds, and says how far it is: minutes without a word would look like a hang.
cargo_build() {
  local what=$1 place=lines
  shift
  [ -t 2 ] && place=terminal
  say "$what"
  CARGO_TERM_PROGRESS_WHEN=always CARGO_TERM_PROGRESS_WIDTH=100 cargo build --locked "$@" 2>&1 | awk -v place=$place -v what="$what" '
    BEGIN { RS = "\r"; shown = -1 }
    {
      lines = split($0, line, "\n")
      for (i = 1; i <= lines; i++) {
        text = line[i]
        gsub(/\033\[[0-9;]*[A-Za-z]/, "", text)
        if (match(text, /[0-9]+\/[0-9]+/) && text ~ /^ *Building \[/) {
          split(substr(text, RSTART, RLENGTH), of, "/")
          step = int(of[1] * 20 / of[2])
          if (place == "terminal") printf "\r    %d of %d crates  ", of[1], of[2] > "/dev/stderr"
          else if (step > shown && of[2] > 20) { printf "    %d of %d crates\n", of[1], of[2] > "/dev/stderr"; shown = step }
        } else if (text !~ /^ *(Compiling|Downloading|Downloaded|Building|Finished|Fresh|Updating|Locking|Blocking)/ && text ~ /[^ ]/) {
          print text > "/dev/stderr"
        }
        fflush("/dev/stderr")
      }
    }
    END { if (place == "terminal") printf "\r\033[K" > "/dev/stderr" }'
}
