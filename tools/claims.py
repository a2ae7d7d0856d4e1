"""Runs the claims of recipes/claims/ and writes docs/claims.md with their curves.

    python tools/claims.py run TEXT [--program build/bin/frugal] [--runs runs/claims] [--only NAME]
                                    [--seeds 3] [--steps N]
    python tools/claims.py draw [--runs runs/claims]

A claim is a question, and variants: settings on top of recipes/claims/base.toml. Each variant is
trained once a seed; finished runs are not repeated, stopped ones go on. The verdict compares the
means of the last validation losses with the spread: the largest range that the seeds of one variant
cover. A smaller difference is undecided.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import tomllib

from picture import Picture

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLAIMS = ROOT / "recipes" / "claims"


def claims(only=None):
    for path in sorted(CLAIMS.glob("*.toml")):
        claim = tomllib.loads(path.read_text())
        if "question" in claim and only in (None, path.stem):
            yield path.stem, claim


def folder_of(runs, name, variant, seed):
    return runs / name / f"{re.sub('[^a-z0-9]+', '-', variant['name'].lower())}-{seed}"


def run_one(o, name, variant, seed):
    out = folder_of(o.runs, name, variant, seed)
    if (out / "done").exists():
        return
    settings = variant["set"] + [f"data.path={o.text}", f"init.seed={seed}", f"data.seed={seed}",
                                 f"data.cache={o.runs / 'tokens'}"]
    settings += [f"train.steps={o.steps}"] if o.steps else []
    command = [o.program, "train", CLAIMS / variant.get("recipe", "base.toml"), "--out", out]
    for setting in settings:
        command += ["--set", setting]
    if (out / "latest").exists():
        command.append("--resume")
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    (out / "done").touch()
    print(out, flush=True)


def curve(folder):
    """[(tokens, validation loss)] of a finished run."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [(m["tokens"], m["val_loss"]) for m in lines if m["val_loss"] is not None], lines


def results(o, name, claim):
    """For each variant the curves of its finished seeds."""
    found = []
    for variant in claim["variant"]:
        folders = [folder_of(o.runs, name, variant, seed) for seed in range(1, o.seeds + 1)]
        folders = [folder for folder in folders if (folder / "done").exists()]
        found.append((variant["name"], [curve(folder) for folder in folders]))
    return found


def picture(found):
    """The mean of each variant's validation losses, and the band that its seeds cover."""
    points = [point for _, curves in found for run, _ in curves for point in run[1:]]
    x_high = max(x for x, _ in points)
    drawn = Picture(x_high, min(y for _, y in points), max(y for _, y in points),
                    f"tokens (to {x_high:,}), validation loss in nats")
    for name, curves in found:
        steps = list(zip(*[run[1:] for run, _ in curves]))
        drawn.curve(name, *([(step[0][0], of(y for _, y in step)) for step in steps]
                            for of in (statistics.mean, max, min)))
    return drawn.text()


def verdict(claim, lasts, means, spread):
    names = [variant["name"] for variant in claim["variant"]]
    if "limit" in claim:
        # Seed by seed, since the same seed gives both the same weights and windows.
        apart = max(abs(b / a - 1) for a, b in zip(*lasts[:2]))
        inside = "within" if apart <= claim["limit"] else "not within"
        return (f"the two of a seed are {apart:.2%} apart at most, the means "
                f"{abs(means[1] / means[0] - 1):.2%}: {inside} {claim['limit']:.2%}")
    best = min(range(len(means)), key=lambda i: means[i])
    gaps = [means[i] - means[best] for i in range(len(means)) if i != best]
    if min(gaps) > spread:
        return f"**{names[best]}** is better by {min(gaps):.4f}, more than the spread"
    first = means[0] - min(means[1:])
    return f"undecided: the first is {first:+.4f} from the best of the others, within the spread"


