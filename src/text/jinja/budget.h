// What one rendering may use, so that a hostile template ends in an error.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace frugal::text::jinja {

/// Far above what chat templates need (a prompt of a million tokens takes a few million steps),
/// far below what would hurt: the default ends a runaway template within seconds.
struct Limits {
  std::size_t steps = 50'000'000;  // nodes evaluated, items visited, runs of 64 bytes handled
  std::size_t bytes = 512U << 20;  // of text and containers made in all, the output included
  unsigned depth = 1000;           // evaluations inside evaluations, recursive macros included
  unsigned nesting = 200;          // containers inside containers
};

/// Counts what a rendering uses. Every function that loops or allocates takes one.
class Budget {
 public:
  explicit Budget(const Limits& limits) : limits_(limits) {}

  /// Counts work that is about to be done. Throws Error beyond the limit.
  void step(std::size_t count = 1) {
    require(count <= limits_.steps - steps_, "the template takes more than the limit of {} steps",
            limits_.steps);
    steps_ += count;
  }

  /// Counts bytes that are about to be made. Throws Error beyond the limit.
  void allocate(std::size_t bytes) {
    require(bytes <= limits_.bytes - bytes_, "the template makes more than the limit of {} bytes",
            limits_.bytes);
    bytes_ += bytes;
    step(bytes / 64);
  }

  /// Counts `count` elements of `size` bytes, without overflow.
  void allocate(std::size_t count, std::size_t size) {
    require(size == 0 || count <= limits_.bytes / size,
            "the template makes more than the limit of {} bytes", limits_.bytes);
    allocate(count * size);
  }

  void check_nesting(unsigned nesting) const {
    require(nesting <= limits_.nesting, "values nested deeper than the limit of {} levels",
            limits_.nesting);
  }

  const Limits& limits() const { return limits_; }

 private:
  friend class Recursion;

  Limits limits_;
  std::size_t steps_ = 0;
  std::size_t bytes_ = 0;
  unsigned depth_ = 0;
};

/// Stands in every function that calls itself, so that the stack cannot overflow.
class Recursion {
 public:
  explicit Recursion(Budget& budget) : budget_(budget) {
    require(budget.depth_ < budget.limits_.depth, "nested deeper than the limit of {} levels",
            budget.limits_.depth);
    ++budget.depth_;
  }
  Recursion(const Recursion&) = delete;
  Recursion& operator=(const Recursion&) = delete;
  ~Recursion() { --budget_.depth_; }

 private:
  Budget& budget_;
};

/// A string that grows at the budget's expense.
class TextBuilder {
 public:
  explicit TextBuilder(Budget& budget) : budget_(budget) {}

  void append(std::string_view text) {
    budget_.allocate(text.size());
    text_ += text;
  }
  void append(char c) { append(std::string_view(&c, 1)); }
  void append(std::size_t count, char c) {
    budget_.allocate(count);
    text_.append(count, c);
  }

  const std::string& str() const { return text_; }
  std::string take() { return std::move(text_); }

 private:
  Budget& budget_;
  std::string text_;
};

}  // namespace frugal::text::jinja
