"""frugal against llama.cpp on the same files: the table of docs/performance.md.

    tools/peers/build.sh
    python3 tools/peers/compare.py [--threads 1 2] [--contexts 256 4096] [--shapes ...] [--types ...]

Writes random weights of each shape once, under build-peers/models/. Then, for each case, runs the
two programs in turn in the order A B B A, so that both see the same of what else the machine does,
and prints the median of each with its range. llama.cpp gets flash attention, its repacked weights
(the default) and whichever --ubatch reads the prompt fastest.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "build-peers"
PROMPT, GENERATE = 256, 48
SHAPES = ["r1-distill-qwen-1.5b", "v3-small"]
TYPES = ["q8_0", "q4_k_m"]


def run(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def write_model(program, shape, kind):
    path = PEERS / "models" / f"{shape}-{kind}.gguf"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        run(program, "bench", "--shape", shape, "--type", kind, "--write", path, "--prompt", 1,
            "--generate", 1, "--json")
    return path


def frugal(program, path, threads, context):
    answer = run(program, "bench", "--model", path, "--prompt", PROMPT, "--generate", GENERATE,
                 "--threads", threads, "--context", context, "--cache-type", "f16", "--json")
    return {"prefill": answer["prefill_tokens_per_second"],
            "decode": answer["decode_tokens_per_second"],
            "prefill share": answer["prefill_roofline"], "decode share": answer["decode_roofline"],
            "GB/s": answer["bandwidth_gb_per_second"], "GOP/s": answer["peak_int8_gops"]}


def llama_bench(path, threads, ubatch, prompt, generate, depth):
    answer = run(PEERS / "bin" / "llama-bench", "-m", path, "-t", threads, "-fa", 1, "-r", 1,
                 "-ub", ubatch, "-p", prompt, "-n", generate, "-d", depth, "-ngl", 0, "-o", "json")
    return answer[0]["avg_ts"]


def llama_cpp(path, threads, context, ubatch):
    return {"prefill": llama_bench(path, threads, ubatch, PROMPT, 0, context - PROMPT),
            "decode": llama_bench(path, threads, ubatch, 0, GENERATE, context)}


def best_ubatch(path, threads):
    speed = {n: llama_bench(path, threads, n, PROMPT, 0, 0) for n in (64, 128, 256, 512)}
    return max(speed, key=speed.get)


def about(path):
    """What was compared, on what."""
    answer = run(PEERS / "bin" / "llama-bench", "-m", path, "-p", 1, "-n", 0, "-r", 1, "-ngl", 0,
                 "-o", "json")[0]
    built = dict(line.split(": ", 1) for line in (PEERS / "VERSION").read_text().splitlines()
                 if ": " in line)
    return f"llama.cpp {answer['build_commit']}, {built['compiler']}, on {answer['cpu_info']}"


def spread(values, form="{:.1f}"):
    return f"{form.format(statistics.median(values))} ({form.format(min(values))}-{form.format(max(values))})"


def measure(case, ours, theirs, pairs):
    """Rows of the table for one case: pairs of runs, the order turned round each time."""
    runs = {"frugal": [], "llama.cpp": []}
    for i in range(pairs):
        order = [("frugal", ours), ("llama.cpp", theirs)]
        for name, call in order if i % 2 == 0 else reversed(order):
            runs[name].append(call())
    for what in ("prefill", "decode"):
        mine = [r[what] for r in runs["frugal"]]
        other = [r[what] for r in runs["llama.cpp"]]
        ratios = [a / b for a, b in zip(mine, other)]
        shares = [100 * r[what + " share"] for r in runs["frugal"]]
        print(f"| {case} | {what} | {spread(mine)} | {spread(other)} | {spread(ratios, '{:.2f}')} "
              f"| {spread(shares, '{:.0f}')} % |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", default=ROOT / "build" / "bin" / "frugal")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--contexts", type=int, nargs="+", default=[256, 4096])
    parser.add_argument("--shapes", nargs="+", default=SHAPES)
    parser.add_argument("--types", nargs="+", default=TYPES)
    parser.add_argument("--pairs", type=int, default=6)
    options = parser.parse_args()
    print(about(write_model(options.program, options.shapes[0], options.types[0])))
    print(f"load average before: {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n")
    print("| shape, type, threads, context | | frugal, tokens/s | llama.cpp, tokens/s | ratio of pairs "
          "| of the machine |\n|---|---|---|---|---|---|")
    for shape in options.shapes:
        for kind in options.types:
            path = write_model(options.program, shape, kind)
            for threads in options.threads:
                ubatch = best_ubatch(path, threads)
                for context in options.contexts:
                    measure(f"{shape}, {kind}, {threads}, {context}",
                            lambda: frugal(options.program, path, threads, context),
                            lambda: llama_cpp(path, threads, context, ubatch), options.pairs)
    print(f"\nload average after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
