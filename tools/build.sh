#!/usr/bin/env bash
# Leaves dist/: the server's binary and its site, which run from any folder.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
"$top/tools/setup.sh" build
use_toolchain
cd "$top"
"$top/tools/site.sh" --optimise
cargo_build "Building the server (with optimisation across crates: this takes longest)" -p server --profile dist --features jemalloc
rm -rf dist.new
mkdir dist.new
cp "$target/dist/quadrille" dist.new/
cp -R "$target/site" dist.new/site
rm -rf dist
mv dist.new dist
say "dist/ is ready: dist/quadrille ($(du -k dist/quadrille | awk '{printf "%.0f MB", $1 / 1024}')) and dist/site ($(du -sk dist/site | awk '{print $1}') kB)"
