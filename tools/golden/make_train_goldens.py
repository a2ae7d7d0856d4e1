"""Makes tests/golden/train/: loss, gradients and ten optimizer steps of tiny models, in float64.

    python tools/golden/make_train_goldens.py [NAME ...]

Each folder holds a checkpoint in float32 and
  train.safetensors  lengths [S] and tokens [steps, sum of lengths + S], both I32: at each step S
                     sequences one after the other, sequence i of lengths[i] + 1 tokens. All but its
                     last are rows of the model, all but its first their targets.
                     "gradient.NAME": the loss's gradient of each parameter in the first step.
  train.json         settings, and per step the loss, its terms, and the norm of all gradients; of
                     the first step also the norm of each parameter's gradient. Last, after all
                     steps, the norm of each parameter and the biases of the gates.

The loss is the mean over all rows of -log p(target), plus
  mtp_weight * the mean of the multi-token layer's -log p over the rows that have a target one
    further; the layer runs on every row (the state of row i and the embedding of its target),
  balance_alpha * the sum over gates, the multi-token layer's too, of the sequence-wise balance loss,
    averaged over the sequences.
A step: gradients are scaled to a norm of at most `clip`; AdamW (weight decay on matrices only, the
embedding and the head among them); then each gate's bias moves by gamma * sign(mean load - load).

llama, qwen2 and deepseek_v2 are transformers' classes, which run each sequence alone; deepseek_v3 is
the model of v3_torch.py, whose gradients without the two extra terms are compared with transformers'.
fp8.safetensors is described at fp8_golden().
"""

import contextlib
import json
import pathlib
import shutil
import sys
import tempfile

import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import save_file

import fp8
import reference
import routing
import tiny_models
import v3_torch

GOLDENS = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "train"
LENGTHS = [37, 1, 64, 65, 2, 24]
STEPS = 10
SETTINGS = {"lr": 0.003, "beta1": 0.9, "beta2": 0.95, "eps": 1e-8, "weight_decay": 0.1, "clip": 1.0,
            "mtp_weight": 0.3, "balance_alpha": 1e-4, "gamma": 0.001}
SMALLEST_MARGIN = 1e-5

SMALL = {"vocab_size": 48, "hidden_size": 24, "torch_dtype": "float32"}
DEEPSEEK = {**SMALL, "intermediate_size": 40, "kv_lora_rank": 16, "moe_intermediate_size": 8,
            "num_hidden_layers": 2, "qk_nope_head_dim": 8, "qk_rope_head_dim": 16, "v_head_dim": 12,
            "num_attention_heads": 2, "num_key_value_heads": 2}
