"""Makes tests/golden/gguf/: the tiny models of tests/golden/models/ as GGUF, in llama.cpp's dialects.

    python tools/golden/make_gguf_goldens.py

A file answers with the logits of the model it is named after. llama_q8_0.gguf has its own,
llama_q8_0.logits.safetensors, of transformers' class with the dequantised weights.
check_gguf_with_llama_cpp.py runs the files with llama.cpp itself.
"""

import pathlib
import re
import tempfile

import gguf
import numpy as np
import torch
import transformers
from gguf import GGMLQuantizationType as Type
from safetensors.torch import load_file, save_file

import reference

GOLDENS = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden"

# File (without .gguf) -> (model, type of its matrices, options)
FILES = {
    "llama3_tied": ("llama3_tied", Type.BF16, {}),
    "llama_q8_0": ("llama", Type.Q8_0, {}),
    "qwen2": ("qwen2", Type.F16, {}),
    "qwen3": ("qwen3", Type.F32, {}),
    "qwen3_moe": ("qwen3_moe", Type.F16, {"split_max_tensors": 12}),
    # As files were written before April 2025: kv_b in one piece, and for V2 no gating function.
    "deepseek_v2_lite_old": ("deepseek_v2_lite", Type.F16, {"old_mla": True}),
    "deepseek_v2_lite": ("deepseek_v2_lite", Type.BF16, {}),
    "deepseek_v3": ("deepseek_v3", Type.F16, {}),
}

ARCHITECTURES = {"llama": "llama", "qwen2": "qwen2", "qwen3": "qwen3", "qwen3_moe": "qwen3moe",
                 "deepseek_v2": "deepseek2", "deepseek_v3": "deepseek2"}

# Names within a layer.
LAYER_NAMES = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "self_attn.q_a_proj": "attn_q_a",
    "self_attn.q_a_layernorm": "attn_q_a_norm",
    "self_attn.q_b_proj": "attn_q_b",
    "self_attn.kv_a_proj_with_mqa": "attn_kv_a_mqa",
    "self_attn.kv_a_layernorm": "attn_kv_a_norm",
    "self_attn.kv_b_proj": "attn_kv_b",
    "mlp.gate": "ffn_gate_inp",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "mlp.shared_experts.gate_proj": "ffn_gate_shexp",
    "mlp.shared_experts.up_proj": "ffn_up_shexp",
    "mlp.shared_experts.down_proj": "ffn_down_shexp",
}
OUTER_NAMES = {"model.embed_tokens.weight": "token_embd.weight",
               "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}


def permute(rows, heads):
    """ggml's llama rope turns neighbouring rows of a head, the checkpoint's halves."""
    return rows.view(heads, 2, -1, rows.shape[-1]).transpose(1, 2).reshape(rows.shape)


def split_kv_b(config, kv_b):
    """k_b [heads, kv_lora, nope], transposed for the absorbed form, and v_b [heads, v, kv_lora]."""
    nope, value = config["qk_nope_head_dim"], config["v_head_dim"]
    k_b, v_b = kv_b.view(-1, nope + value, kv_b.shape[-1]).split([nope, value], 1)
    return k_b.transpose(1, 2), v_b


def llama3_factors(config):
    """What each frequency is divided by, [head_dim / 2]."""
    rope = config.get("rope_parameters") or config["rope_scaling"]
    head_dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    theta = rope.get("rope_theta") or config["rope_theta"]
    turns = (rope["original_max_position_embeddings"] / (2 * np.pi)
             * theta ** (-np.arange(0, head_dim, 2) / head_dim))
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    smooth = np.clip((turns - low) / (high - low), 0, 1)
    return (1 / ((1 - smooth) / rope["factor"] + smooth)).astype(np.float32)


def tensors_of(config, checkpoint, options):
    """GGUF name -> tensor, in the order of the checkpoint."""
    result, stacks = {}, {}
    for name, value in checkpoint.items():
        if name in OUTER_NAMES:
            result[OUTER_NAMES[name]] = value
            continue
        layer, inner, kind = re.fullmatch(r"model\.layers\.(\d+)\.(.+)\.(\w+)", name).groups()
        prefix = f"blk.{layer}."
        if expert := re.fullmatch(r"mlp\.experts\.(\d+)\.(\w+)_proj", inner):
            stacks.setdefault(f"{prefix}ffn_{expert[2]}_exps.weight", {})[int(expert[1])] = value
        elif kind == "e_score_correction_bias":
            result[prefix + "exp_probs_b.bias"] = value
        elif inner == "self_attn.kv_b_proj" and not options.get("old_mla"):
            k_b, v_b = split_kv_b(config, value)
            result |= {prefix + "attn_k_b.weight": k_b, prefix + "attn_v_b.weight": v_b}
        else:
            if config["model_type"] == "llama" and inner in ("self_attn.q_proj", "self_attn.k_proj"):
                kv = "num_key_value_heads" if inner.endswith("k_proj") else "num_attention_heads"
                value = permute(value, config[kv])
            result[f"{prefix}{LAYER_NAMES[inner]}.{kind}"] = value
    for name, experts in stacks.items():
        result[name] = torch.stack([experts[i] for i in range(len(experts))])
    return result


def is_matrix(name, value):
    """llama.cpp keeps vectors and the router in float32."""
    return value.dim() > 1 and "ffn_gate_inp" not in name


def add_common_keys(writer, config):
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    writer.add_rope_freq_base(float(rope.get("rope_theta") or config["rope_theta"]))
    if rope.get("type") == "yarn":
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(float(rope["factor"]))
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        writer.add_rope_scaling_yarn_beta_fast(float(rope["beta_fast"]))
        writer.add_rope_scaling_yarn_beta_slow(float(rope["beta_slow"]))
        writer.add_rope_scaling_yarn_log_mul(0.1 * rope["mscale_all_dim"])


def add_attention_keys(writer, config, options):
    if "kv_lora_rank" not in config:
        head_dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
        writer.add_head_count_kv(config["num_key_value_heads"])
        writer.add_rope_dimension_count(head_dim)
        if "head_dim" in config:
            writer.add_key_length(head_dim)
            writer.add_value_length(head_dim)
        return
    rank, rope = config["kv_lora_rank"], config["qk_rope_head_dim"]
    head_dim = config["qk_nope_head_dim"] + rope
    writer.add_kv_lora_rank(rank)
    if config["q_lora_rank"]:
        writer.add_q_lora_rank(config["q_lora_rank"])
    writer.add_rope_dimension_count(rope)
    if options.get("old_mla"):
        writer.add_head_count_kv(config["num_key_value_heads"])
        writer.add_key_length(head_dim)
        writer.add_value_length(config["v_head_dim"])
        return
    # Absorbed, all heads share one key and value: the latent.
    writer.add_head_count_kv(1)
    writer.add_key_length(rank + rope)
    writer.add_value_length(rank)
    writer.add_key_length_mla(head_dim)
    writer.add_value_length_mla(config["v_head_dim"])


def add_expert_keys(writer, config, options):
    experts = config.get("num_experts") or config.get("n_routed_experts")
    if not experts:
        return
    writer.add_expert_count(experts)
    writer.add_expert_used_count(config["num_experts_per_tok"])
    writer.add_expert_feed_forward_length(config["moe_intermediate_size"])
    if config["model_type"] == "qwen3_moe":
        return
    writer.add_leading_dense_block_count(config["first_k_dense_replace"])
    writer.add_expert_shared_count(config["n_shared_experts"])
    writer.add_expert_weights_scale(config["routed_scaling_factor"])
    if config["norm_topk_prob"]:
        writer.add_expert_weights_norm(True)
    if not options.get("old_mla"):
        writer.add_expert_group_count(config["n_group"])
        writer.add_expert_group_used_count(config["topk_group"])
        writer.add_expert_gating_func(
            getattr(gguf.ExpertGatingFuncType, config["scoring_func"].upper()))


def add_tokenizer(writer, config):
    """A byte-level vocabulary of printable ASCII, two merges, and special tokens at the end."""
    tokens = [chr(c) for c in range(33, 33 + 88)] + ["th", "the"]
    types = [gguf.TokenType.NORMAL] * len(tokens)
    special = config["vocab_size"] - len(tokens)
    tokens += ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] + [f"[PAD{i}]" for i in range(special - 3)]
    types += [gguf.TokenType.CONTROL] * 3 + [gguf.TokenType.UNUSED] * (special - 3)
    end = tokens.index("<|endoftext|>")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(["t h", "th e"])
    writer.add_bos_token_id(end)
    writer.add_eos_token_id(end)
    writer.add_add_bos_token(False)


