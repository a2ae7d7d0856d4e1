#include "ops/linear/inputs.h"

#include <algorithm>
#include <cstring>

namespace frugal::ops {

namespace {

// Rows that follow each other need not be copied.
bool consecutive(std::span<const std::int64_t> rows) {
  return std::ranges::adjacent_find(
             rows, [](std::int64_t a, std::int64_t b) { return b != a + 1; }) == rows.end();
}

// Calls body(part, begin, end) for those of its rows that lie in [begin, end) of all rows.
template <typename Part, typename Body>
void for_rows(const std::vector<Part>& parts, std::int64_t begin, std::int64_t end,
              const Body& body) {
  for (const Part& part : parts) {
    const std::int64_t first = std::max<std::int64_t>(begin - part.before, 0);
    const std::int64_t last = std::min(end - part.before, part.count());
    if (first < last) body(part, first, last);
  }
}

}  // namespace

bool multiplies_levels(const Weight& w) {
  return w.layout == WeightLayout::panels && is_block_type(w.dtype);
}

Inputs::Inputs(std::span<const Product> products, Arena& scratch) {
  inputs_.reserve(products.size());
  for (const Product& p : products) {
    const std::int64_t groups = p.x.cols / kGroup;
    const bool levels = multiplies_levels(*p.w);
    Input input{p.x};
    if (levels) input.blocks = round(p.x, scratch).blocks;
    if (consecutive(p.rows)) {
      const std::int64_t first = p.rows.empty() ? 0 : p.rows.front();
      input.x = {p.x.row(first), p.y.rows, p.x.cols, p.x.stride};
      if (levels) input.blocks += first * groups;
    } else if (levels) {
      const std::int64_t bytes = groups * static_cast<std::int64_t>(sizeof(ActivationBlock));
      input.blocks = reinterpret_cast<const ActivationBlock*>(
          pick(reinterpret_cast<const std::byte*>(input.blocks), bytes, bytes, p.rows, scratch));
    } else {
      constexpr std::int64_t kBytes = sizeof(float);
      input.x = {reinterpret_cast<const float*>(pick(reinterpret_cast<const std::byte*>(p.x.data),
                                                     p.x.stride * kBytes, p.x.cols * kBytes, p.rows,
                                                     scratch)),
                 p.y.rows, p.x.cols, p.x.cols};
    }
    inputs_.push_back(input);
  }
}

const Inputs::Rounded& Inputs::round(StridedView<const float> x, Arena& scratch) {
  const auto known = std::ranges::find_if(rounded_, [&](const Rounded& r) {
    return r.x.data == x.data && r.x.rows == x.rows && r.x.cols == x.cols && r.x.stride == x.stride;
  });
  if (known != rounded_.end()) return *known;
  const std::int64_t before =
      rounded_.empty() ? 0 : rounded_.back().before + rounded_.back().count();
  const auto blocks = scratch.array<ActivationBlock>(x.rows * (x.cols / kGroup));
  rounded_.push_back({x, blocks.data(), before});
  return rounded_.back();
}

std::byte* Inputs::pick(const std::byte* from, std::int64_t stride, std::int64_t bytes,
                        std::span<const std::int64_t> rows, Arena& scratch) {
  const auto known = std::ranges::find_if(picked_, [&](const Picked& p) {
    return p.from == from && p.bytes == bytes && p.rows.data() == rows.data() &&
           p.rows.size() == rows.size();
  });
  if (known != picked_.end()) return known->to;
  const std::int64_t before = picked_.empty() ? 0 : picked_.back().before + picked_.back().count();
  std::byte* to = scratch.allocate(rows.size() * static_cast<std::size_t>(bytes));
  picked_.push_back({from, stride, bytes, rows, to, before});
  return to;
}

void Inputs::prepare(ThreadPool& threads, QuantizeRow quantize_row) {
  const auto rows_of = [](const auto& parts) {
    return parts.empty() ? 0 : parts.back().before + parts.back().count();
  };
  threads.parallel_for(rows_of(rounded_), 8, [&](std::int64_t begin, std::int64_t end) {
    for_rows(rounded_, begin, end, [&](const Rounded& r, std::int64_t first, std::int64_t last) {
      const std::int64_t groups = r.x.cols / kGroup;
      for (std::int64_t t = first; t < last; ++t) {
        quantize_row(r.x.row(t), groups, r.blocks + t * groups);
      }
    });
  });
  threads.parallel_for(rows_of(picked_), 8, [&](std::int64_t begin, std::int64_t end) {
    for_rows(picked_, begin, end, [&](const Picked& p, std::int64_t first, std::int64_t last) {
      for (std::int64_t t = first; t < last; ++t) {
        std::memcpy(p.to + t * p.bytes, p.from + p.rows[static_cast<std::size_t>(t)] * p.stride,
                    static_cast<std::size_t>(p.bytes));
      }
    });
  });
}

}  // namespace frugal::ops
