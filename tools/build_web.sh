#!/usr/bin/env bash
# build_web.sh: builds the chat page of web/ into web/dist. Needs node and npm.
# Does nothing when web/dist is newer than everything it is made from. --tests also installs what
# the page's tests need. Exits with 3 when packages could not be had.
set -euo pipefail
web=$(cd "$(dirname "$0")/../web" && pwd)
tests=no
[ "${1:-}" = --tests ] && tests=yes

for tool in node npm; do
  command -v "$tool" >/dev/null || { echo "build_web: $tool is not installed" >&2; exit 1; }
done

# Two builds at once would install into the same folder.
exec 9>"$web/.lock"
flock 9

installed() {
  [ "$web/node_modules/.package-lock.json" -nt "$web/package-lock.json" ] && [ -d "$web/node_modules/vite" ] &&
    { [ $tests = no ] || [ -d "$web/node_modules/vitest" ]; }
}
built() {
  [ -e "$web/dist/index.html" ] &&
    [ -z "$(find "$web/src" "$web/public" "$web/index.html" "$web/vite.config.ts" "$web/package-lock.json" -newer "$web/dist/index.html" -print -quit)" ]
}

installed && built && exit
echo "frugal: building the chat page" >&2
cd "$web"
if ! installed; then
  omit=(--omit=dev)
  [ $tests = no ] || omit=()
  log=$(mktemp)
  if ! npm ci --no-progress --loglevel=error "${omit[@]}" >"$log" 2>&1; then
    cat "$log" >&2
    # A lockfile that does not fit is our fault, and no want of a network.
    ! grep -q EUSAGE "$log" || exit 1
    exit 3
  fi
  rm -f "$log"
  touch node_modules/.package-lock.json
fi
built || npx --no-install vite build --logLevel warn >&2
