"""Sampled tokens per second in GRPO, frugal against TRL's GRPOTrainer, in float32.

    python tools/grpo_speed.py MODEL [--task arithmetic] [--steps 8] [--lora-rank R] [--threads N] ...

MODEL is a folder in Hugging Face form. frugal goes first, so many steps; TRL gets the very prompts
that frugal wrote into its transcripts, as many in a step, with the same length, group, temperature,
rates and rewards, and goes on until it has sampled as many tokens (speed/trl_grpo.py has its
settings). A step counts from its first sampled token to the new weights. Loading,
checkpoints and each side's first step, in which memory is new, do not count.

A high temperature keeps groups from agreeing: frugal leaves those that do out of learning, TRL does
not. Rewards are judged by each side's own rule; the last line says how often both rules agree on
what frugal sampled.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from speed.trl_grpo import reward

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEER = ROOT / "tools" / "speed" / "trl_grpo.py"


def frugal(o, folder):
    """Its steps, and the answers that it sampled."""
    recipe = {"reinforce": {
        "model": str(o.model.resolve()), "transcripts_every": 1, "save_every_minutes": 1e9}
        | {key: getattr(o, key) for key in ("task", "questions", "group", "steps", "lr", "beta",
                                            "format_reward", "temperature", "max_tokens", "threads")},
        "lora": {"rank": o.lora_rank}}
    lines = []
    for section, values in recipe.items():
        lines += [f"[{section}]"] + [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    (folder / "recipe.toml").write_text("\n".join(lines) + "\n")
    subprocess.run([o.program, "reinforce", folder / "recipe.toml", "--out", folder / "out"],
                   check=True, stdout=subprocess.DEVNULL)
    metrics = read_lines(folder / "out" / "metrics.jsonl")
    ends = [{"tokens": 0, "seconds": 0}] + metrics
    steps = [{"tokens": now["tokens"] - before["tokens"], "seconds": now["seconds"] - before["seconds"],
              "reward": now["reward"], "groups": now["groups"]}
             for before, now in zip(ends, metrics)]
    files = sorted((folder / "out" / "transcripts").iterdir())
    return steps, [answer for file in files for answer in read_lines(file)]


def read_lines(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def trl(o, folder, answers, sampled):
    questions = [{"prompt": a["prompt"], "reference": a["reference"]} for a in answers[::o.group]]
    (folder / "questions.jsonl").write_text("".join(json.dumps(q) + "\n" for q in questions))
    settings = {key: value for key, value in vars(o).items() if not isinstance(value, pathlib.Path)}
    (folder / "settings.json").write_text(json.dumps(settings | {"sampled": sampled}))
    done = subprocess.run([sys.executable, PEER, o.model, folder / "questions.jsonl",
                           folder / "settings.json"], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def speed(steps):
    return sum(s["tokens"] for s in steps[1:]) / sum(s["seconds"] for s in steps[1:])


def show(o, runs):
    print(f"{o.model.name}, {o.task}, {o.questions} x {o.group} answers of at most {o.max_tokens} tokens, "
          f"{o.threads} threads")
    print(f"{'':8} {'tokens':>8} {'seconds':>8} {'tokens/s':>9} {'steps: least, median, most':>27} "
          f"{'reward: first, last':>20} {'groups differ':>14}")
    for name, steps in runs.items():
        third = max(1, len(steps) // 3)
        first, last = (statistics.mean(s["reward"] for s in part)
                       for part in (steps[:third], steps[-third:]))
        differ = statistics.mean(s["groups"] for s in steps) / o.questions
        speeds = [s["tokens"] / s["seconds"] for s in steps[1:]]
        print(f"{name:8} {sum(s['tokens'] for s in steps[1:]):8} "
              f"{sum(s['seconds'] for s in steps[1:]):8.1f} {speed(steps):9.0f} "
              f"{min(speeds):11.0f} {statistics.median(speeds):7.0f} {max(speeds):7.0f} "
              f"{first:13.2f} {last:6.2f} {100 * differ:12.0f} %")
    print(f"frugal over TRL: {speed(runs['frugal']) / speed(runs['TRL']):.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "bin" / "frugal")
    parser.add_argument("--task", default="arithmetic")
    for name, value in (("steps", 8), ("questions", 8), ("group", 8), ("max-tokens", 256),
                        ("lora-rank", 0), ("threads", os.cpu_count())):
        parser.add_argument(f"--{name}", type=int, default=value)
    for name, value in (("temperature", 1.0), ("lr", 1e-4), ("beta", 0.001), ("format-reward", 0.2)):
        parser.add_argument(f"--{name}", type=float, default=value)
    o = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        ours, answers = frugal(o, folder)
        theirs = trl(o, folder, answers, sum(s["tokens"] for s in ours))
    show(o, {"frugal": ours, "TRL": theirs})
    agree = [abs(a["reward"] - reward(a["prompt"], a["completion"], a["reference"], a["truncated"],
                                      o.format_reward)) < 1e-6 for a in answers]
    print(f"both rules give {sum(agree)} of {len(agree)} answers the same reward")


if __name__ == "__main__":
    main()
