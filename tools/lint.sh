#!/usr/bin/env bash
# Checks the format of every C++ file and runs clang-tidy over src/; --fix formats in place.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t files < <(git ls-files -co --exclude-standard -- 'src/*.h' 'src/*.cpp' 'tests/*.h' 'tests/*.cpp' 'bench/*.cpp')
if [ "${1:-}" = --fix ]; then
  clang-format -i "${files[@]}"
  exit
fi
clang-format --dry-run --Werror "${files[@]}"
cmake -G Ninja -S . -B build-lint -DCMAKE_CXX_COMPILER=clang++ >/dev/null
printf '%s\n' "${files[@]}" | grep '^src/.*\.cpp$' | xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p build-lint