MODELS = {
    "llama": {**tiny_models.MODELS["llama3_untied"][0], **SMALL, "intermediate_size": 40,
              "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8},
    "qwen2": {**tiny_models.MODELS["qwen2"][0], **SMALL, "intermediate_size": 40,
              "num_attention_heads": 3, "num_key_value_heads": 1},
    "deepseek_v2": {**tiny_models.MODELS["deepseek_v2"][0], **DEEPSEEK, "n_routed_experts": 8,
                    "num_experts_per_tok": 2, "q_lora_rank": None, "routed_scaling_factor": 2.0},
    "deepseek_v3": {**tiny_models.MODELS["deepseek_v3_mtp"][0], **DEEPSEEK, "n_routed_experts": 8,
                    "num_experts_per_tok": 3, "q_lora_rank": 16},
    # The same with a balance loss that one cannot overlook.
    "deepseek_v3_balance": {**tiny_models.MODELS["deepseek_v3_mtp"][0], **DEEPSEEK,
                            "n_routed_experts": 8, "num_experts_per_tok": 3, "q_lora_rank": 16},
}


def settings_of(name):
    return {**SETTINGS, **({"balance_alpha": 0.1} if name == "deepseek_v3_balance" else {})}


def draw_batches(vocab, seed):
    """[steps][S] sequences of a Markov chain, so that there is something to learn."""
    generator = torch.Generator().manual_seed(seed)
    chain = (3 * torch.randn(vocab, vocab, generator=generator)).softmax(-1)
    batches = []
    for _ in range(STEPS):
        batch = []
        for length in LENGTHS:
            tokens = [int(torch.randint(vocab, (1,), generator=generator))]
            for _ in range(length):
                tokens.append(int(torch.multinomial(chain[tokens[-1]], 1, generator=generator)))
            batch.append(torch.tensor(tokens))
        batches.append(batch)
    return batches


class TransformersModel:
    """A class of transformers as a loss over its checkpoint's parameters."""

    def __init__(self, folder):
        self.model = reference.load(folder, torch.float64).requires_grad_(True)
        self.margins = routing.watch(self.model)

    def parameters(self):
        return dict(self.model.named_parameters())

    def loss(self, batch):
        rows = sum(len(tokens) - 1 for tokens in batch)
        total = 0
        for tokens in batch:
            logits = self.model(tokens[None, :-1], use_cache=False).logits[0]
            total = total + F.cross_entropy(logits, tokens[1:], reduction="sum")
        return {"main": total / rows}

    def update_biases(self, gamma):
        pass

    def by_checkpoint_name(self, values):
        """transformers stacks experts and joins gate and up."""
        result = {}
        for name, value in values.items():
            if not name.endswith(("experts.gate_up_proj", "experts.down_proj")):
                result[name] = value
                continue
            for expert, matrix in enumerate(value):
                prefix = f"{name.rpartition('.')[0]}.{expert}."
                if name.endswith("down_proj"):
                    result[prefix + "down_proj.weight"] = matrix
                else:
                    gate, up = matrix.chunk(2)
                    result |= {prefix + "gate_proj.weight": gate, prefix + "up_proj.weight": up}
        return result


class OwnV3Model:
    """v3_torch with the multi-token and the balance loss."""

    def __init__(self, folder):
        self.config, tensors = reference.read_checkpoint(folder)
        self.w = {name: value.double() for name, value in tensors.items()
                  if not name.endswith((".shared_head.head.weight", ".embed_tokens.weight"))
                  or name == "model.embed_tokens.weight"}
        self.margins, self.loads = [], {}
        for value in self.parameters().values():
            value.requires_grad_(True)

    def parameters(self):
        return {name: value for name, value in self.w.items() if not name.endswith("correction_bias")}

    def gates(self):
        return [name for name in self.w if name.endswith("correction_bias")]

    def loss(self, batch):
        config, w, scores = self.config, self.w, []
        lengths = [len(tokens) - 1 for tokens in batch]
        tokens = torch.cat([sequence[:-1] for sequence in batch])
        targets = torch.cat([sequence[1:] for sequence in batch])
        hidden = v3_torch.main_hidden(config, w, tokens, lengths, scores)
        terms = {"main": F.cross_entropy(hidden @ w["lm_head.weight"].T, targets)}
        further = v3_torch.mtp_hidden(config, w, hidden, targets, lengths, scores)
        has_target = torch.cat([torch.arange(n) < n - 1 for n in lengths])
        terms["mtp"] = F.cross_entropy((further @ w["lm_head.weight"].T)[has_target],
                                       torch.cat([sequence[2:] for sequence in batch]))
        terms["balance"] = sum(v3_torch.balance_loss(config, s, lengths) for s in scores)
        self._watch(scores)
        return terms

    def _watch(self, scores):
        settings = type("Config", (), self.config)
        for name, s in zip(self.gates(), scores, strict=True):
            s = s.detach()
            chosen, margin = routing.choose(settings, s + self.w[name], 2)
            # The balance loss counts the best experts without bias and groups.
            best, k = s.sort(descending=True).values, self.config["num_experts_per_tok"]
            self.margins += [margin, float((best[:, k - 1] - best[:, k]).min())]
            self.loads[name] = chosen.flatten().bincount(minlength=s.shape[1]).double()

    def update_biases(self, gamma):
        for name, load in self.loads.items():
            self.w[name] += gamma * torch.sign(load.mean() - load)

    def by_checkpoint_name(self, values):
        return values


def total(terms, settings):
    return (terms["main"] + settings["mtp_weight"] * terms.get("mtp", 0)
            + settings["balance_alpha"] * terms.get("balance", 0))


def run_steps(model, batches, settings):
    """What train.json says of each step, and the gradients of the first."""
    parameters = model.parameters()
    matrices = [p for p in parameters.values() if p.dim() > 1]
    vectors = [p for p in parameters.values() if p.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": settings["weight_decay"]},
         {"params": vectors, "weight_decay": 0.0}],
        lr=settings["lr"], betas=(settings["beta1"], settings["beta2"]), eps=settings["eps"])
    steps, gradients = [], None
    for batch in batches:
        optimizer.zero_grad()
        terms = model.loss(batch)
        loss = total(terms, settings)
        loss.backward()
        gradients = gradients or {name: p.grad.clone() for name, p in parameters.items()}
        norm = torch.stack([p.grad.norm() for p in parameters.values()]).norm()
        steps.append({"loss": float(loss.detach()), **{k: float(v.detach()) for k, v in terms.items()},
                      "gradient_norm": float(norm)})
        for p in parameters.values():
            p.grad *= min(1.0, settings["clip"] / float(norm))
        optimizer.step()
        with torch.no_grad():
            model.update_biases(settings["gamma"])
    return steps, model.by_checkpoint_name(gradients)


def gradients_of(model, batch, settings):
    for p in model.parameters().values():
        p.grad = None
    total(model.loss(batch), settings).backward()
    return model.by_checkpoint_name({name: torch.zeros_like(p) if p.grad is None else p.grad
                                     for name, p in model.parameters().items()})


