#!/usr/bin/env bash
# Builds the site: the browser's half and the style sheet, hashed and compressed, in the target folder's `site`.
#
#   tools/site.sh [--optimise | --fast] [--budget BYTES]
#
# --optimise   insists on wasm-opt and esbuild (they need Node.js); without it, they are used where they are installed
# --fast       neither optimised nor compressed, in `site-dev`: for `make dev`
# --budget     fails when a browser would have to load more than BYTES (Brotli) before a page can be used
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
use_toolchain

must_optimise="" profile=wasm-release site=$target/site arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --optimise) must_optimise=1 ;;
    --fast) profile=dev site=$target/site-dev arguments+=(--compress no) ;;
    --budget) arguments+=("$1" "$2"); shift ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift
done

# use_installed OPTION PROGRAM: gives the program to `bundle`, where npm has installed it.
use_installed() {
  if [ $profile = wasm-release ] && [ -x "$2" ] && have node; then arguments+=("$1" "$2")
  elif [ -n "$must_optimise" ]; then stop_with "$2 is missing" "make setup"; fi
}
use_installed --wasm-opt "$top/end2end/node_modules/binaryen/bin/wasm-opt"
use_installed --esbuild "$top/end2end/node_modules/esbuild/bin/esbuild"

cd "$top"
say "Building the browser's half"
cargo build -q --locked -p frontend --lib --profile $profile --target wasm32-unknown-unknown
cargo build -q --locked -p bundle --release
folder=$profile
[ $profile = dev ] && folder=debug
"$target/release/bundle" --wasm "$target/wasm32-unknown-unknown/$folder/frontend.wasm" --style "$top/style" --site "$site" \
  ${arguments[@]+"${arguments[@]}"}
