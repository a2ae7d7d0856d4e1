#include "tensor/arena.h"

#include <algorithm>

namespace frugal {

std::byte* Arena::allocate(std::size_t bytes) {
  const std::size_t rounded = (bytes + 63) / 64 * 64;
  while (chunk_ < chunks_.size() && used_ + rounded > chunks_[chunk_].size()) {
    ++chunk_;
    used_ = 0;
  }
  if (chunk_ == chunks_.size()) {
    chunks_.emplace_back(std::max(chunk_bytes_, rounded), "scratch memory");
  }
  std::byte* result = chunks_[chunk_].data() + used_;
  used_ += rounded;
  return result;
}

void Arena::release(Mark mark) {
  chunk_ = mark.chunk;
  used_ = mark.used;
}

std::size_t Arena::capacity() const {
  std::size_t total = 0;
  for (const Buffer& chunk : chunks_) total += chunk.size();
  return total;
}

}  // namespace frugal
