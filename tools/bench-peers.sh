#!/usr/bin/env bash
# Installs the gateways that the bench measures ours beside, once, from PyPI and npm, into $PEERS_CACHE (the project's cache unless
# set). About a gigabyte.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
"$top/tools/setup.sh" build
use_toolchain
peers=${PEERS_CACHE:-$cache/peers}
mkdir -p "$peers"/{litellm,portkey,tensorzero}
venv() {
  local where=$peers/$1/venv
  shift
  if [ -x "$where/bin/python" ] && [ -f "$where/.done" ]; then return 0; fi
  say "Installing $* into $where"
  python3 -m venv "$where"
  "$where/bin/pip" install -q --disable-pip-version-check --prefer-binary "$@"
  touch "$where/.done"
}
venv tensorzero tensorzero==2026.6.0
venv litellm 'litellm[proxy]==1.106.2' aiohttp
if [ ! -d "$peers/portkey/node_modules/@portkey-ai/gateway" ]; then
  say "Installing @portkey-ai/gateway into $peers/portkey"
  echo '{"private":true,"dependencies":{"@portkey-ai/gateway":"1.15.2"},"overrides":{"@hono/node-server":"1.13.8"}}' >"$peers/portkey/package.json"
  (cd "$peers/portkey" && npm install --silent --no-audit --no-fund)
fi
