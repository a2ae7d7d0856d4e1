#include "ops/attention/attend_row.h"

namespace frugal::ops {

void attend_row_reference(const AttentionShape& shape, const float* q, const Tiles& k,
                          const Tiles& v, std::int64_t head_offset, std::int64_t length,
                          float* out) {
  attend_row(shape, q, k, v, head_offset, length, out);
}

}  // namespace frugal::ops
