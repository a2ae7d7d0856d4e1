// How far a model's next-token distributions are from a teacher's: the loss of logit distillation
// (Hinton, Vinyals, Dean 2015, at temperature 1). Logits of both exist for a chunk of rows only.
#pragma once

#include <span>

#include "ops/context.h"
#include "ops/weight.h"
#include "tensor/arena.h"

namespace frugal::ops {

/// What turns into the teacher's logits.
struct TeacherRows {
  ConstView hidden;    // [T, d of the teacher]
  const Weight& head;  // [vocab_size of the teacher, d of the teacher], of any dtype
};

/// divergences[t] becomes KL(q || p) = sum over v of q_v log(q_v / p_v), in nats, of the softmax q
/// of the teacher's logits and the softmax p of head hidden[t]; 0 where targets[t] is kIgnored,
/// which is all that targets are looked at for. Where one vocabulary is longer (padded for speed),
/// q lives on what both have. With a slope other than 0, the derivative of the loss by each
/// divergence, also adds the gradients of the loss to d_hidden [T, d] and d_head [vocab_size, d]
/// (either may be empty); none flow to the teacher. hidden [T, d], head [vocab_size, d].
void divergence(const Context& context, ConstView hidden, ConstView head,
                std::span<const std::int32_t> targets, const TeacherRows& teacher, float slope,
                std::span<float> divergences, View d_hidden, View d_head, Arena& scratch);

}  // namespace frugal::ops
