#!/usr/bin/env bash
# The types and the unit tests of the chat page.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/web/prepare.sh"
cd "$root/web"
npx --no-install svelte-check --tsconfig ./tsconfig.json --fail-on-warnings --output human
npx --no-install vitest run