def encoded(name, value, kind):
    """Data and raw type for the writer."""
    if not is_matrix(name, value):
        return value.float().contiguous().numpy(), None
    data = value.float().contiguous().numpy()
    return gguf.quants.quantize(data, kind), kind


def write(file, model, kind, options):
    config, checkpoint = reference.read_checkpoint(GOLDENS / "models" / model)
    path = GOLDENS / "gguf" / f"{file}.gguf"
    writer = gguf.GGUFWriter(path, ARCHITECTURES[config["model_type"]],
                             split_max_tensors=options.get("split_max_tensors", 0))
    writer.add_name(file)
    file_types = {Type.F32: "ALL_F32", Type.F16: "MOSTLY_F16", Type.BF16: "MOSTLY_BF16",
                  Type.Q8_0: "MOSTLY_Q8_0"}
    writer.add_file_type(gguf.LlamaFileType[file_types[kind]])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    add_common_keys(writer, config)
    add_attention_keys(writer, config, options)
    add_expert_keys(writer, config, options)
    add_tokenizer(writer, config)
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if rope.get("rope_type") == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(config))
    for name, value in tensors_of(config, checkpoint, options).items():
        data, raw = encoded(name, value, kind)
        writer.add_tensor(name, data, raw_dtype=raw)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def quantised_logits(file, model, kind):
    """Logits with the weights as the file rounds them."""
    config, checkpoint = reference.read_checkpoint(GOLDENS / "models" / model)
    expected = load_file(GOLDENS / "models" / model / "logits.safetensors")
    rounded = {name: torch.from_numpy(gguf.quants.dequantize(
        gguf.quants.quantize(value.float().numpy(), kind), kind)) if value.dim() > 1 else value
        for name, value in checkpoint.items()}
    with tempfile.TemporaryDirectory() as folder:
        reference.write_checkpoint(folder, config, rounded)
        logits = reference.run(folder, expected["tokens"].tolist())[0]
    moved = reference.distance(logits[expected["positions"].long()], expected["logits"])
    print(f"{file}: quantisation moves the logits by {moved:.4f}")
    expected["logits"] = logits[expected["positions"].long()].float().contiguous()
    save_file(expected, GOLDENS / "gguf" / f"{file}.logits.safetensors")


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    folder = GOLDENS / "gguf"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.gguf"):
        old.unlink()
    for file, (model, kind, options) in FILES.items():
        write(file, model, kind, options)
        if kind == Type.Q8_0:
            quantised_logits(file, model, kind)
    for path in sorted(folder.iterdir()):
        print(f"{path.name}: {path.stat().st_size // 1000} KB")


if __name__ == "__main__":
    main()
