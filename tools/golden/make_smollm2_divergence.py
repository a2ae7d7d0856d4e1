"""Makes tests/golden/smollm2_divergence.json: how far llama.cpp's quantised kernels move the
probabilities of SmolLM2-135M-Instruct from those of the same weights in float32.

    python tools/golden/make_smollm2_divergence.py build-data/smollm2.gguf wikitext2-test.txt

Float32 is transformers with the dequantised weights; llama.cpp is the PyPI package xllamacpp with
its own settings, its logits asked for one token at a time.
"""

import json
import pathlib
import sys

import gguf
import numpy as np
import torch
import xllamacpp

import make_smollm2_perplexity as smollm2

TOKENS = 128
GOLDEN = smollm2.GOLDEN.parent / "smollm2_divergence.json"


def exact_logprobs(model, ids):
    """[T, vocabulary]"""
    return torch.log_softmax(model(torch.tensor([ids]), use_cache=False).logits[0].double(), -1).numpy()


def llama_cpp_logprobs(path, ids, vocabulary):
    """[T, vocabulary]"""
    options = xllamacpp.CommonParams()
    options.model.path = str(path)
    options.n_ctx, options.n_parallel, options.warmup = 1024, 1, False
    server = xllamacpp.Server(options)
    logprobs = np.full((len(ids), vocabulary), np.nan)
    for i in range(len(ids)):
        answer = server.handle_completions({
            "prompt": ids[:i + 1], "n_predict": 1, "temperature": 0, "n_probs": vocabulary,
            "cache_prompt": True})
        for entry in answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]:
            logprobs[i, entry["id"]] = entry["logprob"]
    return logprobs


def main():
    model_path, text_path = map(pathlib.Path, sys.argv[1:])
    torch.set_grad_enabled(False)
    reader = gguf.GGUFReader(model_path)
    model, tokenizer = smollm2.load_model(reader), smollm2.load_tokenizer(reader)
    text = text_path.read_bytes()[:8 * TOKENS].decode("utf-8", "ignore")
    ids = tokenizer.encode(text, add_special_tokens=False).ids[:TOKENS]
    exact = exact_logprobs(model, ids)
    got = llama_cpp_logprobs(model_path, ids, exact.shape[1])
    divergences = (np.exp(exact) * (exact - got)).sum(1)
    GOLDEN.write_text(json.dumps({
        "made_with": f"transformers in float32; xllamacpp {xllamacpp.__version__}",
        "definition": "Kullback-Leibler divergence of llama.cpp's distribution of the next token "
                      "from float32's, in nats, averaged over all positions",
        "ids": ids, "mean_divergence": float(divergences.mean())}, indent=1) + "\n")


if __name__ == "__main__":
    main()
