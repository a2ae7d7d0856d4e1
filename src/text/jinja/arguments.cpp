#include "text/jinja/arguments.h"

#include <algorithm>

namespace frugal::text::jinja {

Parameters::Parameters(std::string_view function, const Arguments& arguments,
                       std::initializer_list<std::string_view> names, std::size_t required)
    : function_(function), values_(names.size(), nullptr) {
  require(arguments.positional.size() <= names.size(), "{}() takes at most {} arguments, not {}",
          function, names.size(), arguments.positional.size());
  for (std::size_t i = 0; i < arguments.positional.size(); ++i) {
    values_[i] = &arguments.positional[i];
  }
  for (const auto& [name, value] : arguments.named) {
    const auto* const found = std::find(names.begin(), names.end(), name);
    require(found != names.end() && !found->empty(), "{}() has no argument named '{}'", function,
            printable(name));
    const Value*& place = values_[static_cast<std::size_t>(found - names.begin())];
    require(place == nullptr, "{}() got two values for the argument '{}'", function, name);
    place = &value;
  }
  for (std::size_t i = 0; i < required; ++i) {
    require(values_[i] != nullptr, "{}() needs at least {} arguments", function, required);
  }
}

const Value* Parameters::get_some(std::size_t i) const {
  return values_[i] == nullptr || values_[i]->is(Kind::none) ? nullptr : values_[i];
}

std::int64_t Parameters::integer(std::size_t i, std::int64_t otherwise) const {
  if (values_[i] == nullptr) return otherwise;
  require(values_[i]->is_integral(), "{}(): '{}' object cannot be interpreted as an integer",
          function_, type_name(*values_[i]));
  return values_[i]->integer();
}

const std::string& Parameters::text(std::size_t i) const {
  require(values_[i]->is(Kind::string), "{}(): argument {} must be str, not {}", function_, i + 1,
          type_name(*values_[i]));
  return values_[i]->text();
}

std::string Parameters::text(std::size_t i, std::string_view otherwise) const {
  return values_[i] == nullptr ? std::string(otherwise) : text(i);
}

bool Parameters::truth(Budget& budget, std::size_t i, bool otherwise) const {
  return values_[i] == nullptr ? otherwise : truthy(budget, *values_[i]);
}

}  // namespace frugal::text::jinja
