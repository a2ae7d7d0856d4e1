"""A whole model of a few kilobytes: a golden checkpoint with a tokenizer and a chat template."""

import json
import random
import shutil
import struct

import support

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


def vocabulary():
    """96 tokens, as many as the checkpoint has: two markers, then single ASCII characters."""
    printable = [chr(code) for code in range(0x21, 0x7F) if chr(code) not in "`~"]
    return {text: i for i, text in enumerate(["<|begin|>", "<|end|>", "Ġ", "Ċ", *printable])}


def tokenizer():
    marker = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": 0, "content": "<|begin|>", "special": True, **marker},
            {"id": 1, "content": "<|end|>", "special": True, **marker},
        ],
        "normalizer": None,
        "pre_tokenizer": {**byte_level, "use_regex": True},
        "post_processor": {**byte_level, "use_regex": True},
        "decoder": {**byte_level, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": vocabulary(),
            "merges": [],
        },
    }


def make(folder, template=TEMPLATE, context=512):
    """Writes the model to a new folder. It answers at random, until it hits upon <|end|>."""
    shutil.copytree(support.GOLDEN / "models" / "llama", folder)
    config = json.loads((folder / "config.json").read_text())
    config["max_position_embeddings"] = context
    config["eos_token_id"] = None
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer()))
    tokenizer_config = {"bos_token": "<|begin|>", "chat_template": template}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_config))
    return folder


def at_least(tokens):
    """A response_format that makes an answer so long: each token is a character."""
    schema = {"type": "string", "minLength": tokens, "maxLength": tokens + 9}
    return {"type": "json_schema", "json_schema": {"name": "long", "schema": schema}}


def make_adapter(folder, seed, hidden=64):
    """Writes a LoRA adapter of the model, in PEFT's form, with random values."""
    rng = random.Random(seed)
    shapes = {}
    for layer in range(2):
        prefix = f"base_model.model.model.layers.{layer}.self_attn"
        for module in ["q_proj", "v_proj"]:
            shapes[f"{prefix}.{module}.lora_A.weight"] = (4, hidden)
            shapes[f"{prefix}.{module}.lora_B.weight"] = (hidden, 4)
    header, data = {}, b""
    for name, shape in shapes.items():
        count = shape[0] * shape[1]
        values = struct.pack(f"<{count}f", *(rng.gauss(0, 0.5) for _ in range(count)))
        offsets = [len(data), len(data) + len(values)]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": offsets}
        data += values
    text = json.dumps(header).encode()
    folder.mkdir()
    tensors = struct.pack("<Q", len(text)) + text + data
    (folder / "adapter_model.safetensors").write_bytes(tensors)
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder
