#!/usr/bin/env python3
"""first_token.py [--model build-data/smollm2.gguf] [--prefix 2000] [--suffix 64] [--rounds 9]
[--threads N] [--cache-type f32]

Seconds to the first token of a prompt whose beginning is cached (in memory, and on disk by a server
that was started afresh), beside those of its end alone. The three are asked in turns; medians and
ratios are printed. A context of the same length that nothing is known of is the fourth. Beside the
time on the clock stands what the server had of the processors, which others on the machine change
little (with one thread; more wait for each other, which counts too)."""

import argparse
import os
import pathlib
import random
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "cli"))
import serving  # noqa: E402

WORDS = "sea wind stone light river bread night cloud green iron song field snow fire glass road".split()


def words(count, seed):
    dice = random.Random(seed)
    return "".join(" " + dice.choice(WORDS) for _ in range(count))


def processor_seconds(server):
    tasks = pathlib.Path(f"/proc/{server.process.pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def first_token(server, prompt):
    """Seconds to the first piece of the answer, by the clock and of the server's processors; and how
    many tokens came from the cache."""
    body = {"prompt": prompt, "max_tokens": 2, "temperature": 0, "stream": True,
            "stream_options": {"include_usage": True}}  # fmt: skip
    start, spent = time.perf_counter(), processor_seconds(server)
    with server.begun("/completions", body) as response:
        seconds = time.perf_counter() - start, processor_seconds(server) - spent
        rest = response.read().decode()
    return seconds, int(rest.split('"prompt_cache_hit_tokens":')[1].split(",")[0])


def wait_for_files(cache, count):
    deadline = time.monotonic() + 60
    while len(list(cache.glob("*/[0-9a-f]*[0-9a-f]"))) < count:
        if time.monotonic() > deadline:
            raise SystemExit(f"{cache} does not fill")
        time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=str(ROOT / "build-data" / "smollm2.gguf"))
    parser.add_argument("--prefix", type=int, default=2000)
    parser.add_argument("--suffix", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--cache-type", default="f32")
    options = parser.parse_args()
    arguments = ["-m", options.model, "--cache-type", options.cache_type]
    if options.threads:
        arguments += ["--threads", options.threads]
    os.environ.setdefault("FRUGAL_PROGRAM", str(ROOT / "build" / "bin" / "frugal"))
    times = {"end alone": [], "after a beginning in memory": [], "after a beginning on disk": [],
             "nothing cached": []}  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder)
        cache = data / "cache"
        prefix = words(options.prefix, 0)
        with serving.serving(*arguments, "--data", data) as server:
            _, known = first_token(server, prefix)
            _, known = first_token(server, prefix)
            wait_for_files(cache, known // 64)
        for turn in range(options.rounds):
            with serving.serving(*arguments, "--data", data) as server:
                end = lambda kind: words(options.suffix, 10 * turn + kind)  # noqa: B023, E731
                first_token(server, words(8, -turn - 1))  # the first one of all wakes the machine
                seconds = {}
                seconds["after a beginning on disk"], hit = first_token(server, prefix + end(1))
                assert hit >= known, (hit, known)
                seconds["end alone"], hit = first_token(server, end(2))
                assert hit == 0, hit
                seconds["after a beginning in memory"], hit = first_token(server, prefix + end(3))
                assert hit >= known, (hit, known)
                seconds["nothing cached"], hit = first_token(server, words(options.prefix, 10 * turn + 4) + end(4))
                assert hit == 0, hit
                for name, value in seconds.items():
                    times[name].append(value)
    print(f"{known} tokens cached, {options.suffix} words behind them, medians of {options.rounds}")
    print(f"{'':28} {'clock':>8} {'ratio':>9} {'processor':>8} {'ratio':>8}")
    for name, values in times.items():
        print(f"{name:28}", end="")
        for clock in range(2):
            ratio = statistics.median(
                value[clock] / alone[clock] for value, alone in zip(values, times["end alone"], strict=True)
            )
            seconds = statistics.median(value[clock] for value in values)
            print(f" {seconds:8.3f} {ratio:9.2f}", end="")
        print()


if __name__ == "__main__":
    main()
