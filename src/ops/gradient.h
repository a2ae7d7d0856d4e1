// Where the gradient of an op's operand goes.
#pragma once

#include "tensor/tensor.h"

namespace frugal::ops {

/// Added to what is there already, or written, whatever was there.
struct Gradient {
  View view;
  bool accumulate = true;
};

}  // namespace frugal::ops
