"""Writes tests/golden/templates/: what transformers makes of our conversations with the chat
templates of real models. The templates are not ours, so they stay in build-data/, where
tools/fetch_test_data.sh puts them; a golden names its template by sha256.

    conversations.json   what is said, in the form of apply_chat_template's arguments
    MODEL.json           for each conversation the prompt, or {"raises": MESSAGE}, where the message
                         is that of raise_exception, or empty for any other error
    others.json          for the templates of other models only the sha256 of each prompt
"""

import argparse
import ast
import datetime
import hashlib
import json
import pathlib
import re

import gguf
import jinja2
from transformers import PreTrainedTokenizerBase
from transformers.utils import chat_template_utils

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "tests/golden/templates"
TOKENS = {"bos_token": "<|bos|>", "eos_token": "<|eos|>"}

# The models that the project is about; their prompts are kept in full.
IN_FULL = [
    "llama.cpp/templates/HuggingFaceTB-SmolLM3-3B.jinja",
    "llama.cpp/templates/Qwen-QwQ-32B.jinja",
    "llama.cpp/templates/Qwen-Qwen2.5-7B-Instruct.jinja",
    "llama.cpp/templates/Qwen-Qwen3-0.6B.jinja",
    "llama.cpp/templates/Qwen3-Coder.jinja",
    "llama.cpp/templates/deepseek-ai-DeepSeek-R1-Distill-Llama-8B.jinja",
    "llama.cpp/templates/deepseek-ai-DeepSeek-R1-Distill-Qwen-32B.jinja",
    "llama.cpp/templates/deepseek-ai-DeepSeek-V3.1.jinja",
    "llama.cpp/templates/deepseek-ai-DeepSeek-V3.2.jinja",
    "llama.cpp/templates/meta-llama-Llama-3.1-8B-Instruct.jinja",
    "llama.cpp/templates/meta-llama-Llama-3.2-3B-Instruct.jinja",
    "llama.cpp/templates/meta-llama-Llama-3.3-70B-Instruct.jinja",
    "smollm2.gguf",
    "tokenizers/deepseek_v3/tokenizer_config.json",
    "tokenizers/llama3_1/tokenizer_config.json",
    "tokenizers/qwen3/tokenizer_config.json",
]


class FixedClock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2025, 1, 20, 8, 5, 9)


class Tokenizer:
    """As much of a tokenizer as apply_chat_template needs when it does not tokenize."""

    get_chat_template = PreTrainedTokenizerBase.get_chat_template

    def __init__(self, chat_template: str):
        self.chat_template = chat_template
        self.special_tokens_map = TOKENS

    def prompt(self, conversation: dict) -> str | dict:
        arguments = {key: value for key, value in conversation.items()
                     if key not in ("name", "messages", "extra")}
        arguments.setdefault("add_generation_prompt", not arguments.get("continue_final_message"))
        try:
            return PreTrainedTokenizerBase.apply_chat_template(
                self, json.loads(json.dumps(conversation["messages"])), tokenize=False,
                **arguments, **conversation.get("extra", {}))
        except jinja2.TemplateRuntimeError:
            return {"raises": ""}
        except jinja2.TemplateError as error:  # by raise_exception
            return {"raises": str(error)}
        except Exception:  # an operation that the template does not expect to fail
            return {"raises": ""}


def read_templates(data: pathlib.Path) -> dict[str, str]:
    """Every fetched template by the path that the test finds it under."""
    templates = {}
    for path in sorted(data.glob("tokenizers/*/tokenizer_config.json")):
        template = json.loads(path.read_text()).get("chat_template")
        if template:
            templates[str(path.relative_to(data))] = template
    for path in sorted(data.glob("llama.cpp/templates/*.jinja")):
        # Newlines are kept as they are, as the test reads the file.
        templates[str(path.relative_to(data))] = path.read_bytes().decode()
    field = gguf.GGUFReader(data / "smollm2.gguf").fields["tokenizer.chat_template"]
    templates["smollm2.gguf"] = field.contents()
    templates |= read_ollama_utils(data)
    return templates


def read_ollama_utils(data: pathlib.Path) -> dict[str, str]:
    """The list of templates in the npm package @huggingface/ollama-utils; its names repeat."""
    path = "ollama-utils/chat-template-automap.ts"
    found = re.findall(r"^\t\tgguf: (.*),$", (data / path).read_text(), re.MULTILINE)
    # The strings are those of JavaScript, which Python reads alike.
    return {f"{path}#{index}": ast.literal_eval(literal) for index, literal in enumerate(found)}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "build-data")
    data = parser.parse_args().data
    chat_template_utils.datetime = FixedClock
    conversations = json.loads((OUT / "conversations.json").read_text())
    others = {}
    for name, template in read_templates(data).items():
        print(name)
        prompts = {conversation["name"]: Tokenizer(template).prompt(conversation)
                   for conversation in conversations}
        golden = {"sha256": sha256(template), "prompts": prompts}
        if name in IN_FULL:
            stem = re.sub(r"[^A-Za-z0-9.]+", "_",
                          name.removesuffix("/tokenizer_config.json").split("/")[-1])
            text = json.dumps({"template": name} | golden, ensure_ascii=False, indent=1)
            (OUT / f"{stem.removesuffix('.jinja')}.json").write_text(text + "\n")
        else:
            golden["prompts"] = {key: sha256(prompt) if isinstance(prompt, str) else prompt
                                 for key, prompt in prompts.items()}
            others[name] = golden
    (OUT / "others.json").write_text(json.dumps(others, indent=0) + "\n")


if __name__ == "__main__":
    main()
