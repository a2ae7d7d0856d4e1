"""Makes tests/golden/models/: tiny random checkpoints and the logits of transformers' classes.

    python tools/golden/make_model_goldens.py [NAME ...]

Each folder holds config.json, model.safetensors and
  logits.safetensors  tokens [300] I32; positions [P] I32; logits [P, vocab] F32, after the token at
                      each position, computed in float64. Attention is causal, so these are also the
                      last logits of the prompts that end there. With a multi-token layer:
                      mtp_positions [Q] and mtp_logits [Q, vocab], where row i joins the hidden state
                      of position i with token i + 1 and predicts token i + 2.
  ablations.json      what disabling one feature does to the logits: a JSON merge patch of
                      config.json or the ending of the tensors' names to set to zero, and how far the
                      stored rows move, relative to their norm. Each moves them by more than 1 %.
Everything stated here is asserted while the files are made.
"""

import json
import math
import pathlib
import shutil
import sys
import tempfile

import torch
import transformers
from safetensors.torch import save_file

import fp8
import mtp_golden
import reference
import routing
import tiny_models

GOLDENS = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "models"
PROMPT_TOKENS = 300
# The ends of prompts of 1, 2, 7, 63, 64, 65, 128, 129, 256 and 300 tokens, and one in between.
POSITIONS = [0, 1, 6, 62, 63, 64, 127, 128, 200, 255, 299]
SMALLEST_EFFECT = 0.01
# Experts are chosen by at least this margin in float64, hundreds of times float32's rounding, so
# that no correct implementation chooses others.
SMALLEST_MARGIN = 1e-4
LARGEST_FLOAT32_ERROR = 2e-5


def ablations(config):
    """Feature -> (merge patch of config.json, ending of the names of tensors to zero)."""
    result = {}
    rope_key = "rope_parameters" if "rope_parameters" in config else "rope_scaling"
    nested = rope_key == "rope_parameters"
    theta = {"rope_theta": 1e9}
    result["rope_theta"] = ({rope_key: theta} if nested else theta), None
    scaling = config.get(rope_key)
    if scaling:
        off = {key: None for key in scaling if key not in ("rope_theta", "rope_type")}
        off["rope_type"] = "default"
        result["rope_scaling"] = {rope_key: off if nested else None}, None
        if "mscale" in scaling:
            # As good as 0, for which implementations fall back to different defaults.
            none = {"mscale": 1e-9, "mscale_all_dim": 1e-9}
            result["mscale"] = {rope_key: none}, None
        if scaling.get("mscale") != scaling.get("mscale_all_dim"):
            result["mscale_ratio"] = {rope_key: {"mscale": scaling["mscale_all_dim"]}}, None
    if config["model_type"] == "qwen2":
        result["qkv_bias"] = {}, "_proj.bias"
    if config["model_type"] in ("qwen3_moe", "deepseek_v3"):
        result["norm_topk_prob"] = {"norm_topk_prob": not config["norm_topk_prob"]}, None
    if config.get("n_group", 1) > 1:
        result["groups"] = {"n_group": 1, "topk_group": 1}, None
    if config.get("topk_method") == "noaux_tc":
        result["gate_bias"] = {}, "e_score_correction_bias"
    if config.get("routed_scaling_factor", 1.0) != 1.0:
        result["routed_scaling_factor"] = {"routed_scaling_factor": 1.0}, None
    if config.get("n_shared_experts"):
        result["shared_experts"] = {}, "shared_experts.down_proj.weight"
    return result


def check_softmax_scale(folder, config):
    """transformers before July 2026 left the square of mscale out of DeepSeek-V2's scale."""
    scaling = config.get("rope_scaling")
    if not scaling or "mscale" not in scaling:
        return
    head_dim = config["qk_nope_head_dim"] + config["qk_rope_head_dim"]
    mscale = 0.1 * scaling["mscale_all_dim"] * math.log(scaling["factor"]) + 1
    for layer in reference.load(folder, torch.float32).model.layers:
        assert math.isclose(layer.self_attn.scaling, head_dim**-0.5 * mscale**2, rel_tol=1e-9)


def measure_ablations(folder, config, tokens, expected, scratch):
    """What to store in ablations.json; fails when a feature hardly matters."""
    stored, moved = [], {}
    for name in ["rope"] + routing.faults(config):
        moved[name] = reference.run(folder, tokens, disable=name)[0]
        stored.append({"name": name})
    for name, (patch, zero) in ablations(config).items():
        reference.edit_checkpoint(folder, scratch / name, patch, zero)
        moved[name] = reference.run(scratch / name, tokens)[0]
        stored.append({"name": name, "patch": patch, **({"zero": zero} if zero else {})})
    for entry in stored:
        entry["distance"] = reference.distance(moved[entry["name"]][POSITIONS], expected[POSITIONS])
        assert entry["distance"] > SMALLEST_EFFECT, entry
    return stored


def draw_tokens(config, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(2, config["vocab_size"], (PROMPT_TOKENS,), generator=generator).tolist()


def make(name, scratch):
    config, dtype = tiny_models.MODELS[name]
    # What transformers reads: the same without FP8, which it would run in FP8.
    plain_config = {k: v for k, v in config.items() if k != "quantization_config"}
    for seed in range(100):
        tensors = tiny_models.tie_mtp(config, tiny_models.weights(config, dtype, seed))
        if "quantization_config" in config:
            tensors = fp8.quantise_checkpoint(tensors)
        plain = scratch / "plain"
        reference.write_checkpoint(plain, plain_config, fp8.dequantise_checkpoint(tensors))
        tokens = draw_tokens(config, seed)
        logits, hidden, margin = reference.run(plain, tokens)
        extra = {}
        if config.get("num_nextn_predict_layers"):
            extra, mtp_margin = mtp_golden.run(plain, tokens, hidden, POSITIONS)
            margin = min(margin, mtp_margin)
        if margin > SMALLEST_MARGIN:
            break
    else:
        raise SystemExit(f"{name}: no seed chooses experts by a clear margin")
    check_softmax_scale(plain, config)
    rounded = reference.run(plain, tokens, torch.float32)[0]
    error = float(((rounded - logits).norm(dim=-1) / logits.norm(dim=-1)).max())
    assert error < LARGEST_FLOAT32_ERROR, error
    effects = measure_ablations(plain, plain_config, tokens, logits, scratch)

    folder = GOLDENS / name
    shutil.rmtree(folder, ignore_errors=True)
    reference.write_checkpoint(folder, config, tensors)
    save_file({"tokens": torch.tensor(tokens, dtype=torch.int32),
               "positions": torch.tensor(POSITIONS, dtype=torch.int32),
               "logits": logits[POSITIONS].float().contiguous(), **extra},
              folder / "logits.safetensors")
    # No file can ask for a model without rope or with a faulty gate.
    stored = [entry for entry in effects if "patch" in entry]
    (folder / "ablations.json").write_text(json.dumps(stored, indent=2) + "\n")
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{name}: seed {seed}, {size // 1000} KB, margin {margin:.1e}, float32 is off by {error:.1e},",
          ", ".join(f"{e['name']} {e['distance']:.3f}" for e in effects), flush=True)


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    print(f"torch {torch.__version__}, transformers {transformers.__version__}")
    for name in sys.argv[1:] or tiny_models.MODELS:
        with tempfile.TemporaryDirectory() as scratch:
            make(name, pathlib.Path(scratch))


if __name__ == "__main__":
    main()
