"""DeepSeek-V3 in plain PyTorch with multi-token prediction and the losses of its training.

transformers has no training of the multi-token layer and no sequence-wise balance loss. This model
is checked against transformers wherever both have the same part. It takes weights by their names
in the checkpoint, works on packed rows [T, hidden] of several sequences, and is differentiable.
Equation numbers are those of the DeepSeek-V3 technical report.
"""

import math

import torch
import torch.nn.functional as F


def rms_norm(x, weight, eps=1e-6):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight


def _mscale(factor, mscale):
    return 1.0 if factor <= 1 else 0.1 * mscale * math.log(factor) + 1.0


def rope_frequencies(config):
    """Radians a position for each rotated pair, and what cos and sin are multiplied by."""
    dim, base, scaling = config["qk_rope_head_dim"], config["rope_theta"], config["rope_scaling"]
    frequencies = base ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim)
    if scaling is None:
        return frequencies, 1.0

    def pair_of(rotations):  # the pair that turns so often within the original context
        original = scaling["original_max_position_embeddings"]
        return dim * math.log(original / (rotations * 2 * math.pi)) / (2 * math.log(base))

    low = max(math.floor(pair_of(scaling["beta_fast"])), 0)
    high = min(math.ceil(pair_of(scaling["beta_slow"])), dim - 1)
    ramp = ((torch.arange(dim // 2, dtype=torch.float64) - low) / max(high - low, 0.001)).clamp(0, 1)
    factor = scaling["factor"]
    amplitude = _mscale(factor, scaling["mscale"]) / _mscale(factor, scaling["mscale_all_dim"])
    return frequencies * (1 - ramp) + frequencies / factor * ramp, amplitude


def rotate(x, positions, config):
    """Rotates neighbouring pairs. x: [T, heads, rope]."""
    frequencies, amplitude = rope_frequencies(config)
    angle = (positions[:, None].double() * frequencies).to(x.dtype)[:, None]  # [T, 1, rope / 2]
    cos, sin = angle.cos() * amplitude, angle.sin() * amplitude
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, odd * cos + even * sin], -1).flatten(-2)


def attention(config, w, prefix, x, positions, mask):
    rows, heads = len(x), config["num_attention_heads"]
    nope, rope, value = (config[k] for k in ("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"))
    rank = config["kv_lora_rank"]
    if config["q_lora_rank"]:
        latent = rms_norm(x @ w[prefix + "q_a_proj.weight"].T, w[prefix + "q_a_layernorm.weight"])
        q = latent @ w[prefix + "q_b_proj.weight"].T
    else:
        q = x @ w[prefix + "q_proj.weight"].T
    q_nope, q_rope = q.view(rows, heads, nope + rope).split([nope, rope], -1)
    latent, k_rope = (x @ w[prefix + "kv_a_proj_with_mqa.weight"].T).split([rank, rope], -1)
    latent = rms_norm(latent, w[prefix + "kv_a_layernorm.weight"])
    kv = (latent @ w[prefix + "kv_b_proj.weight"].T).view(rows, heads, nope + value)
    k_nope, v = kv.split([nope, value], -1)
    scores = torch.einsum("qhd,khd->hqk", q_nope, k_nope)
    scores = scores + torch.einsum("qhd,kd->hqk", rotate(q_rope, positions, config),
                                   rotate(k_rope[:, None], positions, config)[:, 0])
    scale = (nope + rope) ** -0.5
    if config["rope_scaling"]:
        scaling = config["rope_scaling"]
        scale *= _mscale(scaling["factor"], scaling["mscale_all_dim"]) ** 2
    weights = (scores * scale).masked_fill(~mask, -torch.inf).softmax(-1)
    out = torch.einsum("hqk,khd->qhd", weights, v).flatten(1)
    return out @ w[prefix + "o_proj.weight"].T


def gate(config, w, prefix, x):
    """Weights of the experts [T, experts], 0 for those not chosen, and the sigmoid scores."""
    scores = (x @ w[prefix + "weight"].T).sigmoid()
    with torch.no_grad():
        biased = scores + w[prefix + "e_score_correction_bias"]
        members = biased.view(len(x), config["n_group"], -1)
        best_groups = members.topk(2).values.sum(-1).topk(config["topk_group"]).indices
        kept = torch.zeros(len(x), config["n_group"], dtype=torch.bool).scatter_(1, best_groups, True)
        biased = members.masked_fill(~kept[..., None], -torch.inf).flatten(1)
        chosen = torch.zeros_like(scores).scatter_(
            1, biased.topk(config["num_experts_per_tok"]).indices, 1)
    weights = scores * chosen
    if config["norm_topk_prob"]:
        weights = weights / (weights.sum(-1, keepdim=True) + 1e-20)
    return weights * config["routed_scaling_factor"], scores


def mlp(w, prefix, x):
    hidden = F.silu(x @ w[prefix + "gate_proj.weight"].T) * (x @ w[prefix + "up_proj.weight"].T)
    return hidden @ w[prefix + "down_proj.weight"].T


def layer(config, w, index, x, positions, mask, scores):
    """One decoder layer; a mixture of experts appends its gate's scores to `scores`."""
    prefix, eps = f"model.layers.{index}.", config["rms_norm_eps"]
    x = x + attention(config, w, prefix + "self_attn.",
                      rms_norm(x, w[prefix + "input_layernorm.weight"], eps), positions, mask)
    normed = rms_norm(x, w[prefix + "post_attention_layernorm.weight"], eps)
    if index < config["first_k_dense_replace"]:
        return x + mlp(w, prefix + "mlp.", normed)
    weights, gate_scores = gate(config, w, prefix + "mlp.gate.", normed)
    scores.append(gate_scores)
    routed = sum(weights[:, e, None] * mlp(w, f"{prefix}mlp.experts.{e}.", normed)
                 for e in range(config["n_routed_experts"]))
    return x + routed + mlp(w, prefix + "mlp.shared_experts.", normed)


def packed(lengths):
    """Positions [T] and mask [T, T] of sequences that stand one after the other."""
    positions = torch.cat([torch.arange(n) for n in lengths])
    owner = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    rows = torch.arange(len(owner))
    return positions, (owner[:, None] == owner) & (rows[:, None] >= rows)


def main_hidden(config, w, tokens, lengths, scores):
    """Hidden states after the final norm, [T, hidden]."""
    positions, mask = packed(lengths)
    x = w["model.embed_tokens.weight"][tokens]
    for index in range(config["num_hidden_layers"]):
        x = layer(config, w, index, x, positions, mask, scores)
    return rms_norm(x, w["model.norm.weight"], config["rms_norm_eps"])


def mtp_hidden(config, w, hidden, next_tokens, lengths, scores):
    """The multi-token layer (equations 21 to 23): row i joins the main model's hidden state of
    position i, after the final norm, with the embedding of token i + 1; its head then predicts token
    i + 2. The embedding comes first, as the released eh_proj expects it."""
    index, eps = config["num_hidden_layers"], config["rms_norm_eps"]
    prefix = f"model.layers.{index}."
    positions, mask = packed(lengths)
    embedding = rms_norm(w["model.embed_tokens.weight"][next_tokens], w[prefix + "enorm.weight"], eps)
    joined = torch.cat([embedding, rms_norm(hidden, w[prefix + "hnorm.weight"], eps)], -1)
    x = layer(config, w, index, joined @ w[prefix + "eh_proj.weight"].T, positions, mask, scores)
    return rms_norm(x, w[prefix + "shared_head.norm.weight"], eps)


def balance_loss(config, scores, lengths):
    """Sequence-wise balance loss of one gate without its factor alpha (equations 17 to 20), averaged
    over the sequences. As in equation 18, an expert counts as used where its unbiased score is among
    the best of all experts, groups and bias aside."""
    experts, top = config["n_routed_experts"], config["num_experts_per_tok"]
    losses = []
    for s in scores.split(lengths):
        used = torch.zeros_like(s).scatter_(1, s.topk(top).indices, 1)
        frequency = used.mean(0) * experts / top
        share = (s / s.sum(-1, keepdim=True)).mean(0)
        losses.append((frequency * share).sum())
    return torch.stack(losses).mean()