def check_v3(folder, batch, settings):
    """The main path against transformers, and that each extra term shows in the gradients."""
    own = OwnV3Model(folder)
    plain = {**settings, "mtp_weight": 0.0, "balance_alpha": 0.0}
    ours = gradients_of(own, batch, plain)
    with reference.Float64():
        theirs = gradients_of(TransformersModel(folder), batch, plain)
    for name, gradient in theirs.items():
        assert reference.distance(ours[name], gradient) < 1e-9, name
    full = gradients_of(own, batch, settings)
    for term in ("mtp_weight", "balance_alpha"):
        without = gradients_of(own, batch, {**settings, term: 0.0})
        moved = max(reference.distance(without[name], full[name])
                    for name in full if name.endswith("mlp.gate.weight"))
        print(f"  without {term} the gradient of a gate moves by {moved:.1e}")


def norms(values):
    return {name: float(value.detach().norm()) for name, value in values.items()}


def make(name, scratch):
    config, settings = MODELS[name], settings_of(name)
    is_v3 = config["model_type"] == "deepseek_v3"
    for seed in range(100):
        tensors = tiny_models.tie_mtp(config, tiny_models.weights(config, torch.float32, seed))
        reference.write_checkpoint(scratch, config, tensors)
        batches = draw_batches(config["vocab_size"], seed)
        with contextlib.nullcontext() if is_v3 else reference.Float64():
            model = OwnV3Model(scratch) if is_v3 else TransformersModel(scratch)
            steps, gradients = run_steps(model, batches, settings)
        if min(model.margins, default=1) > SMALLEST_MARGIN:
            break
    else:
        raise SystemExit(f"{name}: no seed chooses experts by a clear margin")
    assert steps[-1]["main"] < steps[0]["main"], "nothing was learned"

    folder = GOLDENS / name
    shutil.rmtree(folder, ignore_errors=True)
    reference.write_checkpoint(folder, config, tensors)
    save_file({"lengths": torch.tensor(LENGTHS, dtype=torch.int32),
               "tokens": torch.stack([torch.cat(batch) for batch in batches]).int(),
               **{f"gradient.{k}": v.float().contiguous() for k, v in gradients.items()}},
              folder / "train.safetensors")
    biases = {k: v.tolist() for k, v in getattr(model, "w", {}).items() if k.endswith("_bias")}
    (folder / "train.json").write_text(json.dumps({
        "settings": settings, "steps": steps, "gradient_norms": norms(gradients),
        "final_norms": norms(model.by_checkpoint_name(model.parameters())),
        "final_biases": biases}, indent=1) + "\n")
    print(f"{name}: seed {seed}, {sum(p.stat().st_size for p in folder.iterdir()) // 1000} KB, margin "
          f"{min(model.margins, default=1):.0e}, loss {steps[0]['loss']:.4f} to {steps[-1]['loss']:.4f}, "
          f"gradient norms {[round(s['gradient_norm'], 2) for s in steps]}")
    if is_v3:
        check_v3(folder, batches[0], settings)


def fp8_golden():
    """E4M3 operands: activations [T, K] with a scale for each 1x128 tile, weights [N, K] with one
    for each 128x128 block: scale = max(amax, 1e-4) / 448, fp8 = x / scale in float32. Each as X (F32),
    X.fp8 (F8_E4M3) and X.scales. They hold outliers, a tile of zeros, one below 1e-4, values that
    fall on ties, and ragged edges."""
    generator = torch.Generator().manual_seed(0)
    activations = torch.randn(9, 300, generator=generator)
    activations[1, 5], activations[2, 200] = 900.0, -6e4
    activations[3, :128] = 0
    activations[4, 128:256] *= 1e-7
    activations[5, :128] = torch.arange(128) / 16  # the scale is 7.9375 / 448: many near ties
    activations[6, :128] = 448 * torch.sign(activations[6, :128]) / 2 ** torch.arange(0, 16, 0.125)
    activations[7, :128] = torch.arange(128) * 3.5  # amax 444.5
    activations[8] *= torch.exp(2 * torch.randn(300, generator=generator))
    weights = torch.randn(136, 200, generator=generator) * 0.02
    weights[:128, 128:] *= 1e-5
    weights[130, 60] = 3.0
    result = {}
    for name, value, rows in (("activations", activations, 1), ("weights", weights, 128)):
        quantised, scales = fp8.quantise(value, rows, 128)
        result |= {name: value, f"{name}.fp8": quantised, f"{name}.scales": scales}
    save_file(result, GOLDENS / "fp8.safetensors")


def main():
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    GOLDENS.mkdir(exist_ok=True)
    for name in sys.argv[1:] or MODELS:
        with tempfile.TemporaryDirectory() as scratch:
            make(name, pathlib.Path(scratch))
    torch.set_default_dtype(torch.float32)
    fp8_golden()


if __name__ == "__main__":
    main()
