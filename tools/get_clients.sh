#!/usr/bin/env bash
# get_clients.sh DATA: the clients that tests/cli/clients_test.py talks to the server with, into
# DATA/clients: openai and anthropic for Python, openai, @anthropic-ai/sdk and @ai-sdk/deepseek for
# Node. What is there already is not fetched again. Fails when something could not be had.
set -uo pipefail
clients=$1/clients
status=0
mkdir -p "$clients"

if [ ! -e "$clients/python/.done" ]; then
  python3 -m pip install --quiet --disable-pip-version-check --upgrade --target "$clients/python" \
    openai==3.54.0 anthropic==2.12.0 && touch "$clients/python/.done" || status=1
fi
if [ ! -e "$clients/node/.done" ]; then
  mkdir -p "$clients/node"
  npm install --silent --no-audit --no-fund --prefix "$clients/node" \
    openai@6.49.0 @anthropic-ai/sdk@1.12.0 @ai-sdk/deepseek@2.0.69 ai@6.0.326 zod@4.6.7 && touch "$clients/node/.done" || status=1
fi
[ $status -eq 0 ] || echo "get_clients.sh: some clients could not be fetched" >&2
exit $status
