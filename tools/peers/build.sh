#!/usr/bin/env bash
# Fetches llama.cpp, the yardstick of speed, and builds it for this machine into
# build-peers/. The source is the one that the PyPI package llama-cpp-python carries.
#   tools/peers/build.sh [jobs]
# Afterwards build-peers/bin holds llama-bench, llama-server, llama-quantize and llama-perplexity,
# and build-peers/VERSION says what they were built from.
set -euo pipefail
package=llama-cpp-python==0.3.36
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$root/build-peers
jobs=${1:-$(nproc)}
mkdir -p "$work"

if [ ! -d "$work/source/vendor/llama.cpp" ]; then
  python3 -m pip download --quiet --no-deps --no-binary :all: --dest "$work" "$package"
  mkdir -p "$work/source"
  tar -xzf "$work"/llama_cpp_python-*.tar.gz -C "$work/source" --strip-components=1
fi

source=$work/source/vendor/llama.cpp
# For this very processor. Where it has AMX, that path is left out: at this commit llama-bench ends
# with it in a segmentation fault (SmolLM2, Q4_1) or a failed assertion (both shapes of compare.py).
processor=(-DGGML_NATIVE=ON)
march=-march=native
if grep -qw amx_int8 /proc/cpuinfo; then  # and so all of the others
  processor=(-DGGML_NATIVE=OFF)
  for set in SSE42 AVX AVX2 FMA F16C BMI2 AVX_VNNI AVX512 AVX512_VBMI AVX512_VNNI AVX512_BF16; do
    processor+=("-DGGML_$set=ON")
  done
  march="AVX-512 with VNNI and BF16, no AMX"
fi
# Static, without what a CPU yardstick does not need.
cmake -S "$source" -B "$work/llama.cpp" -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
  "${processor[@]}" -DLLAMA_CURL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF \
  -DLLAMA_BUILD_TOOLS=ON -DLLAMA_BUILD_SERVER=ON
cmake --build "$work/llama.cpp" -j "$jobs" \
  --target llama-bench llama-server llama-quantize llama-perplexity
ln -sfn llama.cpp/bin "$work/bin"

# The package carries no git history; the commit stands in the name that its authors gave the
# vendored tree, if anywhere, so the hash of the sources identifies it in any case.
{
  echo "package: $package"
  echo "sources: sha256 $(cd "$source" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16)"
  echo "compiler: $(c++ --version | head -n 1), $march"
  "$work/bin/llama-bench" --help >/dev/null 2>&1 && "$work/bin/llama-server" --version 2>&1 | head -n 2
} >"$work/VERSION"
cat "$work/VERSION"
