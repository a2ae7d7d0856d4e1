// Matches what a call passes with what a function, filter or method takes.
#pragma once

#include <initializer_list>
#include <vector>

#include "text/jinja/value.h"

namespace frugal::text::jinja {

/// The passed values by the place of their parameter.
class Parameters {
 public:
  /// `names` are the parameters in order; an empty name can only be passed by position. The first
  /// `required` must be passed. Throws Error, naming `function`, when the call does not fit.
  Parameters(std::string_view function, const Arguments& arguments,
             std::initializer_list<std::string_view> names, std::size_t required = 0);
  Parameters(const Call& call, std::initializer_list<std::string_view> names,
             std::size_t required = 0)
      : Parameters(call.name, call.arguments, names, required) {}

  /// The value passed for parameter `i`, or null.
  const Value* get(std::size_t i) const { return values_[i]; }
  /// The same, but null also when None was passed.
  const Value* get_some(std::size_t i) const;
  const Value& operator[](std::size_t i) const { return *values_[i]; }

  // As get(), converted; these throw Error when the value is of another type.
  std::int64_t integer(std::size_t i, std::int64_t otherwise) const;
  const std::string& text(std::size_t i) const;
  std::string text(std::size_t i, std::string_view otherwise) const;
  bool truth(Budget& budget, std::size_t i, bool otherwise) const;

 private:
  std::string_view function_;
  std::vector<const Value*> values_;
};

}  // namespace frugal::text::jinja
