"""A whole model of a few kilobytes: a golden checkpoint with a tokenizer and a chat template."""

import json
import shutil

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
