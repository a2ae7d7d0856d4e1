#!/usr/bin/env bash
# get_templates.sh FOLDER: puts chat templates of many models under FOLDER, which tests render:
#   ollama-utils/chat-template-automap.ts    out of the npm package @huggingface/ollama-utils
# Needs npm. What is there already is not fetched again. More templates come by get_tokenizers.sh.
set -uo pipefail
folder=${1:?where to}
file=ollama-utils/chat-template-automap.ts
[ -e "$folder/$file" ] && exit
mkdir -p "$folder"
work=$(mktemp -d "$folder/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
if (cd "$work" && npm pack --silent @huggingface/ollama-utils@0.0.18 >/dev/null &&
  tar -xzf ./*.tgz package/src/chat-template-automap.ts); then
  mkdir -p "$folder/ollama-utils"
  mv "$work/package/src/chat-template-automap.ts" "$folder/$file"
else
  echo "get_templates: could not fetch @huggingface/ollama-utils (needs npm)" >&2
  exit 1
fi
