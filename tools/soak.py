#!/usr/bin/env python3
"""soak.py [--minutes 60] [--rate 2] [--model M] [--large M] [--every 20] [--program build/bin/frugal]

Starts a server of its own and asks it a mix of everything, `rate` requests a second of the first
model, and one of the large one (SmolLM2, say) every so many seconds: chats, streams, tools, JSON
schemas, limited reasoning, Anthropic's form, streams taken up again, clients that vanish or send
half a request or nonsense. Two users with money ask in turns.

Prints a line a minute: requests, errors, memory, open files, threads. At the end the ledger's rows
must be the requests that were sent whole, the money what they cost, no request may have failed, and
the memory of the last quarter must be that of the second one (in the first, caches fill). When the
machine stops all this for a while, what hangs then is counted apart and not as an error."""

import argparse
import collections
import concurrent.futures
import contextlib
import http.client
import json
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORDS = "sea wind stone light river bread night cloud green iron song field snow fire glass road".split()
PAUSE = 4  # seconds without a tick: somebody stopped the machine's clockwork
GROWTH = 0.02  # of the memory between the second and the last quarter that counts as noise

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"enum": ["Rome", "Paris"]}},
                       "required": ["city"], "additionalProperties": False},
        "strict": True,
    },
}  # fmt: skip
SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "s", "schema": {"type": "object", "properties": {"n": {"enum": [1, 2, 3]}},
                                            "required": ["n"], "additionalProperties": False}},
}  # fmt: skip


