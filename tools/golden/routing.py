"""How experts are chosen: by what margin, and what a wrong choice would do."""

import re

import torch


def _gates(model):
    return [module for module in model.modules()
            if re.search(r"(TopkRouter|TopKRouter)$", type(module).__name__)]


def choose(config, scores, group_best):
    """Experts [T, k] with the best scores [T, experts], within the best groups where the model has
    them, and the margin between the worst one chosen and the best one left out, over all rows.
    A group counts as its `group_best` best members together."""
    groups, margins = getattr(config, "n_group", None) or 1, []
    if groups > 1:
        members = scores.view(len(scores), groups, -1)
        order = members.topk(group_best).values.sum(-1).sort(descending=True)
        margins.append(order.values[:, config.topk_group - 1] - order.values[:, config.topk_group])
        kept = torch.zeros(len(scores), groups, dtype=torch.bool)
        kept.scatter_(1, order.indices[:, : config.topk_group], True)
        scores = members.masked_fill(~kept[..., None], -torch.inf).flatten(1)
    order, k = scores.sort(descending=True), config.num_experts_per_tok
    margins.append(order.values[:, k - 1] - order.values[:, k])
    return order.indices[:, :k], float(torch.stack(margins).detach().min())


def choice_margin(config, logits, bias=None):
    """The margin in scores of a sigmoid gate with its bias, or in logits of a softmax gate."""
    if bias is None:
        return choose(config, logits, 1)[1]
    return choose(config, logits.sigmoid() + bias, 2)[1]


def watch(model):
    """A list that gets the margin of every gate that runs."""
    margins = []
    for gate in _gates(model):
        bias = getattr(gate, "e_score_correction_bias", None)
        gate.register_forward_hook(lambda _, inputs, output, bias=bias: margins.append(
            choice_margin(model.config, output[0], bias)))
    return margins


def faults(config):
    """The wrong gates that misroute() knows for a model."""
    result = []
    if config.get("n_group", 1) > 1:
        result.append("group_rule")
    if config.get("topk_method") == "noaux_tc":
        result.append("biased_weights")
    return result


def misroute(model, fault):
    """Makes every gate of a DeepSeek model wrong: it judges groups as the other version does, by
    their best expert or by their two best (group_rule), or weighs experts by the scores that only
    choose them (biased_weights)."""
    config = model.config

    def wrong(gate, logits):
        bias = getattr(gate, "e_score_correction_bias", None)
        scores = logits.softmax(-1) if bias is None else logits.sigmoid()
        biased = scores if bias is None else scores + bias
        best = 1 if bias is None else 2
        indices, _ = choose(config, biased, 3 - best if fault == "group_rule" else best)
        weights = (biased if fault == "biased_weights" else scores).gather(1, indices)
        if bias is not None and config.norm_topk_prob:
            weights = weights / weights.sum(-1, keepdim=True)
        return logits, weights * config.routed_scaling_factor, indices

    for gate in _gates(model):
        gate.register_forward_hook(lambda gate, _, output: wrong(gate, output[0]))
