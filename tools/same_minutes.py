"""Validation loss after the same minutes: frugal's V3 shape, a dense model of as many active
parameters, and PyTorch on the V3 shape.

    python tools/same_minutes.py TEXT [--minutes 10] [--threads N] [--out runs/same-minutes]
                                      [--program build/bin/frugal]

The recipe is recipes/shakespeare-v3-tiny.toml; the dense model differs in [model] alone. PyTorch is
our own model with grouped products and torch.compile (tools/speed/peers.py), with the same batch,
rate and schedule, in float32, without the multi-token layer; the time that it compiles counts. The
last tenth of the text is for validation. OUT/table.md is what tools/claims.py shows.
"""

import json
import subprocess
import sys
import tomllib

from claim_options import parse
from train_speed import PEERS, ROOT, qwen2_settings, toml_value, v3_settings

RECIPE = ROOT / "recipes" / "shakespeare-v3-tiny.toml"


def recipe_text(recipe, model):
    sections = recipe | {"model": model}
    return "\n".join(f"[{name}]\n" + "\n".join(f"{key} = {toml_value(value)}"
                                                for key, value in section.items())
                     for name, section in sections.items()) + "\n"


def frugal(o, name, model):
    recipe = tomllib.loads(RECIPE.read_text())
    if model["model_type"] != "deepseek_v3":
        recipe["loss"] = {}
    path = o.out / f"{name}.toml"
    path.write_text(recipe_text(recipe, model))
    subprocess.run([o.program, "train", path, "--out", o.out / name,
                    "--set", f"data.path={o.text.resolve()}",
                    "--set", f"train.minutes={o.minutes}", "--set", f"train.threads={o.threads}"],
                   check=True)
    return measured(o.out / name)


def measured(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    losses = [(line["seconds"], line["val_loss"]) for line in lines if line["val_loss"] is not None]
    return {"val_loss": losses[-1][1], "tokens": lines[-1]["tokens"], "losses": losses}


def table(minutes, threads, found):
    """Also when each of frugal's runs was first seen to be as good as PyTorch in the end."""
    goal = found["PyTorch, V3 shape"]["val_loss"]
    lines = [f"| after {minutes:g} minutes on {threads} threads | tokens seen | validation loss | as "
             "good as PyTorch's last by second |", "|---|---|---|---|"]
    for name, run in found.items():
        reached = [f"{seconds:.0f}" for seconds, loss in run.get("losses", []) if loss <= goal]
        lines.append(f"| {name} | {run['tokens']:,} | {run['val_loss']:.4f} | "
                     f"{reached[0] if reached else ''} |")
    return "\n".join(lines) + "\n"


def pytorch(o, model):
    recipe = tomllib.loads(RECIPE.read_text())
    data, train = recipe["data"], recipe["train"]
    text = o.text.read_bytes()
    end = int(len(text) * (1 - data["validation_share"]))
    parts = {"train.txt": text[:end], "validation.txt": text[end:]}
    for name, part in parts.items():
        (o.out / name).write_bytes(part)
    settings = o.out / "pytorch.json"
    settings.write_text(json.dumps(model))
    done = subprocess.run([sys.executable, PEERS, "grouped-v3", settings, o.out / "train.txt",
                           "--batch", str(train["batch_sequences"]),
                           "--length", str(data["sequence_length"]),
                           "--threads", str(o.threads), "--minutes", str(o.minutes),
                           "--lr", str(train["lr"]), "--validation", o.out / "validation.txt"],
                          check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def main():
    o = parse(__doc__, "text", "same-minutes", minutes=10.0)
    model = tomllib.loads(RECIPE.read_text())["model"]
    bare = v3_settings(RECIPE, model["hidden_size"])
    runs = {"frugal, V3 shape": lambda: frugal(o, "v3", model),
            "frugal, dense": lambda: frugal(o, "dense", qwen2_settings(bare)),
            "PyTorch, V3 shape": lambda: pytorch(o, bare)}
    found = {name: measure() for name, measure in runs.items()}
    (o.out / "table.md").write_text(table(o.minutes, o.threads, found))
    print((o.out / "table.md").read_text(), end="")


if __name__ == "__main__":
    main()
