#include "train/token_stream.h"

#include <algorithm>

#include "base/error.h"

namespace frugal::train {

namespace {

void check_range(std::int64_t begin, std::size_t count, std::int64_t size) {
  const std::int64_t end = begin + static_cast<std::int64_t>(count);
  require(begin >= 0 && end <= size, "tokens {} to {} of {} are wanted", begin, end, size);
}

}  // namespace

void TokenList::read(std::int64_t begin, std::span<std::int32_t> out) const {
  check_range(begin, out.size(), size());
  std::copy_n(tokens_.begin() + begin, out.size(), out.begin());
}

void TokenSlice::read(std::int64_t begin, std::span<std::int32_t> out) const {
  check_range(begin, out.size(), size());
  whole_.read(begin_ + begin, out);
}

}  // namespace frugal::train
