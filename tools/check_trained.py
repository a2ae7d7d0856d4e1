"""Compares what a trained folder says here, in transformers and, as GGUF, in llama.cpp.

    python tools/check_trained.py RUN/latest TEXT [--program build/bin/frugal] [--tokens 200]

Scores the first tokens of a text under all three and prints the largest difference of their
log-probabilities. Needs golden/requirements.txt and `pip install xllamacpp`.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools" / "golden"))
from check_gguf_with_llama_cpp import llama_cpp_log_probabilities  # noqa: E402


def frugal_scores(program, model, tokens):
    command = [program, "score", "-m", model, "--tokens", ",".join(map(str, tokens)), "--json"]
    done = subprocess.run(list(map(str, command)), check=True, capture_output=True)
    return torch.tensor(json.loads(done.stdout)["logprobs"][1:])


def transformers_scores(folder, tokens):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        rows = model(torch.tensor([tokens])).logits[0].double().log_softmax(-1)
    return torch.stack([rows[i, token] for i, token in enumerate(tokens[1:])]).float()


def llama_cpp_scores(program, folder, tokens, vocab):
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "model.gguf"
        subprocess.run([program, "convert", folder, path, "--type", "f32"], check=True,
                       stdout=subprocess.DEVNULL)
        positions = list(range(0, len(tokens) - 1, 16))
        rows = llama_cpp_log_probabilities(path, tokens, positions, vocab)
    return positions, torch.stack([rows[i, tokens[p + 1]] for i, p in enumerate(positions)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("text", type=pathlib.Path)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "bin" / "frugal")
    parser.add_argument("--tokens", type=int, default=200)
    o = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = transformers.AutoTokenizer.from_pretrained(o.folder)
    tokens = tokenizer(o.text.read_text()[: 8 * o.tokens])["input_ids"][: o.tokens]
    ours = frugal_scores(o.program, o.folder, tokens)
    theirs = transformers_scores(o.folder, tokens)
    print(f"mean log-probability of {len(ours)} tokens: {ours.mean():.4f} here, "
          f"{theirs.mean():.4f} in transformers; largest difference {(ours - theirs).abs().max():.1e}")
    vocab = json.loads((o.folder / "config.json").read_text())["vocab_size"]
    positions, llama_cpp = llama_cpp_scores(o.program, o.folder, tokens, vocab)
    difference = (ours[positions] - llama_cpp).abs().max()
    print(f"llama.cpp: largest difference at {len(positions)} of them {difference:.1e}")


if __name__ == "__main__":
    main()
