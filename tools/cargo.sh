#!/usr/bin/env bash
# cargo of the toolchain that setup.sh chose: tools/cargo.sh ARGUMENTS
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
use_toolchain
exec cargo "$@"
