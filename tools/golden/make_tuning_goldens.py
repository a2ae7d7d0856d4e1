"""Makes tests/golden/tuning/: GRPO's loss, a masked loss and adapters of a tiny llama, in float64.

    python tools/golden/make_tuning_goldens.py        (needs also: pip install peft accelerate)

The model is tests/golden/train/llama.
  policy.json, policy.safetensors   rollouts [prompt length, tokens, old and reference
      log-probabilities, advantage] with the loss of the R1 report's formula, its KL term, the share
      of clipped tokens, and the gradient of each parameter, all written out with autograd.
  masked.safetensors                gradients of the mean of -log p over the learned tokens of two
      sequences that are run each alone.
  divergence.safetensors            for the same two sequences, a qwen2 (tests/golden/train/qwen2) as
      teacher: KL(teacher || model), averaged over the learned tokens, and its gradients.
  adapter/                          what PEFT saves for an adapter of rank 3, alpha 5
  adapted.safetensors               logits of PEFT's model, and of it merged, for one sequence, and
      gradients of the mean -log p with regard to the adapter
"""

import json
import math
import pathlib
import shutil

import torch
import torch.nn.functional as F
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden"
BASE = GOLDEN / "train" / "llama"
OUT = GOLDEN / "tuning"
EPSILON, BETA = 0.2, 0.04


def load():
    model = transformers.LlamaForCausalLM.from_pretrained(BASE, attn_implementation="eager")
    return model.double()


def answer_logprobs(model, tokens, prompt):
    logits = model(torch.tensor([tokens])).logits[0]
    logprobs = F.log_softmax(logits[:-1], dim=-1)
    return logprobs[torch.arange(len(tokens) - 1), torch.tensor(tokens[1:])][prompt - 1 :]


def policy_golden():
    torch.manual_seed(3)
    model = load()
    rollouts = []
    terms, kls, clips = [], [], []
    for prompt, answer, advantage in [(5, 7, 1.3), (1, 12, -0.4), (30, 1, -1.1), (9, 70, 0.6)]:
        tokens = torch.randint(0, 48, (prompt + answer,)).tolist()
        now = answer_logprobs(model, tokens, prompt)
        # Far enough from now for the clip to matter on both sides.
        old = (now + 0.3 * torch.randn(answer, dtype=torch.float64)).detach().float()
        ref = (now + 0.5 * torch.randn(answer, dtype=torch.float64)).detach().float()
        rollouts.append({"prompt": prompt, "tokens": tokens, "old": old.tolist(),
                         "ref": ref.tolist(), "advantage": advantage})  # fmt: skip
        ratio = torch.exp(now - old.double())
        limited = torch.clamp(ratio, 1 - EPSILON, 1 + EPSILON)
        surrogate = torch.minimum(ratio * advantage, limited * advantage)
        kl = torch.exp(ref.double() - now) - (ref.double() - now) - 1
        terms.append((surrogate - BETA * kl).mean())
        kls.append(kl.mean().item())
        clips.append((limited * advantage < ratio * advantage).double().mean().item())
    loss = -torch.stack(terms).mean()
    loss.backward()
    assert 0.1 < sum(clips) / 4 < 0.9 and math.isfinite(loss.item())
    result = {"epsilon": EPSILON, "beta": BETA, "rollouts": rollouts, "loss": loss.item(),
              "kl": sum(kls) / 4, "clipped": sum(clips) / 4}  # fmt: skip
    (OUT / "policy.json").write_text(json.dumps(result))
    save_gradients(model.named_parameters(), "policy.safetensors")


def save_gradients(parameters, name, **more):
    tensors = {f"gradient.{n}": p.grad.float() for n, p in parameters if p.grad is not None}
    save_file({**tensors, **more}, OUT / name)


def masked_sequences():
    torch.manual_seed(4)
    tokens, learned = [], []
    for length in (20, 33):
        tokens.append(torch.randint(0, 48, (length,)))
        mask = torch.rand(length) < 0.4
        mask[0] = False
        learned.append(mask)
    return tokens, learned


def masked_golden():
    model = load()
    tokens, learned = masked_sequences()
    total = 0
    for ids, mask in zip(tokens, learned):
        logprobs = F.log_softmax(model(ids[None]).logits[0, :-1], dim=-1)
        picked = logprobs[torch.arange(len(ids) - 1), ids[1:]]
        total = total - picked[mask[1:]].sum()
    loss = total / sum(mask.sum() for mask in learned)
    loss.backward()
    save_gradients(
        model.named_parameters(), "masked.safetensors",
        lengths=torch.tensor([20, 33], dtype=torch.int32),
        tokens=torch.cat(tokens).int(), learned=torch.cat(learned).int(),
        loss=loss.detach().float().reshape(1))  # fmt: skip


def divergence_golden():
    model = load()
    teacher = transformers.Qwen2ForCausalLM.from_pretrained(
        GOLDEN / "train" / "qwen2", attn_implementation="eager").double()  # fmt: skip
    tokens, learned = masked_sequences()
    total = 0
    for ids, mask in zip(tokens, learned):
        with torch.no_grad():
            wanted = F.log_softmax(teacher(ids[None]).logits[0, :-1], dim=-1)
        logprobs = F.log_softmax(model(ids[None]).logits[0, :-1], dim=-1)
        rows = F.kl_div(logprobs, wanted, reduction="none", log_target=True).sum(-1)
        total = total + rows[mask[1:]].sum()
    loss = total / sum(mask.sum() for mask in learned)
    loss.backward()
    save_gradients(model.named_parameters(), "divergence.safetensors",
                   loss=loss.detach().float().reshape(1))  # fmt: skip


def adapter_golden():
    torch.manual_seed(5)
    config = LoraConfig(r=3, lora_alpha=5, target_modules=["q_proj", "v_proj", "down_proj"],
                        lora_dropout=0.0, task_type="CAUSAL_LM")  # fmt: skip
    model = get_peft_model(load(), config).double()
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = (0.2 * torch.randn(parameter.shape)).float().double()
    model.eval()
    ids = torch.randint(0, 48, (1, 40))
    logits = model(ids).logits[0]
    logprobs = F.log_softmax(logits[:-1], dim=-1)
    loss = -logprobs[torch.arange(39), ids[0, 1:]].mean()
    loss.backward()
    saved = {n.replace(".default.weight", ".weight"): p for n, p in model.named_parameters()
             if "lora_" in n}  # fmt: skip
    save_gradients(
        saved.items(), "adapted.safetensors", tokens=ids[0].int(), logits=logits.detach().float(),
        loss=loss.detach().float().reshape(1))  # fmt: skip
    shutil.rmtree(OUT / "adapter", ignore_errors=True)
    model.float().save_pretrained(OUT / "adapter", safe_serialization=True)
    (OUT / "adapter" / "README.md").unlink(missing_ok=True)
    settings = json.loads((OUT / "adapter" / "adapter_config.json").read_text())
    settings["base_model_name_or_path"] = "llama"  # not a path of the machine that made it
    (OUT / "adapter" / "adapter_config.json").write_text(json.dumps(settings, indent=1))


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    policy_golden()
    masked_golden()
    divergence_golden()
    adapter_golden()
