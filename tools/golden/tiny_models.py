"""The tiny models that stand for each supported architecture: configurations and random weights.

A configuration carries the keys of the released config.json of its kind. Weights are drawn so that
attention is peaked and routing matters: with the small weights of a fresh initialisation attention
is nearly uniform, every expert nearly equal, and a wrong rope or gate would go unseen.
"""

import re

import torch

LLAMA3_ROPE = {
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
    "rope_type": "llama3",
}
# 64 instead of the released 4096 original positions, so that every stored position is past it.
YARN = {
    "beta_fast": 32,
    "beta_slow": 1,
    "factor": 40,
    "mscale": 1.0,
    "mscale_all_dim": 1.0,
    "original_max_position_embeddings": 64,
    "type": "yarn",
}


def _llama(**changes):
    return {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "hidden_act": "silu",
        "hidden_size": 64,
        "initializer_range": 0.02,
        "intermediate_size": 96,
        "max_position_embeddings": 512,
        "mlp_bias": False,
        "model_type": "llama",
        "num_attention_heads": 4,
        "num_hidden_layers": 2,
        "num_key_value_heads": 4,
        "pretraining_tp": 1,
        "rms_norm_eps": 1e-05,
        "rope_scaling": None,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        "use_cache": True,
        "vocab_size": 96,
        **changes,
    }


def _qwen(model_type, **changes):
    return {
        "architectures": [{"qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM",
                           "qwen3_moe": "Qwen3MoeForCausalLM"}[model_type]],
        "attention_dropout": 0.0,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "max_position_embeddings": 512,
        "model_type": model_type,
        "num_hidden_layers": 2,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-06,
        "rope_theta": 1000000.0,
        "sliding_window": None,
        "torch_dtype": "bfloat16",
        "use_cache": True,
        "use_sliding_window": False,
        **changes,
    }


def _qwen3_moe(**changes):
    return _qwen(
        "qwen3_moe", attention_bias=False, decoder_sparse_step=1, head_dim=16, hidden_size=32,
        intermediate_size=48, max_window_layers=2, mlp_only_layers=[], moe_intermediate_size=24,
        norm_topk_prob=True, num_attention_heads=4, num_experts=8, num_experts_per_tok=3,
        output_router_logits=False, rope_scaling=None, router_aux_loss_coef=0.001,
        tie_word_embeddings=False, vocab_size=96, **changes)


