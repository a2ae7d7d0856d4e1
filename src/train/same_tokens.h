// Whether two models speak in the same tokens, as learning from a teacher's logits needs.
#pragma once

#include "train/base_model.h"

namespace frugal::train {

/// Throws Error naming both models and where they first differ unless the ids of both vocabularies
/// stand for the same tokens and both write a conversation with the same ones, of which they learn
/// the same. One vocabulary may be up to a tenth longer: GGUF files count the rows that pad it.
void require_same_tokens(const BaseModel& teacher, const BaseModel& student);

}  // namespace frugal::train
