"""Trains a model with PyTorch, so many steps or minutes, and prints as JSON each step's tokens per
second, and the loss on the validation text.

    python peers.py PEER SETTINGS.json TEXT --batch B --length L --threads N (--steps S | --minutes M)
                    [--validation TEXT] [--lr R] [--autocast]

PEER is transformers-v3, transformers-qwen2 (dense, of as many active parameters) or grouped-v3: our
own model of the V3 shape with grouped products and torch.compile. All in float32 with PyTorch's
AdamW; with --autocast PyTorch computes products in bfloat16. The rate warms up over 50 steps; by minutes it is constant for three tenths and then falls as a
cosine to a twentieth. The expert bias of grouped-v3 follows the load as DeepSeek-V3's does.
"""

import argparse
import json
import math
import pathlib
import time

import torch
import torch.nn.functional as F
from torch import nn


def swiglu(x, gate_up, down):
    gate, up = gate_up(x).chunk(2, -1)
    return down(F.silu(gate) * up)


@torch.compiler.disable  # the compiler wants bfloat16 here, eager PyTorch takes float32
def grouped(x, weights, ends):
    if torch.is_autocast_enabled("cpu"):  # which leaves this function alone
        x, weights = x.bfloat16(), weights.bfloat16()
    return F.grouped_mm(x, weights, offs=ends)


class Experts(nn.Module):
    """Rows sorted by expert, then one grouped product for all experts."""

    def __init__(self, c):
        super().__init__()
        experts, hidden, width = c["n_routed_experts"], c["hidden_size"], c["moe_intermediate_size"]
        self.c = c
        self.gate = nn.Linear(hidden, experts, bias=False)
        self.register_buffer("bias", torch.zeros(experts))
        self.register_buffer("load", torch.zeros(experts))  # tokens of the last step
        self.gate_up = nn.Parameter(torch.randn(experts, hidden, 2 * width) * 0.02)
        self.down = nn.Parameter(torch.randn(experts, width, hidden) * 0.02)

    def choose(self, scores):
        c = self.c
        members = (scores + self.bias).view(len(scores), c["n_group"], -1)
        groups = members.topk(2).values.sum(-1).topk(c["topk_group"]).indices
        kept = torch.zeros(len(scores), c["n_group"], dtype=torch.bool).scatter_(1, groups, True)
        return members.masked_fill(~kept[..., None], -torch.inf).flatten(1).topk(
            c["num_experts_per_tok"]).indices

    def forward(self, x):
        scores = self.gate(x).sigmoid()
        chosen = self.choose(scores.detach())  # [T, k]
        weights = scores.gather(1, chosen)
        weights = weights / weights.sum(-1, keepdim=True) * self.c["routed_scaling_factor"]
        order = chosen.flatten().argsort(stable=True)
        counts = torch.zeros(len(self.gate_up), dtype=torch.int32).scatter_add_(
            0, chosen.flatten(), torch.ones_like(chosen.flatten(), dtype=torch.int32))
        if self.training:
            self.load.copy_(counts)
        ends = counts.cumsum(0).to(torch.int32)
        rows = order // chosen.shape[1]
        gate, up = grouped(x[rows], self.gate_up, ends).chunk(2, -1)
        out = grouped(F.silu(gate) * up, self.down, ends)
        weighted = (out * weights.flatten()[order, None]).to(x.dtype)
        return torch.zeros_like(x).index_add_(0, rows, weighted)


class Layer(nn.Module):
    def __init__(self, c, dense):
        super().__init__()
        hidden, heads = c["hidden_size"], c["num_attention_heads"]
        nope, rope, value = c["qk_nope_head_dim"], c["qk_rope_head_dim"], c["v_head_dim"]
        self.c = c
        self.norms = nn.ModuleList([nn.RMSNorm(hidden), nn.RMSNorm(hidden)])
        self.q_a = nn.Linear(hidden, c["q_lora_rank"], bias=False)
        self.q_norm = nn.RMSNorm(c["q_lora_rank"])
        self.q_b = nn.Linear(c["q_lora_rank"], heads * (nope + rope), bias=False)
        self.kv_a = nn.Linear(hidden, c["kv_lora_rank"] + rope, bias=False)
        self.kv_norm = nn.RMSNorm(c["kv_lora_rank"])
        self.kv_b = nn.Linear(c["kv_lora_rank"], heads * (nope + value), bias=False)
        self.o = nn.Linear(heads * value, hidden, bias=False)
        width = c["intermediate_size"] if dense else c["moe_intermediate_size"] * c["n_shared_experts"]
        self.gate_up = nn.Linear(hidden, 2 * width, bias=False)
        self.down = nn.Linear(width, hidden, bias=False)
        self.experts = None if dense else Experts(c)

    def attention(self, x, cos, sin):
        c, (batch, length, _) = self.c, x.shape
        nope, rope, value = c["qk_nope_head_dim"], c["qk_rope_head_dim"], c["v_head_dim"]
        q = self.q_b(self.q_norm(self.q_a(x))).view(batch, length, -1, nope + rope).transpose(1, 2)
        latent, k_rope = self.kv_a(x).split([c["kv_lora_rank"], rope], -1)
        kv = self.kv_b(self.kv_norm(latent)).view(batch, length, -1, nope + value).transpose(1, 2)

        def turn(part):
            even, odd = part[..., 0::2], part[..., 1::2]
            return torch.cat([even * cos - odd * sin, odd * cos + even * sin], -1)

        q = torch.cat([q[..., :nope], turn(q[..., nope:])], -1)
        shared = turn(k_rope[:, None]).expand(-1, q.shape[1], -1, -1)
        k = torch.cat([kv[..., :nope], shared], -1)
        v = F.pad(kv[..., nope:], (0, nope + rope - value))  # the fast kernel wants equal widths
        out = F.scaled_dot_product_attention(q, k, v, is_causal=True)[..., :value]
        return self.o(out.transpose(1, 2).flatten(2))

    def forward(self, x, cos, sin):
        x = x + self.attention(self.norms[0](x), cos, sin)
        normed = self.norms[1](x)
        out = swiglu(normed, self.gate_up, self.down)
        if self.experts is not None:
            out = out + self.experts(normed.flatten(0, 1)).view_as(x)
        return x + out