def _deepseek(version, **changes):
    return {
        "architectures": [f"DeepseekV{version}ForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "aux_loss_alpha": 0.001,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "first_k_dense_replace": 1,
        "hidden_act": "silu",
        "hidden_size": 40,
        "initializer_range": 0.02,
        "intermediate_size": 56,
        "kv_lora_rank": 32,
        "max_position_embeddings": 2560,
        "model_type": f"deepseek_v{version}",
        "moe_intermediate_size": 16,
        "moe_layer_freq": 1,
        "n_group": 1,
        "n_routed_experts": 8,
        "n_shared_experts": 1,
        "norm_topk_prob": False,
        "num_attention_heads": 4,
        "num_experts_per_tok": 3,
        "num_hidden_layers": 3,
        "num_key_value_heads": 4,
        "pretraining_tp": 1,
        "q_lora_rank": None,
        "qk_nope_head_dim": 16,
        "qk_rope_head_dim": 16,
        "rms_norm_eps": 1e-06,
        "rope_scaling": None,
        "rope_theta": 10000,
        "routed_scaling_factor": 1.0,
        "scoring_func": "softmax",
        "seq_aux": True,
        "tie_word_embeddings": False,
        "topk_group": 1,
        "topk_method": "greedy",
        "torch_dtype": "bfloat16",
        "use_cache": True,
        "v_head_dim": 12,
        "vocab_size": 96,
        **changes,
    }


def _deepseek_v3(**changes):
    return _deepseek(3, **{
        "ep_size": 1,
        "moe_intermediate_size": 8,
        "n_group": 4,
        "n_routed_experts": 16,
        "norm_topk_prob": True,
        "num_experts_per_tok": 4,
        "num_nextn_predict_layers": 0,
        "q_lora_rank": 24,
        "rope_scaling": YARN,
        "routed_scaling_factor": 2.5,
        "scoring_func": "sigmoid",
        "topk_group": 2,
        "topk_method": "noaux_tc",
        **changes,
    })


# name -> (config.json, dtype of the stored matrices)
MODELS = {
    "llama": (_llama(), torch.float16),
    # transformers 5 writes rope_parameters where every earlier checkpoint has rope_scaling.
    "llama3_tied": (
        {key: value for key, value in _llama(
            num_key_value_heads=2, tie_word_embeddings=True, vocab_size=128,
            rope_parameters={**LLAMA3_ROPE, "rope_theta": 10000.0}, dtype="bfloat16").items()
         if key not in ("rope_scaling", "rope_theta", "torch_dtype")}, torch.bfloat16),
    "llama3_untied": (
        _llama(hidden_size=40, intermediate_size=72, num_attention_heads=5, num_key_value_heads=1,
               head_dim=16, rope_scaling=LLAMA3_ROPE, torch_dtype="float32"), torch.float32),
    "qwen2": (
        _qwen("qwen2", hidden_size=48, intermediate_size=80, max_window_layers=2,
              num_attention_heads=6, tie_word_embeddings=True, vocab_size=112), torch.bfloat16),
    "qwen3": (
        _qwen("qwen3", attention_bias=False, head_dim=16, hidden_size=48, intermediate_size=64,
              max_window_layers=2, num_attention_heads=4, rope_scaling=None,
              tie_word_embeddings=True, vocab_size=128), torch.bfloat16),
    "qwen3_moe": (_qwen3_moe(), torch.bfloat16),
    "qwen3_moe_mixed": (
        {**_qwen3_moe(), "decoder_sparse_step": 2, "mlp_only_layers": [3], "norm_topk_prob": False,
         "num_hidden_layers": 4, "moe_intermediate_size": 16}, torch.bfloat16),
    "deepseek_v2_lite": (
        _deepseek(2, hidden_size=48, n_shared_experts=2, num_attention_heads=3,
                  num_key_value_heads=3,
                  rope_scaling={**YARN, "mscale": 0.707, "mscale_all_dim": 0.707}),
        torch.bfloat16),
    # mscale unlike mscale_all_dim, so that cos and sin are scaled too (by their ratio).
    "deepseek_v2": (
        _deepseek(2, moe_intermediate_size=8, n_group=4, n_routed_experts=16, n_shared_experts=2,
                  num_experts_per_tok=4, q_lora_rank=24,
                  rope_scaling={**YARN, "mscale": 1.0, "mscale_all_dim": 0.707},
                  routed_scaling_factor=4.0, topk_group=2, topk_method="group_limited_greedy"),
        torch.bfloat16),
    "deepseek_v3": (_deepseek_v3(), torch.bfloat16),
    "deepseek_v3_plain": (
        _deepseek_v3(max_position_embeddings=512, n_group=2, n_routed_experts=8,
                     num_experts_per_tok=3, num_hidden_layers=2, q_lora_rank=None,
                     qk_rope_head_dim=8, rope_scaling=None, topk_group=1), torch.bfloat16),
    # Both sides of most matrices are past 128 and not a multiple of it: ragged blocks.
    "deepseek_v3_fp8": (
        _deepseek_v3(hidden_size=144, intermediate_size=200, kv_lora_rank=136,
                     moe_intermediate_size=24, n_group=1, n_routed_experts=4,
                     num_experts_per_tok=2, num_hidden_layers=2, q_lora_rank=40, topk_group=1,
                     quantization_config={
                         "activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8",
                         "weight_block_size": [128, 128]}), torch.bfloat16),
    "deepseek_v3_mtp": (
        _deepseek_v3(num_hidden_layers=2, num_nextn_predict_layers=1), torch.bfloat16),
}


def is_moe_layer(config, layer):
    if config["model_type"] == "qwen3_moe":
        return (layer not in config["mlp_only_layers"]
                and (layer + 1) % config["decoder_sparse_step"] == 0)
    return "n_routed_experts" in config and layer >= config["first_k_dense_replace"]


def _attention_shapes(config):
    """Name under self_attn -> shape."""
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    if "kv_lora_rank" in config:
        nope, rope, value = (config[k] for k in ("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"))
        rank = config["kv_lora_rank"]
        shapes = {
            "kv_a_proj_with_mqa.weight": (rank + rope, hidden),
            "kv_a_layernorm.weight": (rank,),
            "kv_b_proj.weight": (heads * (nope + value), rank),
            "o_proj.weight": (hidden, heads * value),
        }
        if q_rank := config["q_lora_rank"]:
            return shapes | {"q_a_proj.weight": (q_rank, hidden), "q_a_layernorm.weight": (q_rank,),
                             "q_b_proj.weight": (heads * (nope + rope), q_rank)}
        return shapes | {"q_proj.weight": (heads * (nope + rope), hidden)}
    head_dim = config.get("head_dim", hidden // heads)
    rows = {"q": heads * head_dim, "k": config["num_key_value_heads"] * head_dim}
    rows["v"] = rows["k"]
    shapes = {f"{x}_proj.weight": (rows[x], hidden) for x in "qkv"}
    shapes["o_proj.weight"] = (hidden, rows["q"])
    if config["model_type"] == "qwen2":
        shapes |= {f"{x}_proj.bias": (rows[x],) for x in "qkv"}
    if config["model_type"].startswith("qwen3"):
        shapes |= {"q_norm.weight": (head_dim,), "k_norm.weight": (head_dim,)}
    return shapes


def _mlp_shapes(prefix, hidden, width):
    return {f"{prefix}gate_proj.weight": (width, hidden), f"{prefix}up_proj.weight": (width, hidden),
            f"{prefix}down_proj.weight": (hidden, width)}


def _layer_shapes(config, layer):
    hidden, prefix = config["hidden_size"], f"model.layers.{layer}."
    shapes = {prefix + "input_layernorm.weight": (hidden,),
              prefix + "post_attention_layernorm.weight": (hidden,)}
    shapes |= {f"{prefix}self_attn.{k}": v for k, v in _attention_shapes(config).items()}
    if not is_moe_layer(config, layer):
        return shapes | _mlp_shapes(prefix + "mlp.", hidden, config["intermediate_size"])
    experts, width = config.get("num_experts", config.get("n_routed_experts")), config["moe_intermediate_size"]
    shapes[prefix + "mlp.gate.weight"] = (experts, hidden)
    if config.get("topk_method") == "noaux_tc":
        shapes[prefix + "mlp.gate.e_score_correction_bias"] = (experts,)
    for expert in range(experts):
        shapes |= _mlp_shapes(f"{prefix}mlp.experts.{expert}.", hidden, width)
    if shared := config.get("n_shared_experts"):
        shapes |= _mlp_shapes(prefix + "mlp.shared_experts.", hidden, shared * width)
    return shapes


def shapes(config):
    """Every tensor of the checkpoint: name -> shape."""
    vocab, hidden, layers = config["vocab_size"], config["hidden_size"], config["num_hidden_layers"]
    result = {"model.embed_tokens.weight": (vocab, hidden), "model.norm.weight": (hidden,)}
    if not config["tie_word_embeddings"]:
        result["lm_head.weight"] = (vocab, hidden)
    for layer in range(layers + config.get("num_nextn_predict_layers", 0)):
        result |= _layer_shapes(config, layer)
    for layer in range(layers, layers + config.get("num_nextn_predict_layers", 0)):
        prefix = f"model.layers.{layer}."
        result |= {
            prefix + "embed_tokens.weight": (vocab, hidden),
            prefix + "enorm.weight": (hidden,),
            prefix + "hnorm.weight": (hidden,),
            prefix + "eh_proj.weight": (hidden, 2 * hidden),
            prefix + "shared_head.norm.weight": (hidden,),
            prefix + "shared_head.head.weight": (vocab, hidden),
        }
    return result


# Standard deviation, as a multiple of 1 / sqrt(columns) for matrices; the first match counts.
GAINS = [
    (r"embed_tokens\.weight", None),  # 1 for each value: the residual stream starts at size 1
    (r"(q_proj|k_proj|q_b_proj)\.weight", 1.6),  # peaked attention
    (r"kv_a_proj_with_mqa\.weight", 1.2),
    (r"kv_b_proj\.weight", 1.3),
    (r"gate\.weight", 2.0),  # spread router scores
    (r"(gate|up|down)_proj\.weight", 1.4),
    (r"", 1.0),
]


def _draw(name, shape, generator):
    noise = torch.randn(shape, generator=generator)
    if name.endswith("norm.weight"):
        return 1 + 0.2 * noise
    if name.endswith("e_score_correction_bias"):
        return 0.3 * noise
    if name.endswith("_proj.bias"):
        return 0.7 * noise
    gain = next(gain for pattern, gain in GAINS if re.search(pattern, name))
    return noise if gain is None else noise * gain / shape[-1] ** 0.5


def weights(config, dtype, seed):
    """Random tensors whose values F16, BF16 and F32 all hold exactly."""
    generator = torch.Generator().manual_seed(seed)
    result = {}
    for name, shape in shapes(config).items():
        value = _draw(name, shape, generator).bfloat16()
        value = torch.where(value.abs() < 2**-14, 0, value)
        # As released, the bias that selects experts is float32 whatever the rest is.
        result[name] = value.to(torch.float32 if name.endswith("correction_bias") else dtype)
    return result


def tie_mtp(config, tensors):
    """The released multi-token layer repeats the embedding and the head."""
    for layer in range(config["num_hidden_layers"],
                       config["num_hidden_layers"] + config.get("num_nextn_predict_layers", 0)):
        tensors[f"model.layers.{layer}.embed_tokens.weight"] = tensors["model.embed_tokens.weight"].clone()
        tensors[f"model.layers.{layer}.shared_head.head.weight"] = tensors["lm_head.weight"].clone()
    return tensors
