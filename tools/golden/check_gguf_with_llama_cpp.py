"""Runs the files of tests/golden/gguf/ with llama.cpp (PyPI package xllamacpp) and compares.

    python tools/golden/check_gguf_with_llama_cpp.py

llama.cpp rounds activations to the type of the weights, so the files themselves agree roughly; the
same written in float32 must agree closely. llama.cpp refuses a deepseek2 without q_lora unless it
has the number of layers of a model that it knows, so V2-Lite's dialect is tried with 27 layers.
"""

import pathlib
import tempfile

import make_gguf_goldens as goldens
import reference
import tiny_models
import torch
import transformers
import xllamacpp
from gguf import GGMLQuantizationType as Type
from safetensors.torch import load_file, save_file


def llama_cpp_log_probabilities(path, tokens, positions, vocab):
    """[P, vocab] after the token at each position."""
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx, params.n_parallel, params.warmup = 512, 1, False
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    server, rows = xllamacpp.Server(params), []
    for position in positions:
        reply = server.handle_completions({
            "prompt": tokens[: position + 1], "max_tokens": 1, "logprobs": vocab, "temperature": 0,
            "samplers": ["temperature"], "cache_prompt": False})
        row = torch.full((vocab,), torch.nan)
        for entry in reply["choices"][0]["logprobs"]["content"][0]["top_logprobs"]:
            row[entry["id"]] = entry["logprob"]
        rows.append(row)
    return torch.stack(rows)


def compare(path, expected, limit):
    theirs = llama_cpp_log_probabilities(path, expected["tokens"].tolist(),
                                         expected["positions"].tolist(), expected["logits"].shape[1])
    distance = reference.distance(theirs, expected["logits"].log_softmax(-1))
    print(f"{path.name}: {distance:.1e}", flush=True)
    assert distance < limit


def expected_of(file, model):
    own = goldens.GOLDENS / "gguf" / f"{file}.logits.safetensors"
    return load_file(own if own.exists() else goldens.GOLDENS / "models" / model / "logits.safetensors")


def make_deep_lite(folder):
    """V2-Lite's shape with its 27 layers, as llama.cpp wants it."""
    config = tiny_models.MODELS["deepseek_v2_lite"][0] | {"num_hidden_layers": 27}
    tensors = tiny_models.weights(config, torch.float32, 0)
    tensors = {k: v * 0.2 if k.endswith(("o_proj.weight", "down_proj.weight")) else v
               for k, v in tensors.items()}  # 27 layers of the usual size are chaotic
    reference.write_checkpoint(folder, config, tensors)
    tokens, positions = list(range(2, 90)), [0, 1, 63, 64, 87]
    logits = reference.run(folder, tokens)[0][positions].float()
    save_file({"tokens": torch.tensor(tokens), "positions": torch.tensor(positions), "logits": logits},
              folder / "logits.safetensors")


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    folder = goldens.GOLDENS / "gguf"
    for file, (model, kind, options) in goldens.FILES.items():
        if model == "deepseek_v2_lite":
            continue
        split = "-00001-of-00003" if "split_max_tensors" in options else ""
        compare(folder / f"{file}{split}.gguf", expected_of(file, model), 0.05)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        make_deep_lite(scratch / "models" / "deep_lite")
        for model in ("llama3_tied", "qwen2", "qwen3_moe", "deepseek_v3"):
            (scratch / "models" / model).symlink_to(goldens.GOLDENS / "models" / model)
        goldens.GOLDENS = scratch
        (scratch / "gguf").mkdir()
        for file, model, options in [
                ("llama3_tied", "llama3_tied", {}), ("qwen2", "qwen2", {}),
                ("qwen3_moe", "qwen3_moe", {}), ("deepseek_v3", "deepseek_v3", {}),
                ("deep_lite", "deep_lite", {}), ("deep_lite_old", "deep_lite", {"old_mla": True})]:
            goldens.write(file, model, Type.F32, options)
            compare(scratch / "gguf" / f"{file}.gguf", expected_of(file, model), 2e-4)


if __name__ == "__main__":
    main()
