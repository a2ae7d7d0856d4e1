// TOML recipes: sections whose every key is known, with errors for people.
#pragma once

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"

namespace frugal::train {

/// "recipe.toml line 7", or the file alone where a value came from --set.
std::string recipe_place(const std::string& file, const toml::node& node);

/// One table of the file. Every key is asked for once; what nobody asked for is an error.
class RecipeSection {
 public:
  /// For numbers that have no upper limit.
  static constexpr double kAnything = std::numeric_limits<double>::max();

  RecipeSection(const toml::table* table, std::string name, std::string file)
      : table_(table), name_(std::move(name)), file_(std::move(file)) {}

  /// Each leaves `value` as it is where the key is missing, and throws Error naming file, line and
  /// key on a value of another type or out of range.
  template <typename Number>
  void number(const char* key, Number& value, double least, double most) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const std::optional<double> given = node->value<double>();
    require(given.has_value() && (!std::is_integral_v<Number> || node->is_integer()),
            "{}: {} is not {}", recipe_place(file_, *node), full(key),
            std::is_integral_v<Number> ? "an integer" : "a number");
    require(*given >= least && *given <= most, "{}: {} is {}, expected {}",
            recipe_place(file_, *node), full(key), *given,
            most == kAnything ? fmt::format("at least {}", least)
                              : fmt::format("{} to {}", least, most));
    value = static_cast<Number>(*given);
  }
  void boolean(const char* key, bool& value);
  template <typename Text>  // a string or a path
  void text(const char* key, Text& value) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    require(node->is_string(), "{}: {} is not a string", recipe_place(file_, *node), full(key));
    value = node->value_or(std::string());
  }
  void choice(const char* key, std::string& value, const std::vector<std::string>& known);
  /// A list of strings.
  void texts(const char* key, std::vector<std::string>& values);

  /// Throws Error naming the first key that nobody asked for, and the nearest that is known.
  void refuse_rest() const;

 private:
  const toml::node* find(const char* key);
  std::string full(const std::string& key) const { return name_ + "." + key; }

  const toml::table* table_;
  std::string name_;
  std::string file_;
  std::set<std::string> known_;
};

/// A recipe with what --set says instead. Without a file everything is said by the overrides.
class RecipeFile {
 public:
  /// Throws Error on bad TOML, on overrides that are none, and on sections other than these.
  RecipeFile(const std::filesystem::path& file, const std::vector<std::string>& overrides,
             const std::vector<std::string>& sections);

  RecipeSection section(const std::string& key) const;
  const toml::table& root() const { return root_; }
  /// For messages.
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  toml::table root_;
};

}  // namespace frugal::train
