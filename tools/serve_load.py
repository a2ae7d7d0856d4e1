#!/usr/bin/env python3
"""serve_load.py URL [--clients 1,4,16,64] [--seconds 20] [--tokens 64]: puts load on a server and
prints a table: tokens a second, time to first token and between tokens (p50 and p99), errors.

Each client asks one question after the other, each question another one, with the same number of
prompt tokens, and reads the stream. One thread serves all of them, so that the clients take as
little as they can of the machine that they share with the server. Tokens are those of the streams'
usage, those of reasoning among them. For the memory add --pid of the server."""

import argparse
import asyncio
import json
import pathlib
import time
import urllib.parse

WORDS = "sea wind stone light river bread night cloud green iron song field snow fire glass road".split()


class Stream(asyncio.Protocol):
    """One request on a connection of its own; `ended` holds its tokens, or what went wrong."""

    def __init__(self, client, request):
        self.client, self.request = client, request
        self.ended = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.start = self.last = time.monotonic()
        self.is_first, self.tokens, self.done = True, 0, False

    def connection_made(self, transport):
        transport.write(self.request)

    def data_received(self, data):
        now = time.monotonic()
        self.buffer += data
        *events, self.buffer = self.buffer.split(b"\n\n")
        for event in events:
            at = event.find(b"data: ")
            if at >= 0:
                self.take(event[at + 6 :], now)

    def take(self, data, now):
        if data == b"[DONE]":
            self.done = True
            return
        chunk = json.loads(data)
        if usage := chunk.get("usage"):
            self.tokens = usage["completion_tokens"]
        if not chunk.get("choices"):
            return
        delta = chunk["choices"][0]["delta"]
        if not delta.get("content") and not delta.get("reasoning_content"):
            return
        (self.client.first if self.is_first else self.client.between).append(now - self.last)
        self.is_first, self.last = False, now

    def connection_lost(self, error):
        if not self.ended.done():
            self.ended.set_result(self.tokens if self.done and not error else None)


class Client:
    def __init__(self, url, number, options):
        self.url, self.number, self.options = url, number, options
        self.first, self.between, self.tokens, self.errors = [], [], 0, 0

    async def run(self, deadline):
        turn = 0
        while time.monotonic() < deadline:
            words = " ".join(WORDS[(self.number * 7 + turn * 3 + i * i) % 16] for i in range(24))
            tokens = await self.ask(f"Write a story with these words: {words}.")
            self.tokens += tokens or 0
            self.errors += tokens is None
            turn += 1

    async def ask(self, question):
        body = json.dumps({
            "messages": [{"role": "user", "content": question}],
            "model": self.options.model,
            "max_tokens": self.options.tokens,
            "temperature": 1,
            "seed": self.number,
            "stream": True,
            "stream_options": {"include_usage": True},
        })  # fmt: skip
        head = (
            "POST /v1/chat/completions HTTP/1.1\r\nConnection: close\r\nContent-Type: application/json\r\n"
            f"Host: {self.url.netloc}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            _, stream = await asyncio.get_running_loop().create_connection(
                lambda: Stream(self, (head + body).encode()), self.url.hostname, self.url.port
            )
            return await asyncio.wait_for(stream.ended, 600)
        except (OSError, ValueError, TimeoutError):
            return None


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def resident_megabytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


async def measure(url, count, options):
    start = time.monotonic()
    clients = [Client(url, i, options) for i in range(count)]
    await asyncio.gather(*(client.run(start + options.seconds) for client in clients))
    seconds = time.monotonic() - start
    first = [value for client in clients for value in client.first]
    between = [1000 * value for client in clients for value in client.between]
    memory = f"{resident_megabytes(options.pid):.0f}" if options.pid else "-"
    return (
        f"| {count} | {sum(c.tokens for c in clients) / seconds:.1f} "
        f"| {percentile(first, 0.5):.3f}, {percentile(first, 0.99):.3f} "
        f"| {percentile(between, 0.5):.1f}, {percentile(between, 0.99):.1f} "
        f"| {sum(c.errors for c in clients)} | {memory} |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--clients", default="1,4,16,64")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--model", default="")
    parser.add_argument("--pid", type=int)
    options = parser.parse_args()
    url = urllib.parse.urlparse(options.url)
    print("| clients | tokens/s | first token p50, p99 (s) | between tokens p50, p99 (ms) | errors | memory (MB) |")
    print("|---|---|---|---|---|---|")
    for count in map(int, options.clients.split(",")):
        print(asyncio.run(measure(url, count, options)), flush=True)


if __name__ == "__main__":
    main()
