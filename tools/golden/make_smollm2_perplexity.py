"""Makes tests/golden/smollm2.json: what SmolLM2-135M-Instruct answers, by transformers in float32.

    python tools/golden/make_smollm2_perplexity.py build-data/smollm2.gguf wikitext2-test.txt

The weights are those of the GGUF, dequantised; the tokenizer is built from its vocabulary and merges.

The text's perplexity is defined below; `frugal perplexity` computes the same.
"""

import hashlib
import json
import math
import pathlib
import sys

import gguf
import numpy as np
import torch
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

TEXT_BYTES = 100_000
CONTEXT = 512
GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "smollm2.json"
DEFINITION = (
    "The whole text is encoded at once, without special tokens. The ids are cut into consecutive "
    "windows of `context` tokens, the last one shorter. Each window runs on its own from position 0, "
    "without a BOS, and every token of it but the first is predicted. The perplexity is exp of the "
    "mean negative log-likelihood over all predicted tokens of all windows.")
SENTENCES = [
    "The capital of France is",
    "def fibonacci(n):\n    if n < 2:\n        return n\n    return",
    "In 1969, 2 of the 3 astronauts of Apollo 11 walked on the",
    "Ελληνικά, العربية, 中文 and 😀 are",
]
QUESTIONS = [
    "What is the capital of Italy?",
    "Name three colours of the rainbow.",
    "Write one sentence about the sea.",
]
NEW_TOKENS = 40


def contents(reader, key):
    return reader.fields[key].contents()


def unpermute(rows, heads):
    """Back from ggml's neighbouring rows to the checkpoint's halves."""
    return rows.view(heads, -1, 2, rows.shape[-1]).transpose(1, 2).reshape(rows.shape)


def load_model(reader):
    key = lambda name: contents(reader, "llama." + name)
    heads, kv_heads = key("attention.head_count"), key("attention.head_count_kv")
    config = transformers.LlamaConfig(
        vocab_size=key("vocab_size"), hidden_size=key("embedding_length"),
        intermediate_size=key("feed_forward_length"), num_hidden_layers=key("block_count"),
        num_attention_heads=heads, num_key_value_heads=kv_heads,
        max_position_embeddings=key("context_length"), rope_theta=key("rope.freq_base"),
        rms_norm_eps=key("attention.layer_norm_rms_epsilon"), tie_word_embeddings=True,
        bos_token_id=None, eos_token_id=contents(reader, "tokenizer.ggml.eos_token_id"),
        attn_implementation="eager")
    model = transformers.LlamaForCausalLM(config).eval()
    names = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
             "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
             "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
             "ffn_down": "mlp.down_proj", "token_embd": "model.embed_tokens",
             "output_norm": "model.norm"}
    state = {}
    for tensor in reader.tensors:
        value = torch.from_numpy(np.array(gguf.quants.dequantize(tensor.data, tensor.tensor_type)))
        *layer, name, kind = tensor.name.split(".")
        if name in ("attn_q", "attn_k"):
            value = unpermute(value, heads if name == "attn_q" else kv_heads)
        prefix = f"model.layers.{layer[1]}." if layer else ""
        state[f"{prefix}{names[name]}.{kind}"] = value.float()
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.load_state_dict(state)
    return model


def load_tokenizer(reader):
    """Byte-level BPE over single digits and GPT-2's words: llama.cpp's pre-tokenizer "smollm"."""
    tokens = contents(reader, "tokenizer.ggml.tokens")
    merges = [tuple(merge.split(" ")) for merge in contents(reader, "tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    types = contents(reader, "tokenizer.ggml.token_type")
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False)
                                  for token, kind in zip(tokens, types)
                                  if kind == gguf.TokenType.CONTROL])
    return tokenizer


def perplexity(model, ids):
    total, predicted, so_far = 0.0, 0, []
    for window in torch.tensor(ids).split(CONTEXT):
        logits = model(window[None], use_cache=False).logits[0, :-1]
        losses = torch.nn.functional.cross_entropy(logits.double(), window[1:], reduction="sum")
        total, predicted = total + float(losses), predicted + len(window) - 1
        so_far.append(round(math.exp(total / predicted), 4))
        print(f"{predicted} of {len(ids)} tokens, perplexity {so_far[-1]}", file=sys.stderr)
    return {"perplexity": math.exp(total / predicted), "mean_nll": total / predicted,
            "predicted_tokens": predicted, "perplexity_after_window": so_far}


def text_golden(model, tokenizer, path):
    data = path.read_bytes()[:TEXT_BYTES]
    text = data.decode("utf-8", "ignore")  # drops the character that the cut went through
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    return {
        "file": path.name, "bytes": len(text.encode()),
        "sha256_of_text": hashlib.sha256(text.encode()).hexdigest(),
        "tokens": len(ids), "first_ids": ids[:32],
        "sha256_of_ids": hashlib.sha256(np.array(ids, "<i4").tobytes()).hexdigest(),
        "definition": DEFINITION, "context": CONTEXT, **perplexity(model, ids)}


def sentence_golden(model, tokenizer, text):
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    logits = model(torch.tensor([ids])).logits[0, -1].double()
    top = logits.topk(10)
    return {"text": text, "ids": ids, "norm": float(logits.norm()),
            "log_sum_exp": float(logits.logsumexp(0)), "top_ids": top.indices.tolist(),
            "top_logits": [round(x, 5) for x in top.values.tolist()]}


def generation_golden(model, tokenizer, template, question):
    prompt = template.render(messages=[{"role": "user", "content": question}],
                             add_generation_prompt=True)
    prompt_ids = tokenizer.encode(prompt, add_special_tokens=False).ids
    ids, gaps = [], []
    for _ in range(NEW_TOKENS):
        best = model(torch.tensor([prompt_ids + ids]), use_cache=False).logits[0, -1].topk(2)
        ids.append(int(best.indices[0]))
        gaps.append(round(float(best.values[0] - best.values[1]), 4))
        if ids[-1] == model.config.eos_token_id:
            break
    return {"question": question, "prompt": prompt, "prompt_ids": prompt_ids, "ids": ids,
            "gaps": gaps, "text": tokenizer.decode(ids)}


def main():
    model_path, text_path = map(pathlib.Path, sys.argv[1:])
    torch.set_num_threads(2)
    torch.set_grad_enabled(False)
    reader = gguf.GGUFReader(model_path)
    model, tokenizer = load_model(reader), load_tokenizer(reader)
    import jinja2
    template = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(
        contents(reader, "tokenizer.chat_template"))
    golden = {
        "model": model_path.name,
        "sha256_of_model": hashlib.sha256(model_path.read_bytes()).hexdigest(),
        "made_with": f"torch {torch.__version__}, transformers {transformers.__version__}, float32",
        "last_logits": [sentence_golden(model, tokenizer, text) for text in SENTENCES],
        "generations": [generation_golden(model, tokenizer, template, q) for q in QUESTIONS],
        "text": text_golden(model, tokenizer, text_path),
    }
    GOLDEN.write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