class GroupedV3(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.embedding = nn.Embedding(c["vocab_size"], c["hidden_size"])
        self.layers = nn.ModuleList(Layer(c, i < c["first_k_dense_replace"])
                                    for i in range(c["num_hidden_layers"]))
        self.norm = nn.RMSNorm(c["hidden_size"])
        self.head = nn.Linear(c["hidden_size"], c["vocab_size"], bias=False)

    def forward(self, tokens):
        rope = self.c["qk_rope_head_dim"]
        frequencies = self.c["rope_theta"] ** (-torch.arange(0, rope, 2) / rope)
        angle = torch.arange(tokens.shape[1])[:, None] * frequencies
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x, angle.cos(), angle.sin())
        return self.head(self.norm(x))


def make_model(peer, settings):
    """The model, and what gives its logits."""
    if peer == "grouped-v3":
        model = GroupedV3(settings)
        return model, torch.compile(model)
    import transformers

    if peer == "transformers-v3":
        model = transformers.DeepseekV3ForCausalLM(transformers.DeepseekV3Config(**settings))
    else:
        active = settings["moe_intermediate_size"] * (
            settings["num_experts_per_tok"] + settings["n_shared_experts"])
        model = transformers.Qwen2ForCausalLM(transformers.Qwen2Config(
            vocab_size=settings["vocab_size"], hidden_size=settings["hidden_size"],
            intermediate_size=active, num_hidden_layers=settings["num_hidden_layers"],
            num_attention_heads=settings["num_attention_heads"],
            num_key_value_heads=settings["num_attention_heads"], tie_word_embeddings=False))
    model = model.float()
    return model, lambda tokens: model(tokens, use_cache=False).logits


def schedule(o, step, passed):
    """Share of the rate, by the share of the minutes that passed."""
    if step < 50:
        return (step + 1) / 50
    along = max(0.0, (passed - 0.3) / 0.7) if o.minutes else 0.0
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(along, 1.0)))


def balance(model, rate=0.001):
    for part in model.modules():
        if isinstance(part, Experts):
            part.bias += rate * torch.sign(part.load.mean() - part.load)


@torch.no_grad()
def validation_loss(forward, text, o):
    """Over evenly spread windows, up to 200 of them."""
    count = min(200, (len(text) - 1) // o.length)
    losses = []
    for i in range(count):
        start = i * (len(text) - o.length - 1) // max(count - 1, 1)
        window = text[None, start:start + o.length + 1]
        losses.append(F.cross_entropy(forward(window[:, :-1])[0], window[0, 1:]).item())
    return sum(losses) / count


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=["transformers-v3", "transformers-qwen2", "grouped-v3"])
    parser.add_argument("settings", type=pathlib.Path)
    parser.add_argument("text", type=pathlib.Path)
    for name in ("--batch", "--length", "--threads"):
        parser.add_argument(name, type=int, required=True)
    end = parser.add_mutually_exclusive_group(required=True)
    end.add_argument("--steps", type=int)
    end.add_argument("--minutes", type=float)
    parser.add_argument("--validation", type=pathlib.Path)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--autocast", action="store_true")
    return parser.parse_args()


def main():
    o = parse()
    torch.set_num_threads(o.threads)
    begin = time.perf_counter()
    model, forward = make_model(o.peer, json.loads(o.settings.read_text()))
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=o.lr, betas=(0.9, 0.95), weight_decay=0.1)
    text = torch.tensor(list(o.text.read_bytes()))
    speeds = []
    while True:
        start = time.perf_counter()
        passed = (start - begin) / 60 / o.minutes if o.minutes else len(speeds) / o.steps
        if passed >= 1:
            break
        optimizer.param_groups[0]["lr"] = o.lr * schedule(o, len(speeds), passed)
        starts = torch.randint(len(text) - o.length - 1, (o.batch,))
        batch = torch.stack([text[s:s + o.length + 1] for s in starts])
        with torch.autocast("cpu", torch.bfloat16, enabled=o.autocast):
            logits = forward(batch[:, :-1]).float()
            loss = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        balance(model)
        speeds.append(o.batch * o.length / (time.perf_counter() - start))
    model.eval()
    val_loss = None
    if o.validation:
        val_loss = validation_loss(forward, torch.tensor(list(o.validation.read_bytes())), o)
    print(json.dumps({"tokens_per_second": speeds, "val_loss": val_loss,
                      "tokens": len(speeds) * o.batch * o.length}))


if __name__ == "__main__":
    main()
