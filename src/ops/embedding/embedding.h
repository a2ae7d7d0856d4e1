// Token embeddings.
#pragma once

#include "ops/context.h"
#include "ops/weight.h"

namespace frugal::ops {

/// Row t of out [T, d] is row tokens[t] of table [vocab_size, d]. Throws Error on an id outside it.
void embedding(const Context& context, const Weight& table, std::span<const std::int32_t> tokens,
               View out);

}  // namespace frugal::ops
