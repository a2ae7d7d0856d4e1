#!/usr/bin/env bash
# lint.sh [--fix | --changed]: checks the format of every C++ file and runs clang-tidy over src/.
#   --fix      formats in place, nothing else
#   --changed  clang-tidy over the files that differ from main only; all of them take a while
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t files < <(git ls-files -co --exclude-standard -- 'src/*.h' 'src/*.cpp' 'tests/*.h' \
  'tests/*.cpp' 'bench/*.h' 'bench/*.cpp')
if [ "${1:-}" = --fix ]; then
  clang-format -i "${files[@]}"
  exit
fi
clang-format --dry-run --Werror "${files[@]}"
if [ "${1:-}" = --changed ]; then
  mapfile -t files < <(git diff --name-only --diff-filter=d "$(git merge-base main HEAD)" -- 'src/*.cpp')
fi
cmake -G Ninja -S . -B build-lint -DCMAKE_CXX_COMPILER=clang++ >/dev/null
printf '%s\n' "${files[@]}" | { grep '^src/.*\.cpp$' || true; } |
  xargs --no-run-if-empty -P "$(nproc)" -n 4 clang-tidy --quiet -p build-lint
