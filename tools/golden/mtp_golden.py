"""The golden of the multi-token layer, by our own block, checked against transformers' parts."""

from types import SimpleNamespace

import torch
from transformers.modeling_layers import MtpLayer
from transformers.models.deepseek_v3 import modeling_deepseek_v3 as modeling

import reference
import routing
import v3_torch

SMALLEST_EFFECT = 0.01


def run(folder, tokens, hidden, positions):
    """Tensors for logits.safetensors, and the margin by which the layer's gate chose.
    hidden: transformers' states after the final norm, [T, hidden]."""
    config, tensors = reference.read_checkpoint(folder)
    w = {name: value.double() for name, value in tensors.items()}
    tokens, rows = torch.tensor(tokens), len(tokens) - 1
    scores = []
    ours = v3_torch.main_hidden(config, w, tokens, [len(tokens)], scores)
    assert reference.distance(ours, hidden) < 1e-12

    def logits(previous, order="released"):
        changed = dict(w)
        prefix = f"model.layers.{config['num_hidden_layers']}."
        if order != "released":
            joined = w[prefix + "eh_proj.weight"]
            changed[prefix + "eh_proj.weight"] = torch.cat(joined.chunk(2, 1)[::-1], 1)
        states = v3_torch.mtp_hidden(config, changed, previous, tokens[1:], [rows], scores)
        return states @ w[prefix + "shared_head.head.weight"].T

    expected = logits(hidden[:-1])
    bias = w[f"model.layers.{config['num_hidden_layers']}.mlp.gate.e_score_correction_bias"]
    margin = routing.choice_margin(SimpleNamespace(**config), scores[-1].logit(), bias)
    assert reference.distance(_transformers(folder, config, w, tokens, hidden), expected) < 1e-12
    # The two things that are easily got wrong, each of which the golden must show.
    assert reference.distance(logits(hidden[:-1], "reversed"), expected) > SMALLEST_EFFECT
    unnormed = hidden / w["model.norm.weight"]  # hnorm undoes the rest of the final norm
    assert reference.distance(logits(unnormed[:-1]), expected) > SMALLEST_EFFECT
    stored = [position for position in positions if position < rows] + [rows - 1]
    return {"mtp_positions": torch.tensor(stored, dtype=torch.int32),
            "mtp_logits": expected[stored].float().contiguous()}, margin


def _transformers(folder, config, w, tokens, hidden):
    """The same logits by transformers' MtpLayer around its decoder layer."""
    layer_index, rows = config["num_hidden_layers"], len(tokens) - 1
    torch.set_default_dtype(torch.float64)
    try:
        with reference.Float64(), torch.no_grad():
            model = reference.load(folder, torch.float64)
            layer = MtpLayer(model.config, modeling.DeepseekV3DecoderLayer,
                             modeling.DeepseekV3RMSNorm, layer_index).double()
            layer.load_state_dict(_renamed(config, w, layer_index))
            positions = torch.arange(rows)[None]
            mask = torch.full((rows, rows), -torch.inf).triu(1)[None, None]
            states = layer(model.model.embed_tokens(tokens[None, 1:]), hidden[None, :-1],
                           model.model.rotary_emb(hidden[None, :-1], positions), mask, positions, None)
    finally:
        torch.set_default_dtype(torch.float32)
    return model.lm_head(states)[0].detach()


def _renamed(config, w, index):
    """The layer's tensors under transformers' names, its experts stacked."""
    prefix, result = f"model.layers.{index}.", {}
    for name, value in w.items():
        if not name.startswith(prefix) or ".experts." in name:
            continue
        name = name.removeprefix(prefix)
        if name in ("embed_tokens.weight", "shared_head.head.weight"):
            continue
        outside = name.startswith(("enorm", "hnorm", "eh_proj"))
        name = name.replace("shared_head.norm", "post_norm")
        result[name if outside or name.startswith("post_norm") else "mtp_block." + name] = value
    experts = [f"{prefix}mlp.experts.{e}." for e in range(config["n_routed_experts"])]
    result["mtp_block.mlp.experts.gate_up_proj"] = torch.stack(
        [torch.cat([w[e + "gate_proj.weight"], w[e + "up_proj.weight"]]) for e in experts])
    result["mtp_block.mlp.experts.down_proj"] = torch.stack([w[e + "down_proj.weight"] for e in experts])
    return result
