"""Runs transformers' classes in float64 on checkpoints, with features disabled where asked."""

import json
import pathlib

import torch
import torch.utils._pytree as pytree
from safetensors.torch import load_file, save_file
from torch.overrides import TorchFunctionMode
from transformers import AutoModelForCausalLM

import routing


class Float64(TorchFunctionMode):
    """Answers every request for float32 in float64: transformers' classes compute norms, softmax,
    rotary angles and router scores in float32 whatever the dtype of the model."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        args, kwargs = pytree.tree_map(
            lambda x: torch.float64 if x is torch.float32 else x, (args, kwargs or {}))
        return (torch.Tensor.double if func is torch.Tensor.float else func)(*args, **kwargs)


def write_checkpoint(folder, config, tensors):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def read_checkpoint(folder):
    folder = pathlib.Path(folder)
    return json.loads((folder / "config.json").read_text()), load_file(folder / "model.safetensors")


def merge_patch(target, patch):
    """JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def edit_checkpoint(source, target, patch, zero):
    """Copies a checkpoint with its config patched and the tensors whose name ends in `zero` zeroed."""
    config, tensors = read_checkpoint(source)
    if zero:
        names = [name for name in tensors if name.endswith(zero)]
        assert names, zero
        tensors |= {name: torch.zeros_like(tensors[name]) for name in names}
    write_checkpoint(target, merge_patch(config, patch), tensors)


def load(folder, dtype):
    """transformers' own class for the checkpoint, loaded by its own loader."""
    model, report = AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, attn_implementation="eager", experts_implementation="eager",
        output_loading_info=True)
    assert not report["missing_keys"] and not report["mismatched_keys"], report
    layers = model.config.num_hidden_layers  # the multi-token layer stands after the last one
    extra = [k for k in report["unexpected_keys"] if not k.startswith(f"model.layers.{layers}.")]
    assert not extra, extra
    return model.eval()


def run(folder, tokens, dtype=torch.float64, disable=None):
    """Logits [T, vocab], the hidden states after the final norm [T, hidden], and the smallest
    margin by which any expert was chosen. `disable` is "rope" or one of routing.faults()."""
    torch.set_default_dtype(dtype)
    try:
        with Float64() if dtype == torch.float64 else torch.no_grad(), torch.no_grad():
            model = load(folder, dtype)
            assert model.model.rotary_emb.inv_freq.dtype == dtype
            if disable == "rope":
                model.model.rotary_emb.inv_freq.zero_()
            elif disable:
                routing.misroute(model, disable)
            margins = routing.watch(model)
            output = model(torch.tensor(tokens)[None], output_hidden_states=True, use_cache=False)
    finally:
        torch.set_default_dtype(torch.float32)
    assert output.logits.dtype == dtype
    return output.logits[0], output.hidden_states[-1][0], min(margins, default=float("inf"))


def distance(a, b):
    """Norm of the difference relative to the norm of b, over all rows."""
    return float((a.double() - b.double()).norm() / b.double().norm())
