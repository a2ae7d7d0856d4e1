// The output head over the rows that are learned: logits exist for a chunk of rows at a time only.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ops/context.h"
#include "tensor/arena.h"

namespace frugal::ops {

/// What the head reads, and where gradients are added; either gradient may be empty.
struct HeadPass {
  ConstView hidden;  // [T, d]
  ConstView head;    // [vocab_size, d]
  View d_hidden;     // [T, d]
  View d_head;       // [vocab_size, d]
};

/// The rows whose target is not kIgnored. Throws Error on targets outside the vocabulary.
std::vector<std::int64_t> learned_rows(std::span<const std::int32_t> targets, std::int64_t vocab);

/// Row i of out becomes row rows[i] of x.
void gather_rows(ConstView x, std::span<const std::int64_t> rows, View out);

/// Gets the numbers of a chunk's rows and their logits [rows.size(), vocab_size], and leaves there
/// the loss's gradients with regard to the logits, if those are wanted.
using VisitLogits = std::function<void(std::span<const std::int64_t> rows, View logits)>;

/// Calls `visit` for chunk after chunk of `rows`. With `backward` the gradients that it leaves go
/// on to d_hidden and d_head.
void for_each_chunk(const Context& context, const HeadPass& pass,
                    std::span<const std::int64_t> rows, bool backward, const VisitLogits& visit,
                    Arena& scratch);

}  // namespace frugal::ops
