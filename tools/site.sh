#!/usr/bin/env bash
# Builds the site: the browser's half and the style sheet, hashed, in the target folder's `site`.
#
#   tools/site.sh [--optimise | --local | --dev] [--budget BYTES]
#
# --optimise   insists on wasm-opt and esbuild (they need Node.js); without it, they are used where they are installed
# --local      quick to build and not compressed, in `site-local`: for `make run`
# --dev        not optimised at all, in `site-dev`: for `make dev`
# --budget     fails when a browser would have to load more than BYTES (Brotli) before a page can be used
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
use_toolchain

must_optimise="" profile=wasm-release folder=wasm-release site=$target/site arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --optimise) must_optimise=1 ;;
    --local) profile=local folder=local site=$target/site-local arguments+=(--compress no) ;;
    --dev) profile=dev folder=debug site=$target/site-dev arguments+=(--compress no) ;;
    --budget) arguments+=("$1" "$2"); shift ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift
done

wasm_opt=$top/end2end/node_modules/binaryen/bin/wasm-opt esbuild=$top/end2end/node_modules/esbuild/bin/esbuild
if [ $profile = wasm-release ] && [ -x "$wasm_opt" ] && [ -x "$esbuild" ] && have node; then
  arguments+=(--wasm-opt "$wasm_opt" --esbuild "$esbuild")
elif [ -n "$must_optimise" ]; then stop_with "wasm-opt or esbuild is missing" "make setup"; fi

cd "$top"
cargo_build "Building the browser's half" -p frontend --lib --profile $profile --target wasm32-unknown-unknown
cargo_build "Building the tool that makes the site files" -p bundle --profile local --target "$(host_target)"
"$target/$(host_target)/local/bundle" --wasm "$target/wasm32-unknown-unknown/$folder/frontend.wasm" --style "$top/style" --site "$site" \
  ${arguments[@]+"${arguments[@]}"}
