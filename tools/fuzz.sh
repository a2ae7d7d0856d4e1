#!/usr/bin/env bash
# fuzz.sh NAME SECONDS: builds tests/fuzz/NAME_fuzz.cpp with libFuzzer and runs it on its corpus.
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:?which target, such as gguf} seconds=${2:?for how many seconds}
CXX=clang++ cmake -G Ninja -S . -B build-fuzz -DFRUGAL_FUZZ=ON -DCMAKE_CXX_COMPILER=clang++ >/dev/null
ninja -C build-fuzz "${name}_fuzz"
mkdir -p "build-fuzz/corpus/$name"
cd "build-fuzz"
exec "$(find . -name "${name}_fuzz" -type f)" "corpus/$name" "../tests/fuzz/corpus/$name" \
  -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1
