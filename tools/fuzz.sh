#!/usr/bin/env bash
# fuzz.sh NAME SECONDS: builds tests/fuzz/NAME_fuzz.cpp with libFuzzer and runs it on its corpus.
# fuzz.sh --merge NAME: adds what the runs found to tests/fuzz/corpus/NAME, minimised.
set -euo pipefail
cd "$(dirname "$0")/.."
merge=
if [ "${1:-}" = --merge ]; then merge=1; shift; fi
name=${1:?which target, such as gguf}
cmake -G Ninja -S . -B build-fuzz -DFRUGAL_FUZZ=ON -DCMAKE_CXX_COMPILER=clang++ >/dev/null
ninja -C build-fuzz "${name}_fuzz"
program=build-fuzz/tests/fuzz/${name}_fuzz found=build-fuzz/corpus/$name kept=tests/fuzz/corpus/$name
mkdir -p "$found" "$kept"
if [ -n "$merge" ]; then
  exec "$program" -merge=1 -use_counters=0 "$kept" "$found"
fi
# An input of a few kilobytes must not make anything ask for 256 MB in one piece.
exec "$program" "$found" "$kept" -artifact_prefix=build-fuzz/ -max_total_time="${2:?for how many seconds}" \
  -rss_limit_mb=2048 -malloc_limit_mb=256 -timeout=10 -print_funcs=0 -print_final_stats=1
