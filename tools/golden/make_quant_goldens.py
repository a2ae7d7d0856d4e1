"""Writes tests/golden/quant/: blocks and FP8 values, decoded and encoded by the PyPI packages `gguf`
and `torch`. All files are raw little-endian arrays.

    TYPE.blocks, TYPE.decoded     random blocks, and the float32 values that gguf.quants gives
    encode.values, TYPE.encoded   float32 values, and their blocks by gguf.quants
    f8_e4m3.decoded               float32 values of the bytes 0 to 255
    round.values, f8_e4m3.rounded, f16.rounded, bf16.rounded
                                  float32 values near every rounding edge, and what torch makes of them
"""

import pathlib

import gguf
import numpy as np
import torch

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/quant"
Type = gguf.GGMLQuantizationType
DECODED = [Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.Q2_K, Type.Q3_K, Type.Q4_K,
           Type.Q5_K, Type.Q6_K, Type.IQ4_NL, Type.IQ4_XS]
ENCODED = [Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0]
# Where the half-precision scales stand in a block, in bytes.
SCALES = {Type.Q4_1: [0, 2], Type.Q5_1: [0, 2], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2],
          Type.Q2_K: [80, 82], Type.Q3_K: [108], Type.Q6_K: [208]}


def write(name: str, array: np.ndarray) -> None:
    (OUT / name).write_bytes(np.ascontiguousarray(array).tobytes())


def random_blocks(rng: np.random.Generator, kind: Type) -> np.ndarray:
    """Any bytes, with scales as weights have them, then the extremes of half precision."""
    values, size = gguf.GGML_QUANT_SIZES[kind]
    extremes = np.array([65504, 6e-8, 0.0, -0.0, -1.5], np.float16)
    count = len(extremes) + (2 if values == 256 else 12)
    blocks = rng.integers(0, 256, (count, size), np.uint8)
    for at in SCALES.get(kind, [0]):
        scales = rng.normal(0, 0.02, count).astype(np.float16)
        scales[: len(extremes)] = extremes
        blocks[:, at : at + 2] = scales.view(np.uint8).reshape(count, 2)
    return blocks


def values_to_encode(rng: np.random.Generator) -> np.ndarray:
    """Blocks of weights at several sizes, of ties, and of one value repeated."""
    blocks = [rng.normal(0, size, 32) for size in (1e-6, 0.02, 1.0, 3000.0) for _ in range(4)]
    blocks += [np.zeros(32), np.full(32, -0.75), np.full(32, 3.0), np.full(32, 1e-30)]
    blocks += [np.arange(-16, 16), np.arange(32) / 2, np.arange(-127, -95) + 0.5, np.tile([8, -8], 16)]
    return np.array(blocks, np.float32)


def values_to_round(rng: np.random.Generator) -> np.ndarray:
    """Both sides of, and exactly at, each midpoint of FP8; the same for samples of the other two."""
    def midpoints(bits: torch.Tensor, dtype: torch.dtype) -> np.ndarray:
        below = bits.view(dtype).double().numpy()
        above = (bits + 1).view(dtype).double().numpy()
        return ((below + above) / 2).astype(np.float32)

    half = torch.from_numpy(np.sort(rng.integers(0, 0x7BFF, 120)).astype(np.int16))
    brain = torch.from_numpy(np.sort(rng.integers(0, 0x7F7F, 120)).astype(np.int16))
    edges = np.concatenate([
        midpoints(torch.arange(0, 0x7E, dtype=torch.uint8), torch.float8_e4m3fn),
        midpoints(half, torch.float16), midpoints(brain, torch.bfloat16),
        np.array([448, 464, 480, 500, 65504, 65519.996, 65520, 3.3895e38, 3.4e38, 1e-45, 0],
                 np.float32)])
    near = np.concatenate([edges, np.nextafter(edges, np.float32(0)),
                           np.nextafter(edges, np.float32(np.inf)), [np.float32(np.inf), np.float32(np.nan)]])
    return np.concatenate([near, -near]).astype(np.float32)


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(20250120)
    for kind in DECODED:
        blocks = random_blocks(rng, kind)
        write(f"{kind.name.lower()}.blocks", blocks)
        write(f"{kind.name.lower()}.decoded", gguf.quants.dequantize(blocks, kind))
    values = values_to_encode(rng)
    write("encode.values", values)
    for kind in ENCODED:
        write(f"{kind.name.lower()}.encoded", gguf.quants.quantize(values, kind))
    every_byte = torch.arange(256, dtype=torch.int32).to(torch.uint8).view(torch.float8_e4m3fn)
    write("f8_e4m3.decoded", every_byte.float().numpy())
    values = values_to_round(rng)
    write("round.values", values)
    for name, dtype, bits in [("f8_e4m3", torch.float8_e4m3fn, torch.uint8),
                              ("f16", torch.float16, torch.int16), ("bf16", torch.bfloat16, torch.int16)]:
        write(f"{name}.rounded", torch.from_numpy(values).to(dtype).view(bits).numpy())


if __name__ == "__main__":
    main()
