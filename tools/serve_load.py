#!/usr/bin/env python3
"""serve_load.py URL [--clients 1,4,16,64] [--seconds 20] [--tokens 64]: puts load on a server and
prints a table: tokens a second, time to first token and between tokens (p50 and p99), errors.

Each client asks one question after the other, each question another one, with the same number of
prompt tokens, and reads the stream. For the memory add --pid of the server."""

import argparse
import http.client
import json
import pathlib
import threading
import time
import urllib.parse

WORDS = "sea wind stone light river bread night cloud green iron song field snow fire glass road".split()


class Client(threading.Thread):
    def __init__(self, url, number, options, deadline):
        super().__init__()
        self.url, self.number, self.options, self.deadline = url, number, options, deadline
        self.first, self.between, self.tokens, self.errors = [], [], 0, 0

    def run(self):
        turn = 0
        while time.monotonic() < self.deadline:
            words = " ".join(WORDS[(self.number * 7 + turn * 3 + i * i) % 16] for i in range(24))
            try:
                self.ask(f"Write a story with these words: {words}.")
            except (OSError, http.client.HTTPException, ValueError):
                self.errors += 1
            turn += 1

    def ask(self, question):
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=600)
        body = {
            "messages": [{"role": "user", "content": question}],
            "model": self.options.model,
            "max_tokens": self.options.tokens,
            "temperature": 1,
            "seed": self.number,
            "stream": True,
        }
        start = last = time.monotonic()
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        if response.status != 200:
            raise ValueError(response.read())
        seen = 0
        for line in response:
            if not line.startswith(b"data: {"):
                continue
            choices = json.loads(line[6:])["choices"]
            if not choices or not choices[0]["delta"].get("content"):
                continue
            now = time.monotonic()
            (self.between if seen else self.first).append(now - (last if seen else start))
            last = now
            seen += 1
        self.tokens += seen
        connection.close()


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def resident_megabytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


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
        start = time.monotonic()
        clients = [Client(url, i, options, start + options.seconds) for i in range(count)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        seconds = time.monotonic() - start
        first = [value for client in clients for value in client.first]
        between = [1000 * value for client in clients for value in client.between]
        memory = f"{resident_megabytes(options.pid):.0f}" if options.pid else "-"
        print(
            f"| {count} | {sum(c.tokens for c in clients) / seconds:.1f} "
            f"| {percentile(first, 0.5):.2f}, {percentile(first, 0.99):.2f} "
            f"| {percentile(between, 0.5):.0f}, {percentile(between, 0.99):.0f} "
            f"| {sum(c.errors for c in clients)} | {memory} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
