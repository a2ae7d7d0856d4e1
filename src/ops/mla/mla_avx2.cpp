#include "ops/mla/mla_rows.h"

namespace frugal::ops {

MlaKernels mla_kernels_avx2() { return {mla_expanded_tile, mla_absorbed_row}; }

}  // namespace frugal::ops
