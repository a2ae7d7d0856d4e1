"""Writes tests/golden/formats/: small files by the PyPI packages `safetensors` and `gguf`, which
tests/formats reads, and writes again byte for byte.

    python.safetensors              one tensor of each dtype
    python.gguf                     one metadata key of each type, four tensors
    python-split-0000N-of-00002.gguf  the same tensors in two parts
"""

import pathlib

import gguf
import numpy as np
import torch
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/formats"


def make_safetensors() -> None:
    ramp = torch.arange(-3, 3).reshape(2, 3)
    tensors = {str(dtype).removeprefix("torch."): ramp.to(dtype) for dtype in [
        torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn,
        torch.int64, torch.int32, torch.int16, torch.int8, torch.bool]}
    tensors["uint8"] = (ramp + 3).to(torch.uint8)
    tensors["scalar"] = torch.tensor(0.5)
    tensors["empty"] = torch.zeros(0, 4)
    tensors['odd "name" \\ \u0635\n'] = torch.tensor([1.0])
    save_file(tensors, OUT / "python.safetensors", metadata={"format": "pt"})
    (OUT / "python.safetensors").chmod(0o644)


def gguf_tensors() -> dict[str, np.ndarray]:
    ramp = np.arange(64, dtype=np.float32).reshape(2, 32) / 8
    return {"matrix.weight": ramp, "matrix.half": ramp.astype(np.float16),
            "blocks": gguf.quants.quantize(ramp, gguf.GGMLQuantizationType.Q8_0),
            "cube.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4)}


def add_tensors(writer: gguf.GGUFWriter) -> None:
    for name, array in gguf_tensors().items():
        blocks = gguf.GGMLQuantizationType.Q8_0 if name == "blocks" else None
        writer.add_tensor(name, array, raw_dtype=blocks)


def finish(writer: gguf.GGUFWriter) -> None:
    add_tensors(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def make_gguf() -> None:
    writer = gguf.GGUFWriter(OUT / "python.gguf", "test")
    writer.add_uint8("u8", 200)
    writer.add_int8("i8", -100)
    writer.add_uint16("u16", 60000)
    writer.add_int16("i16", -30000)
    writer.add_uint32("u32", 4000000000)
    writer.add_int32("i32", -2000000000)
    writer.add_uint64("u64", 2**64 - 1)
    writer.add_int64("i64", -(2**63))
    writer.add_float32("f32", 0.1)
    writer.add_float64("f64", 0.1)
    writer.add_bool("bool", True)
    writer.add_string("string", "h\u00e9llo \u4e16\u754c")
    writer.add_array("strings", ["", "a", "\u2581the"])
    writer.add_array("ints", [1, -2, 3])
    writer.add_array("floats", [0.5, -1.25])
    writer.add_array("bools", [True, False])
    finish(writer)
    finish(gguf.GGUFWriter(OUT / "python-split.gguf", "test", split_max_tensors=2))


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    make_safetensors()
    make_gguf()