def section(o, name, claim):
    found = results(o, name, claim)
    lines = [f"## {claim['question']}", "", claim["source"] + ".", ""]
    if not all(curves for _, curves in found):
        return lines + ["Not run.", ""]
    lasts = [[run[-1][1] for run, _ in curves] for _, curves in found]
    means = [statistics.mean(last) for last in lasts]
    spread = max(max(last) - min(last) for last in lasts)
    tokens = found[0][1][0][0][-1][0]
    seeds = min(len(last) for last in lasts)
    lines += ["| variant | validation loss of each seed | mean | busiest expert over mean, less one |",
              "|---|---|---|---|"]
    for (variant, curves), last, mean in zip(found, lasts, means):
        imbalance = statistics.mean(m["expert_imbalance"] for _, run in curves for m in run[-20:])
        lines.append(f"| {variant} | {', '.join(f'{x:.4f}' for x in last)} | {mean:.4f} | "
                     f"{imbalance:.2f} |")
    said = verdict(claim, lasts, means, spread) if seeds > 1 else "one seed decides nothing"
    lines += ["", f"{seeds} seeds, {tokens:,} tokens each, spread {spread:.4f}: {said}.", "",
              f"![validation loss](claims/{name}.svg)", ""]
    pictures = ROOT / "docs" / "claims"
    pictures.mkdir(exist_ok=True)
    (pictures / f"{name}.svg").write_text(picture(found))
    return lines


# What other tools wrote beside these runs: folder, heading, text above the table.
TABLES = [
    ("student", "Does a small model learn more from a teacher than from reinforcement alone?",
     "DeepSeek-R1 report, section 4.1: distilled is far better. `tools/student_claim.py SPEEDRUN`: the "
     "student of a [speedrun](speedrun.md) (Qwen2's architecture, a quarter of its teacher's "
     "size), once tuned on the teacher's right answers, once with GRPO alone for as many seconds as "
     "asking the teacher and tuning took; 500 held-out questions of ten tasks, greedy:"),
    ("cold-start", "Does GRPO go on where a cold start has no more to give?",
     "DeepSeek-R1 report, section 2.3: it does. `tools/cold_start_claim.py models/frugal-mini --seeds 1 --threads 1`: the "
     "model in the box, which knows sums and easy conversions of units, is tuned on ten worked answers "
     "of `units:hard`, then reinforced on questions without answers; 500 held-out questions, greedy, "
     "with 95 % intervals:"),
    ("same-minutes", "The same minutes",
     "recipes/shakespeare-v3-tiny.toml (12 million parameters, with its multi-token layer), the same "
     "recipe with a dense model of as many active parameters, and PyTorch on the V3 shape without "
     "that layer (our own model: grouped products, torch.compile, whose time counts; the same balance "
     "by bias). `tools/same_minutes.py TEXT`, one run of each:"),
]


def table(o, folder, heading, text):
    path = o.runs.parent / folder / "table.md"
    rows = path.read_text().splitlines() if path.exists() else ["Not run."]
    return [f"## {heading}", "", text, "", *rows, ""]


def draw(o):
    lines = ["# Claims of the reports, checked small", "",
             "Written by `tools/claims.py run TEXT` and `tools/claims.py draw` from the recipes in "
             "recipes/claims/, on the bytes of tinyshakespeare. The models have 200,000 to "
             "300,000 parameters and see as many tokens as each section says: what holds here need not "
             "hold at scale, and what is undecided here may well be true. A band in a plot is what the seeds "
             "of a variant cover.", ""]
    for name, claim in claims():
        lines += section(o, name, claim)
    for each in TABLES:
        lines += table(o, *each)
    (ROOT / "docs" / "claims.md").write_text("\n".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["run", "draw"])
    parser.add_argument("text", nargs="?", type=pathlib.Path)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "bin" / "frugal")
    parser.add_argument("--runs", type=pathlib.Path, default=pathlib.Path("runs") / "claims")
    parser.add_argument("--only")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int)
    o = parser.parse_args()
    if o.what == "draw":
        return draw(o)
    if o.text is None:
        parser.error("run needs a TEXT to train on")
    for name, claim in claims(o.only):
        for seed in range(1, o.seeds + 1):
            for variant in claim["variant"]:
                run_one(o, name, variant, seed)


if __name__ == "__main__":
    main()
