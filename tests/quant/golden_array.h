// The raw arrays that tools/golden/make_quant_goldens.py writes.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mapped_file.h"
#include "support/data.h"

namespace frugal::testing {

/// All of tests/golden/quant/NAME as values of type T.
template <typename T>
std::vector<T> golden_array(const std::string& name) {
  const MappedFile file(golden("quant/" + name));
  require(file.size() > 0 && file.size() % sizeof(T) == 0, "{}: {} bytes", name, file.size());
  std::vector<T> values(file.size() / sizeof(T));
  std::memcpy(values.data(), file.bytes().data(), file.size());
  return values;
}

}  // namespace frugal::testing
