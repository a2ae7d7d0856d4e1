"""What GRPO adds to a cold start that tuning cannot improve any more.

    python tools/cold_start_claim.py MODEL [--seeds 3] [--threads N] [--out runs/cold-start]
                                           [--program build/bin/frugal]

MODEL is tuned on a few worked answers of a task, then three times as long, to show that this is all
they give. From the first of these it is reinforced on questions without answers, and, for
comparison, tuned on the worked answers for as much processor time. OUT/table.md, which
tools/claims.py shows, holds what each answers right of held-out questions, greedily.
"""

import json
import resource
import subprocess

from claim_options import parse

TASK, WORKED, EPOCHS, STEPS = "units:hard", 10, 30, 40
QUESTIONS, MAX_TOKENS = 500, 256


def run(o, *arguments):
    """What it prints, and the seconds of processors that it took."""
    command = [str(x) for x in (o.program, *arguments)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def right(o, model):
    """Percent of held-out questions, with the ends of its 95 % interval."""
    found, _ = run(o, "eval", "--model", model, "--task", TASK, "--limit", QUESTIONS, "--max-tokens",
                   MAX_TOKENS, "--temperature", 0, "--threads", o.threads, "--json")
    pass_1 = json.loads(found)["pass@1"]
    return " | ".join(f"{100 * pass_1[key]:.1f}" for key in ("value", "low", "high"))


def tune(o, model, out, epochs, seed):
    _, seconds = run(o, "tune", "--model", model, "--data", o.out / f"worked-{seed}.jsonl",
                     "--out", out, "--epochs", epochs, "--lr", 2e-4,
                     "--set", f"tune.validation={o.out / 'validation.jsonl'}",
                     "--set", "tune.batch_tokens=2048", "--set", f"tune.seed={seed}",
                     "--set", f"tune.threads={o.threads}")
    return seconds


def reinforce(o, model, out, seed):
    recipe = o.out / "grpo.toml"
    recipe.write_text(f"""[reinforce]
model = "{model}"
task = "{TASK}"
questions = 12
group = 16
steps = {STEPS}
lr = 2e-4
beta = 0.001
format_reward = 0
temperature = 1.2
max_tokens = {MAX_TOKENS}
seed = {seed}
threads = {o.threads}
""")
    return run(o, "reinforce", recipe, "--out", out)[1]


def one_seed(o, seed):
    for name, count, question_seed in ((f"worked-{seed}", WORKED, seed), ("validation", 40, 99)):
        found, _ = run(o, "questions", "--task", TASK, "--count", count, "--seed", question_seed)
        (o.out / f"{name}.jsonl").write_text(found)
    cold, longer, grpo, tuned = (o.out / f"{name}-{seed}"
                                 for name in ("cold", "longer", "grpo", "tuned"))
    seconds = tune(o, o.model, cold, EPOCHS, seed)
    tune(o, o.model, longer, 3 * EPOCHS, seed)
    spent = reinforce(o, cold, grpo, seed)
    epochs = max(1, round(EPOCHS * spent / seconds))
    more = tune(o, cold, tuned, epochs, seed)
    rows = {"before": o.model,
            f"tuned on {WORKED} worked answers, {EPOCHS} epochs": cold,
            f"the same, {3 * EPOCHS} epochs": longer,
            f"from {EPOCHS} epochs: {STEPS} steps of GRPO, {spent:.0f} processor seconds": grpo / "latest",
            f"from {EPOCHS} epochs: {epochs} epochs more, {more:.0f} processor seconds": tuned}
    for name, model in rows.items():
        yield f"| {seed} | {name} | {right(o, model)} |"


def main():
    o = parse(__doc__, "model", "cold-start", seeds=3)
    lines = [f"| seed | {TASK} | right of {QUESTIONS}, % | from | to |", "|---|---|---|---|---|"]
    for seed in range(1, o.seeds + 1):
        for line in one_seed(o, seed):
            lines.append(line)
            print(line, flush=True)
            (o.out / "table.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
