"""Runs the claims of recipes/claims/ and writes docs/claims.md with their curves.

    python tools/claims.py run TEXT [--program build/bin/frugal] [--runs runs/claims] [--only NAME]
                                    [--seeds 3] [--steps N]
    python tools/claims.py draw [--runs runs/claims]

A claim is a question, and variants: settings on top of recipes/claims/base.toml. Each variant is
trained once a seed; finished runs are not repeated, stopped ones go on. The verdict compares the
means of the last validation losses with the spread: the largest range that the seeds of one variant
cover. A smaller difference is undecided. Where a claim has a limit, curves are compared seed by seed
instead, since a seed gives all variants the same weights and texts; the second variant is the first
once more but for a trifle, the last is what the claim is about.
"""

import argparse
import json
import math
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


def with_band(drawn, name, seeds):
    """Adds the mean of the seeds' curves [(x, y)], and the band that they cover."""
    steps = list(zip(*seeds))
    drawn.curve(name, *([(step[0][0], of(y for _, y in step)) for step in steps]
                        for of in (statistics.mean, max, min)))


def picture(found):
    """Each variant's validation losses."""
    points = [point for _, curves in found for run, _ in curves for point in run[1:]]
    x_high = max(x for x, _ in points)
    drawn = Picture(x_high, min(y for _, y in points), max(y for _, y in points),
                    f"tokens (to {x_high:,}), validation loss in nats")
    for name, curves in found:
        with_band(drawn, name, [run[1:] for run, _ in curves])
    return drawn.text()


def smoothed(lines):
    """[(tokens, mean training loss over an eighth of the run)], without the run's first eighth."""
    span = max(1, len(lines) // 8)
    return [(lines[end - 1]["tokens"], statistics.mean(m["loss"] for m in lines[end - span:end]))
            for end in range(2 * span, len(lines) + 1)]


def apart(runs, others):
    """For each seed [(tokens, percent)]: how much higher one's training loss is than the other's."""
    return [[(tokens, 100 * (loss / base - 1))
             for (tokens, loss), (_, base) in zip(smoothed(run), smoothed(other))]
            for run, other in zip(runs, others)]


def furthest(curves):
    return max(abs(y) for points in curves for _, y in points)


def apart_picture(runs, limit):
    """Each variant's training loss against the first one's."""
    first, *names = runs
    curves = {name: apart(runs[name], runs[first]) for name in names}
    most = max(map(furthest, curves.values()))
    high = 2 * limit * math.ceil(most / (2 * limit))  # two of the five lines at multiples of the limit
    drawn = Picture(runs[first][0][-1]["tokens"], -high, high,
                    f"tokens, training loss against that of {first}, %")
    for name in names:
        with_band(drawn, name, curves[name])
    return drawn.text()


def percents(values):
    return f"{', '.join(f'{x:+.2f}' for x in values)} | {statistics.mean(values):+.2f}"


def limited_rows(runs, last):
    yield ("| variant | validation loss of each seed | from the first, % | mean | "
           "training loss from the first, % | mean |")
    yield "|---|---|---|---|---|---|"
    first, *names = runs
    yield f"| {first} | {', '.join(f'{x:.4f}' for x in last[first])} | | | | |"
    for name in names:
        validation = [100 * (b / a - 1) for a, b in zip(last[first], last[name])]
        training = [points[-1][1] for points in apart(runs[name], runs[first])]
        yield (f"| {name} | {', '.join(f'{x:.4f}' for x in last[name])} | {percents(validation)} | "
               f"{percents(training)} |")


def limited_verdict(runs, limit):
    """How far the last variant is from each of the others, and the second from the first, which
    shows what two runs of the same differ by."""
    first, control, *_ = runs
    *others, claimed = runs
    curves = {name: apart(runs[claimed], runs[name]) for name in others}
    most = ", ".join(f"{furthest(curves[name]):.2f} % from {name}" for name in others)
    mean = max(abs(statistics.mean(points[-1][1] for points in curves[name])) for name in others)
    same = furthest(apart(runs[control], runs[first]))
    return (f"{len(runs[claimed])} seeds, {runs[first][0][-1]['tokens']:,} tokens each; training losses are "
            f"means over an eighth of the run, in the table the last. After the first eighth {claimed} is, "
            f"with any seed, at most {most}; {control} is at most {same:.2f} % from {first}. At the end "
            f"the mean over the seeds is at most {mean:.2f} % from any of the others: "
            f"{'within' if mean <= limit else 'not within'} {limit:.2f} %.")


def limited(claim, found):
    """The lines and the picture of a claim with a limit."""
    runs = {name: [lines for _, lines in curves] for name, curves in found}
    last = {name: [curve[-1][1] for curve, _ in curves] for name, curves in found}
    limit = 100 * claim["limit"]
    return ([*limited_rows(runs, last), "", limited_verdict(runs, limit), "", claim["note"]],
            apart_picture(runs, limit))


def verdict(claim, means, spread):
    names = [variant["name"] for variant in claim["variant"]]
    best = min(range(len(means)), key=lambda i: means[i])
    gaps = [means[i] - means[best] for i in range(len(means)) if i != best]
    if min(gaps) > spread:
        return f"**{names[best]}** is better by {min(gaps):.4f}, more than the spread"
    first = means[0] - min(means[1:])
    return f"undecided: the first is {first:+.4f} from the best of the others, within the spread"


def put_picture(name, drawn, what):
    pictures = ROOT / "docs" / "claims"
    pictures.mkdir(exist_ok=True)
    (pictures / f"{name}.svg").write_text(drawn)
    return ["", f"![{what}](claims/{name}.svg)", ""]


def section(o, name, claim):
    found = results(o, name, claim)
    lines = [f"## {claim['question']}", "", claim["source"] + ".", ""]
    if not all(curves for _, curves in found):
        return lines + ["Not run.", ""]
    if "limit" in claim:
        rows, drawn = limited(claim, found)
        return lines + rows + put_picture(name, drawn, "training loss against the first's")
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
    said = verdict(claim, means, spread) if seeds > 1 else "one seed decides nothing"
    lines += ["", f"{seeds} seeds, {tokens:,} tokens each, spread {spread:.4f}: {said}."]
    return lines + put_picture(name, picture(found), "validation loss")


# What other tools wrote beside these runs: folder, heading, text above the table.
TABLES = [
    ("student", "Does a small model learn more from a teacher than from reinforcement alone?",
     "DeepSeek-R1 report, section 4.1: distilled is far better. `tools/student_claim.py SPEEDRUN`: the "
     "student of a [speedrun](speedrun.md) (Qwen2's architecture, a quarter of its teacher's "
     "size), once tuned on the teacher's right answers, once with GRPO alone for as many seconds as "
     "asking the teacher and tuning took; 500 held-out questions of ten tasks, greedy:"),
    ("cold-start", "Does GRPO go on where a cold start has no more to give?",
     "DeepSeek-R1 report, section 2.3: it does. `tools/cold_start_claim.py models/frugal-mini --seeds 1 --threads 1`: the "
     "model in the box (that of revision de9b998), which knows sums and easy conversions of units, is tuned on ten worked answers "
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
             "300,000 parameters, the one of FP8 2.9 million, and see as many tokens as each section says: what holds here need not "
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