class Soak:
    def __init__(self, program, models, data):
        self.program, self.data, self.models = program, data, models
        self.counts = collections.Counter()  # by what happened
        self.rows = 0  # the ledger's, as they should be
        self.maybe = 0  # of requests that hung while all stood still
        self.lock = threading.Lock()
        self.last_pause = 0.0
        self.faults = []
        self.secrets = [self.keys("add", name) for name in ("ann", "bob")]
        for name in ("ann", "bob"):
            self.keys("topup", name, "1000")
        self.log = (data / "log").open("wb")
        arguments = [argument for model in models for argument in ("-m", model)]
        self.process = subprocess.Popen(
            [program, "serve", *arguments, "--port", "0", "--data", data, "--cache-gigabytes", "0.1"],
            stderr=self.log,
        )
        self.port = self.wait_for_port()
        self.names = [m["id"] for m in self.json("GET", "/models")["data"]]

    def keys(self, *arguments):
        command = [self.program, "keys", *arguments, "--data", self.data]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def wait_for_port(self):
        for _ in range(600):
            if found := re.search(r"serving on \S+:(\d+)", (self.data / "log").read_text()):
                return int(found[1])
            time.sleep(0.1)
        raise SystemExit((self.data / "log").read_text())

    def send(self, path, body, user=0, method="POST"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Authorization": f"Bearer {self.secrets[user]}"}
        connection.request(method, path, body and json.dumps(body), headers)
        return connection

    def json(self, method, path, body=None, user=0):
        with contextlib.closing(self.send(path, body, user, method)) as connection:
            return json.loads(connection.getresponse().read())

    # The kinds of requests. Each returns the rows that it leaves in the ledger.

    def whole(self, ask, user, **more):
        with contextlib.closing(self.send("/chat/completions", ask | more, user)) as connection:
            response = connection.getresponse()
            reply = json.loads(response.read())
        assert response.status == 200, reply
        assert reply["choices"], reply
        return 1

    def stream(self, ask, user, path="/v1/chat/completions", **more):
        with contextlib.closing(self.send(path, ask | more | {"stream": True}, user)) as connection:
            text = connection.getresponse().read()
        assert b"[DONE]" in text or b"message_stop" in text, text[-300:]
        return 1

    def tools(self, ask, user):
        return self.stream(ask, user, tools=[WEATHER], tool_choice="required")

    def schema(self, ask, user):
        return self.whole(ask, user, response_format=SCHEMA)

    def limited_thinking(self, ask, user):
        return self.stream(ask, user, thinking={"type": "enabled", "budget_tokens": 8})

    def several(self, ask, user):
        return self.whole(ask, user, n=3, logprobs=True, top_logprobs=5)

    def text(self, ask, user):
        plain = {"model": ask["model"], "prompt": ask["messages"][0]["content"], "max_tokens": 16}
        return self.whole_text(plain, user)

    def whole_text(self, body, user):
        with contextlib.closing(self.send("/v1/completions", body, user)) as connection:
            response = connection.getresponse()
            reply = response.read()
        assert response.status == 200, reply
        return 1

    def anthropic(self, ask, user):
        return self.stream(ask, user, path="/anthropic/v1/messages")

    def taken_up(self, ask, user):
        with contextlib.closing(self.send("/api/generations", ask, user)) as connection:
            response = connection.getresponse()
            while not (line := response.readline()).startswith(b"data: "):
                assert line, "no event"
            generation = json.loads(line[6:])["generation"]
        with contextlib.closing(self.send(f"/api/generations/{generation}?from=1", None, user, "GET")) as again:
            assert b"[DONE]" in again.getresponse().read()
        return 1

    def vanishes_at_once(self, ask, user):
        self.send("/chat/completions", ask | {"max_tokens": 400}, user).close()
        return 1

    def vanishes_in_the_stream(self, ask, user):
        with contextlib.closing(
            self.send("/chat/completions", ask | {"max_tokens": 400, "stream": True}, user)
        ) as connection:
            connection.getresponse().readline()
        return 1

    def half_a_request(self, ask, user):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.putrequest("POST", "/chat/completions")
        connection.putheader("Content-Length", "1000")
        connection.endheaders(b'{"messages": [{"role"')
        connection.close()
        return 0

    def nonsense(self, ask, user):
        with contextlib.closing(self.send("/chat/completions", ask | {"tempo": 1}, user)) as connection:
            assert connection.getresponse().status == 422
        return 0

    def looks_around(self, ask, user):
        for path in ("/api/ledger", "/user/balance", "/metrics", "/api/chats", "/"):
            with contextlib.closing(self.send(path, None, user, "GET")) as connection:
                connection.getresponse().read()
        chat = {"title": "t", "pinned": False, "data": {"text": ask["messages"][0]["content"]}}
        self.json("PUT", f"/api/chats/c{random.randrange(20)}", chat, user)
        return 0

    def kinds(self):
        often = [self.whole, self.stream, self.stream]
        return often + [
            self.tools, self.schema, self.limited_thinking, self.several, self.text, self.anthropic,
            self.taken_up, self.vanishes_at_once, self.vanishes_in_the_stream, self.half_a_request,
            self.nonsense, self.looks_around,
        ]  # fmt: skip

    def one(self, kind, model, number):
        """One request of a kind, counted."""
        dice = random.Random(number)
        words = " ".join(dice.choice(WORDS) for _ in range(dice.choice([5, 20, 60])))
        ask = {"model": model, "messages": [{"role": "user", "content": words}], "max_tokens": 48}
        start = time.monotonic()
        try:
            rows, failed = kind(ask, number % 2), None
        except Exception as error:  # noqa: BLE001: whatever it was, it is counted
            rows, failed = 0, f"{kind.__name__}: {type(error).__name__} {error}"
        with self.lock:
            self.rows += rows
            self.counts[kind.__name__] += 1
            if failed is None:
                return
            if self.last_pause >= start:
                self.counts["stood still"] += 1
                self.maybe += 1
            else:
                self.faults.append(failed)

    def fill_caches(self):
        """The memory of the caches is taken as they fill, and shows no leak."""
        for name, words, turns in zip(self.names, (120, 600), (60, 20), strict=False):
            for turn in range(turns):
                prompt = " ".join(random.Random(turn).choice(WORDS) + str(turn) for _ in range(words))
                self.rows += self.whole_text({"model": name, "prompt": prompt, "max_tokens": 1}, turn % 2)

    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        value = lambda key: int(re.search(rf"{key}:\s+(\d+)", status)[1])  # noqa: E731
        files = len(list(pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir()))
        return value("RssAnon") / 1024, files, value("Threads")

    def run(self, options):
        pool = concurrent.futures.ThreadPoolExecutor(16)
        samples, pending = [], collections.deque()
        begin = last = time.monotonic()
        stood, number, next_line, next_large = 0.0, 0, 0.0, 0.0
        while (run := last - begin - stood) < options.minutes * 60:
            time.sleep(1 / options.rate)
            now = time.monotonic()
            if now - last > PAUSE:
                stood += now - last
                self.last_pause = now
            last = now
            number += 1
            kinds = self.kinds()
            pending.append(pool.submit(self.one, kinds[number % len(kinds)], self.names[0], number))
            if len(self.names) > 1 and run >= next_large:
                next_large = run + options.every
                # Another kind each time, whatever the two rates are.
                large = kinds[round(run / options.every) % len(kinds)]
                pending.append(pool.submit(self.one, large, self.names[1], number))
            while len(pending) > 200:  # slower than asked: it waits rather than pile up
                pending.popleft().result()
            if run >= next_line:
                next_line = run + 60
                samples.append(self.memory())
                print(f"{run / 60:6.1f} min  {sum(self.counts.values()):6} requests  {len(self.faults)} errors  "
                      f"{samples[-1][0]:8.1f} MB  {samples[-1][1]:3} files  {samples[-1][2]} threads",
                      flush=True)  # fmt: skip
        pool.shutdown()
        return [sample[0] for sample in samples], stood

    def ledger(self):
        """Rows of all users, and whether each one's money is what its rows cost."""
        rows, exact = 0, True
        for user in range(2):
            ledger = self.json("GET", "/api/ledger", user=user)
            rows += sum(day["requests"] for day in ledger["days"])
            cost = sum(day["cost"] for day in ledger["days"])
            exact &= abs(1000 - cost - ledger["balance"]) < 1e-8
        return rows, exact

    def settle(self):
        for _ in range(300):
            if not re.search(r"active_sequences{\S+} [1-9]", self.metrics()):
                return
            time.sleep(0.1)

    def metrics(self):
        with contextlib.closing(self.send("/metrics", None, method="GET")) as connection:
            return connection.getresponse().read().decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=2)
    parser.add_argument("--model", default=str(ROOT / "models" / "frugal-mini"))
    parser.add_argument("--large")
    parser.add_argument("--every", type=float, default=20)
    parser.add_argument("--program", default=str(ROOT / "build" / "bin" / "frugal"))
    options = parser.parse_args()
    models = [options.model, *([options.large] if options.large else [])]
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(options.program, models, pathlib.Path(folder))
        try:
            soak.fill_caches()
            samples, stood = soak.run(options)
            soak.settle()
            rows, exact = soak.ledger()
            soak.process.terminate()
            code = soak.process.wait(60)
        finally:
            soak.process.kill()
    quarter = max(1, len(samples) // 4)
    early = statistics.median(samples[quarter : 2 * quarter] or samples)
    late = statistics.median(samples[-quarter:])
    print(dict(soak.counts))
    for fault in soak.faults[:10]:
        print("error:", fault)
    print(f"memory: {early:.1f} MB in the second quarter, {late:.1f} MB in the last")
    print(f"ledger: {rows} rows for {soak.rows} to {soak.rows + soak.maybe} requests, money exact: {exact}")
    print(f"stood still for {stood:.0f} s; the server ended with {code}")
    good = not soak.faults and soak.rows <= rows <= soak.rows + soak.maybe and exact and code == 0
    sys.exit(0 if good and late <= early * (1 + GROWTH) else 1)


if __name__ == "__main__":
    main()
