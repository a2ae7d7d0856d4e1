"""A student that learns from a teacher's answers against the same student with GRPO alone.

    python tools/student_claim.py SPEEDRUN [--seeds 3] [--threads 1] [--out runs/student]
                                           [--program build/bin/frugal]

SPEEDRUN is the folder of a finished `frugal speedrun`. Its Qwen2-style student before distillation
is tuned on its teacher's right answers, and reinforced on the same tasks for as many seconds as that
speedrun took for asking the teacher and tuning. OUT/table.md, which tools/claims.py shows, holds what
each seed answers right of held-out questions, greedily.
"""

import json
import statistics
import subprocess

from claim_options import parse

TASKS = "arithmetic+countdown+words-en+words-ar+words-zh+units+calendar+sorting+lookup+logic"
QUESTIONS, MAX_TOKENS, RATES = 500, 384, (3e-5, 1e-4, 3e-4)  # GRPO's rates; each seed runs with all


def run(o, *arguments):
    command = [str(x) for x in (o.program, *arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def right(o, model):
    """Percent of held-out questions."""
    found = json.loads(run(o, "eval", "--model", model, "--task", TASKS, "--limit", QUESTIONS,
                           "--max-tokens", MAX_TOKENS, "--temperature", 0, "--threads", o.threads,
                           "--json"))
    return 100 * found["pass@1"]["value"]


def distilled(o, base, seed):
    out = o.out / f"distilled-{seed}"
    if not (out / "config.json").exists():
        run(o, "tune", "--model", base, "--data", o.speedrun / "distil" / "data.jsonl", "--out", out,
            "--lr", 1e-3, "--epochs", 3, "--set", "tune.batch_tokens=4096", "--set",
            f"tune.seed={seed}", "--set", f"tune.threads={o.threads}")
    return right(o, out)


def reinforced(o, base, seed, rate, seconds):
    out = o.out / f"grpo-{seed}-{rate:g}"
    recipe = o.out / f"{out.name}.toml"
    recipe.write_text(f"""[reinforce]
model = "{base}"
task = "{TASKS}"
questions = 8
group = 16
steps = 100000
minutes = {seconds / 60:.3f}
lr = {rate}
beta = 0.001
reference_every = 400
format_reward = 0.2
language_reward = 0
max_tokens = {MAX_TOKENS}
seed = {seed}
threads = {o.threads}
""")
    # One that was interrupted goes on; one that is done ends at once.
    run(o, "reinforce", recipe, "--out", out, *(["--resume"] if (out / "latest").exists() else []))
    return right(o, out / "latest")


def main():
    o = parse(__doc__, "speedrun", "student", seeds=3)
    base = (o.speedrun / "student-base" / "latest").resolve()
    seconds = int((o.speedrun / "distil.done").read_text().split()[1])
    seeds = range(1, o.seeds + 1)
    rows = {"before": [right(o, base)],
            "distilled": [distilled(o, base, seed) for seed in seeds]}
    for rate in RATES:
        rows[f"GRPO alone, lr {rate:g}"] = [reinforced(o, base, s, rate, seconds) for s in seeds]
    lines = [f"| {seconds} s, threads: {o.threads} | right of each seed, % | mean |", "|---|---|---|"]
    lines += [f"| {name} | {', '.join(f'{x:.1f}' for x in values)} | {statistics.mean(values):.1f} |"
              for name, values in rows.items()]
    (o.out / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
