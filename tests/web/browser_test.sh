#!/usr/bin/env bash
# browser_test.sh NAME: runs NAME_test.mjs in Chromium. FRUGAL_SCREENSHOTS=FOLDER keeps pictures.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/web/prepare.sh"
exec node "$root/tests/web/$1_test.mjs"
