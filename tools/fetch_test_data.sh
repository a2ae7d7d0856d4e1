#!/usr/bin/env bash
# Fetches what the tests compare with and what may not stand in the repository, into build-data/:
#   smollm2.gguf                         SmolLM2-135M-Instruct as Q4_1, by get_smollm2.sh
#   tokenizers/, quran.json, llama.cpp/  tokenizers and templates, by get_tokenizers.sh
#   ollama-utils/                        chat templates of many models, by get_templates.sh
#   clients/                             what talks to frugal serve, by get_clients.sh
# What is there already is not fetched again. Fails when something could not be had.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
data=${FRUGAL_FETCHED:-$root/build-data}
mkdir -p "$data"
status=0

"$root/tools/get_smollm2.sh" "$data/smollm2.gguf" || status=1
"$root/tools/get_tokenizers.sh" "$data" || status=1
"$root/tools/get_templates.sh" "$data" || status=1
"$root/tools/get_clients.sh" "$data" || status=1
exit $status
