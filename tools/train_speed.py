"""Tokens per second and peak memory in training: frugal against PyTorch.

    python tools/train_speed.py TEXT [--width 256] [--batch 16] [--length 256] [--steps 6]
                                     [--rounds 2] [--threads N] [--peers ...] [--rounded]
                                     [--program ...]

All train in float32 on the same text with the same batch and threads: frugal and two peers the same
DeepSeek-V3 shape (transformers' class, and our own PyTorch model with grouped products and torch.compile), a
third the dense Qwen2 of as many active parameters, which frugal trains as well. They take turns, so
that a busy machine slows all of them. The multi-token layer is left out, since transformers has
none. With --rounded frugal also trains in bf16 and fp8, and PyTorch's V3 shapes under autocast in
bfloat16, which are compared with frugal's bf16. A run's first step is not counted. Memory is the
peak of the process above that of an interpreter with nothing but its libraries loaded, or of
`frugal --version`.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "tools" / "speed" / "peers.py"


def v3_settings(recipe, width):
    model = tomllib.loads(recipe.read_text())["model"]
    scale = width / model["hidden_size"]
    for key in ("hidden_size", "intermediate_size", "moe_intermediate_size", "q_lora_rank",
                "kv_lora_rank"):
        model[key] = int(model[key] * scale)
    return model | {"num_nextn_predict_layers": 0, "vocab_size": 260}


def qwen2_settings(v3):
    active = v3["moe_intermediate_size"] * (v3["num_experts_per_tok"] + v3["n_shared_experts"])
    heads = v3["num_attention_heads"]
    return {"model_type": "qwen2", "hidden_size": v3["hidden_size"], "intermediate_size": active,
            "num_hidden_layers": v3["num_hidden_layers"], "num_attention_heads": heads,
            "num_key_value_heads": heads, "max_position_embeddings": v3["max_position_embeddings"],
            "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": False,
            "hidden_act": "silu", "vocab_size": 260}


def run(command):
    """Standard output of a command, and its peak memory in bytes."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(list(map(str, command)), stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit(f"{' '.join(map(str, command[:4]))} ... failed")
        out.seek(0)
        return out.read().decode(), usage.ru_maxrss * 1024


def toml_value(value):
    return json.dumps(value)


def frugal_recipe(folder, o, settings, precision):
    lines = ["[model]"] + [f"{key} = {toml_value(value)}" for key, value in settings.items()]
    lines += ["[data]", f"path = {toml_value(str(o.text.resolve()))}", "validation_share = 0",
              f"sequence_length = {o.length}", "[train]", f"steps = {o.steps}",
              f"batch_sequences = {o.batch}", f"threads = {o.threads}",
              f"precision = {toml_value(precision)}"]
    (folder / "recipe.toml").write_text("\n".join(lines) + "\n")
    return folder / "recipe.toml"


def frugal(o, settings, precision="fp32"):
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        _, memory = run([o.program, "train", frugal_recipe(folder, o, settings, precision),
                         "--out", folder / "out"])
        lines = (folder / "out" / "metrics.jsonl").read_text().splitlines()
        return [json.loads(line)["tokens_per_second"] for line in lines][1:], memory


def peer(o, name, settings, *more):
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "settings.json"
        path.write_text(json.dumps(settings))
        out, memory = run([sys.executable, PEERS, name, path, o.text, "--batch", o.batch, "--length",
                           o.length, "--steps", o.steps, "--threads", o.threads, *more])
        return json.loads(out)["tokens_per_second"][1:], memory


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", type=pathlib.Path)
    parser.add_argument("--recipe", type=pathlib.Path,
                        default=ROOT / "recipes" / "shakespeare-v3-tiny.toml")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "bin" / "frugal")
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--peers", nargs="+",
                        default=["transformers-v3", "grouped-v3", "transformers-qwen2"])
    parser.add_argument("--rounded", action="store_true")
    o = parser.parse_args()
    v3 = v3_settings(o.recipe, o.width)
    dense = qwen2_settings(v3)
    runs = {"frugal v3": lambda: frugal(o, v3), "frugal qwen2": lambda: frugal(o, dense)}
    if "transformers-qwen2" not in o.peers:
        del runs["frugal qwen2"]
    for name in o.peers:
        runs[name] = lambda name=name: peer(o, name, v3)
    if o.rounded:
        for precision in ("bf16", "fp8"):
            runs[f"frugal v3 {precision}"] = lambda p=precision: frugal(o, v3, p)
        for name in set(o.peers) & {"transformers-v3", "grouped-v3"}:
            runs[f"{name} bf16"] = lambda name=name: peer(o, name, v3, "--autocast")
    bare = {True: run([o.program, "--version"])[1],
            False: run([sys.executable, "-c", "import torch, transformers"])[1]}
    speeds, memory = {name: [] for name in runs}, dict.fromkeys(runs, 0)
    for _ in range(o.rounds):
        for name, measure in runs.items():
            found, peak = measure()
            speeds[name] += found
            memory[name] = max(memory[name], peak - bare[name.startswith("frugal")])
    print(f"width {o.width}, batch {o.batch} x {o.length}, {o.threads} threads")
    print(f"{'':22} {'best':>9} {'median':>9} tokens/s {'memory':>9} MB   frugal over it: "
          f"{'best':>6} {'median':>7} {'memory':>7}")
    for name, found in speeds.items():
        ours = ("frugal qwen2" if name.endswith("qwen2") else
                "frugal v3 bf16" if name.endswith("v3 bf16") else "frugal v3")
        best, median = max(found), statistics.median(found)
        print(f"{name:22} {best:9.0f} {median:9.0f} {'':8} {memory[name] / 1e6:9.0f}      "
              f"{'':17}{max(speeds[ours]) / best:6.2f} "
              f"{statistics.median(speeds[ours]) / median:7.2f} "
              f"{memory[ours] / memory[name]:7.2f}")


if __name__ == "__main__":
    main()
