"""DeepSeek's FP8 format: E4M3 values with one float32 scale a block, value = fp8 * scale."""

import torch

LARGEST = 448.0  # of float8_e4m3fn
SMALLEST_AMAX = 1e-4


def quantise(x, block_rows, block_cols):
    """Bytes (as float8_e4m3fn) and scales [ceil(rows / block_rows), ceil(cols / block_cols)]."""
    rows, cols = x.shape
    grid = (-(-rows // block_rows), -(-cols // block_cols))
    padded = torch.zeros(grid[0] * block_rows, grid[1] * block_cols)
    padded[:rows, :cols] = x.float()
    blocks = padded.view(grid[0], block_rows, grid[1], block_cols)
    scales = blocks.abs().amax((1, 3)).clamp(min=SMALLEST_AMAX) / LARGEST
    scaled = (blocks / scales[:, None, :, None]).view_as(padded)[:rows, :cols]
    return scaled.clamp(-LARGEST, LARGEST).to(torch.float8_e4m3fn), scales


def dequantise(values, scales, block_rows=128, block_cols=128):
    rows, cols = values.shape
    spread = scales.repeat_interleave(block_rows, 0)[:rows].repeat_interleave(block_cols, 1)[:, :cols]
    return values.float() * spread


def is_quantised(name, value):
    """The released checkpoints keep embedding, head, norms and gates in high precision."""
    return (value.dim() == 2 and name.startswith("model.layers.")
            and not name.endswith("mlp.gate.weight"))


def quantise_checkpoint(tensors):
    result = {}
    for name, value in tensors.items():
        if is_quantised(name, value):
            result[name], result[name + "_scale_inv"] = quantise(value, 128, 128)
        else:
            result[name] = value
    return result


def dequantise_checkpoint(tensors):
    return {name: dequantise(value, tensors[name + "_scale_inv"])
            if value.dtype == torch.float8_e4m3fn else value
            for name, value in tensors.items() if not name.endswith("_scale_inv")}
