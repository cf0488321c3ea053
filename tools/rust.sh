# Chooses one Rust toolchain for both halves, the server's and the browser's; sourced by setup.sh.
# The same compiler must have built the browser's standard library, so a toolchain counts only when it links a program for the browser.
#
# There is no rust-toolchain.toml, on purpose. Only rustup reads it, so what is below would stay for Debian's packages; and a
# machine with rustup that has a toolchain which is new enough under another name (`1.95.0` in the images of Docker, `stable` of
# last month on a laptop) would download the one that the file names before any cargo command runs, or fail without a network.
# Here any installed toolchain counts that is new enough, and only the target is added where it is missing.
# shellcheck shell=bash

rust_bin="" rust_linker=""
browser=wasm32-unknown-unknown
wanted_rust=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$top/Cargo.toml")

rust_version() { "$1/rustc" -V 2>/dev/null | awk '{print $2}'; }
is_new_enough() { [ -x "$1/rustc" ] && [ -x "$1/cargo" ] && at_least "$(rust_version "$1")" "$wanted_rust"; }

# links_for_browser BIN LINKER: really links a small library.
links_for_browser() {
  local dir status=0
  dir=$(mktemp -d)
  echo '#[unsafe(no_mangle)] pub extern "C" fn length() -> usize { String::from("Quadrille").len() }' |
    "$1/rustc" --edition 2024 --target $browser --crate-type cdylib ${2:+-C linker=$2} -o "$dir/a.wasm" - >/dev/null 2>&1 || status=1
  rm -rf "$dir"
  return $status
}

newest_lld() {
  local number
  for number in 30 29 28 27 26 25 24 23 22 21 20 19; do
    if have lld-$number; then echo lld-$number; return; fi
  done
  if have wasm-ld; then echo wasm-ld; fi
}

# accept BIN: takes this toolchain if it serves both halves.
accept() {
  local linker
  is_new_enough "$1" || return 1
  for linker in "" "$(newest_lld)"; do
    if links_for_browser "$1" "$linker"; then rust_bin=$1 rust_linker=$linker; return 0; fi
  done
  return 1
}

rust_folders() {
  [ -f "$cache/toolchain.env" ] && sed -n "s/^QUADRILLE_RUST_BIN='\(.*\)'/\1/p" "$cache/toolchain.env"
  have cargo && dirname "$(command -v cargo)"
  echo "${CARGO_HOME:-$HOME/.cargo}/bin"
  echo /usr/bin
}

choose_rust() {
  local bin
  while read -r bin; do
    if accept "$bin"; then return 0; fi
  done <<<"$(rust_folders)"
  add_target_with_rustup || install_rustup || install_rust_packages
}

rustup_bin() {
  local bin=${CARGO_HOME:-$HOME/.cargo}/bin
  if have rustup; then dirname "$(command -v rustup)"; elif [ -x "$bin/rustup" ]; then echo "$bin"; else return 1; fi
}

add_target_with_rustup() {
  local bin
  bin=$(rustup_bin) && is_new_enough "$bin" || return 1
  say "Adding the browser's compile target with rustup"
  "$bin/rustup" target add $browser >"$cache/rustup.log" 2>&1 && accept "$bin"
}

install_rustup() {
  local bin=${CARGO_HOME:-$HOME/.cargo}/bin
  if rustup_bin >/dev/null || ! have curl; then return 1; fi
  curl --proto '=https' --tlsv1.2 -sSf --connect-timeout 10 https://sh.rustup.rs -o "$cache/rustup-init.sh" 2>/dev/null || return 1
  say "Installing Rust with rustup, for this user"
  sh "$cache/rustup-init.sh" -y --no-modify-path --profile minimal -c clippy -c rustfmt -t $browser >"$cache/rustup.log" 2>&1 && accept "$bin"
}

# Debian's own Rust: `rustc-web` is the newest one, kept for building browsers.
install_rust_packages() {
  local advice="curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh" packages="" lld="" rustup
  if [ "$(manager)" = apt-get ]; then
    refresh_lists
    if [ "$(candidate rustc)" = 0 ] && ! is_root; then advice="sudo apt-get update"; fi
    if at_least "$(candidate rustc-web)" "$wanted_rust"; then packages="rustc-web cargo-web rust-web-src"
    elif at_least "$(candidate rustc)" "$wanted_rust"; then packages="rustc cargo rust-src"; fi
    [ -n "$(newest_lld)" ] || lld=$(apt-cache search --names-only '^lld-[0-9]+$' | awk '{print $1}' | sort -V | tail -n 1)
  fi
  if rustup=$(rustup_bin); then
    # setup.sh does not put it into PATH, and an older toolchain may be the default.
    rustup=$rustup/rustup
    advice="$rustup update stable && $rustup default stable && $rustup target add $browser"
  elif [ -z "$packages" ] && ! have curl; then
    install_packages "curl, which fetches Rust" curl ca-certificates
    if install_rustup; then return 0; fi
  fi
  [ -n "$packages" ] || stop_with "Rust $wanted_rust or newer with the target $browser is missing" "$advice"
  # shellcheck disable=SC2086
  if ! is_new_enough /usr/bin || [ ! -d "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library" ] || [ -n "$lld" ]; then
    install_packages "Rust" $packages $lld
  fi
  "$top/tools/browser-target.sh" /usr/bin
  accept /usr/bin || stop_with "the Rust of the system's packages does not link for the browser" "$advice"
}

# clippy and rustfmt belong to the toolchain that was chosen.
complete_rust_for_checks() {
  if [ -x "$rust_bin/cargo-clippy" ] && [ -x "$rust_bin/cargo-fmt" ] && "$rust_bin/cargo-clippy" -V >/dev/null 2>&1 &&
    "$rust_bin/rustfmt" -V >/dev/null 2>&1; then return 0; fi
  if [ -x "$rust_bin/rustup" ]; then
    say "Adding clippy and rustfmt with rustup"
    "$rust_bin/rustup" component add clippy rustfmt >"$cache/rustup.log" 2>&1 ||
      stop_with "clippy or rustfmt is missing" "$rust_bin/rustup component add clippy rustfmt"
  elif dpkg -s rustc-web >/dev/null 2>&1; then install_packages "clippy and rustfmt" rust-web-clippy rustfmt-web
  else install_packages "clippy and rustfmt" rust-clippy rustfmt; fi
}
