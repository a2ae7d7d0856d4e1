"""Tokens per second in training: frugal against transformers with PyTorch's AdamW, in float32.

    python tools/train_speed.py TEXT [--recipe recipes/shakespeare-v3-tiny.toml] [--width 256]
                                     [--batch 16] [--length 256] [--steps 8] [--threads N]

Both train the same DeepSeek-V3 shape on the same text with the same batch, one after the other on
the same threads, in turns, so that a busy machine slows both. transformers does not know the
multi-token layer, so neither has it. Prints the best and the median of each, and their ratio.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time
import tomllib

import torch
import transformers

ROOT = pathlib.Path(__file__).resolve().parent.parent


def model_settings(recipe, width):
    model = tomllib.loads(recipe.read_text())["model"]
    scale = width / model["hidden_size"]
    for key in ("hidden_size", "intermediate_size", "moe_intermediate_size", "q_lora_rank",
                "kv_lora_rank"):
        model[key] = int(model[key] * scale)
    model["num_nextn_predict_layers"] = 0
    return model


def frugal_speeds(o, model):
    with tempfile.TemporaryDirectory() as out:
        settings = [f"model.{key}={json.dumps(value)}" for key, value in model.items()]
        settings += [f"data.path={o.text}", f"data.sequence_length={o.length}", "train.minutes=0",
                     f"train.steps={o.steps}", f"train.batch_sequences={o.batch}",
                     f"train.threads={o.threads}", "run.validate_every_steps=0",
                     "run.sample_every_steps=0", "data.validation_share=0"]
        command = [str(ROOT / o.program), "train", str(o.recipe), "--out", out]
        for setting in settings:
            command += ["--set", setting]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        lines = (pathlib.Path(out) / "metrics.jsonl").read_text().splitlines()
        return [json.loads(line)["tokens_per_second"] for line in lines][1:]


def peer_speeds(o, settings):
    config = transformers.DeepseekV3Config(**{**settings, "vocab_size": 260})
    model = transformers.DeepseekV3ForCausalLM(config).float().train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
    text = torch.tensor(list(pathlib.Path(o.text).read_bytes()))
    speeds = []
    for _ in range(o.steps):
        starts = torch.randint(len(text) - o.length - 1, (o.batch,))
        batch = torch.stack([text[s:s + o.length + 1] for s in starts])
        start = time.perf_counter()
        logits = model(batch[:, :-1], use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        speeds.append(o.batch * o.length / (time.perf_counter() - start))
    return speeds[1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text")
    parser.add_argument("--recipe", type=pathlib.Path,
                        default=ROOT / "recipes" / "shakespeare-v3-tiny.toml")
    parser.add_argument("--program", default="build/bin/frugal")
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    o = parser.parse_args()
    torch.set_num_threads(o.threads)
    settings = model_settings(o.recipe, o.width)
    ours, theirs = [], []
    for _ in range(o.rounds):
        ours += frugal_speeds(o, settings)
        theirs += peer_speeds(o, settings)
    for name, speeds in (("frugal", ours), ("transformers", theirs)):
        print(f"{name:12}  best {max(speeds):8.0f}  median {statistics.median(speeds):8.0f} tokens/s")
    print(f"ratio         best {max(ours) / max(theirs):8.2f}  "
          f"median {statistics.median(ours) / statistics.median(theirs):8.2f}")


if __name__ == "__main__":
    main()
