#!/usr/bin/env bash
# Builds the standard library for the browser (wasm32-unknown-unknown) from the source that Debian's packages carry, and puts it
# where their compiler looks for it. Only for machines that rustup's server cannot be reached from. Needs root.
#
#   tools/browser-target.sh [BIN]    BIN holds rustc and cargo; /usr/bin unless told
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

bin=${1:-/usr/bin}
name=wasm32-unknown-unknown
libdir=$("$bin/rustc" --print target-libdir --target $name)
is_root || stop_with "the browser's standard library must be written to $libdir" "sudo '$top/tools/browser-target.sh' $bin"

say "Building the browser's standard library with $("$bin/rustc" -V | cut -d' ' -f1,2) (about 40 s)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/src"
echo '#![no_std]' >"$work/src/lib.rs"
printf '[package]\nname = "nothing"\nedition = "2024"\n[workspace]\n' >"$work/Cargo.toml"
# The flag that lets a stable compiler build its own library; nothing else is built with it.
(cd "$work" && env -u RUSTFLAGS RUSTC_BOOTSTRAP=1 RUSTC="$bin/rustc" CARGO_TARGET_DIR="$work/target" \
  "$bin/cargo" build -q -Z build-std=std,panic_abort,proc_macro,test --target $name --release)
rm -rf "$libdir"
mkdir -p "$libdir"
for library in "$work/target/$name/release/deps"/*.rlib; do
  case ${library##*/} in libnothing-*) ;; *) cp "$library" "$libdir/" ;; esac
done
