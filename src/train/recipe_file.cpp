#include "train/recipe_file.h"

#include "base/mapped_file.h"
#include "base/nearest.h"

namespace frugal::train {

namespace {

toml::table parse(const std::string& text, const std::string& what) {
  try {
    return toml::parse(text, what);
  } catch (const toml::parse_error& error) {
    fail("{} line {}: {}", what, error.source().begin.line, std::string(error.description()));
  }
}

// "train.lr=1e-3" into the table; a value that is no TOML is a string.
void apply(toml::table& root, const std::string& override) {
  const std::size_t equals = override.find('=');
  const std::size_t dot = override.find('.');
  require(equals != std::string::npos && dot < equals,
          "--set {}: expected SECTION.KEY=VALUE, such as train.lr=1e-3", printable(override));
  const std::string section = override.substr(0, dot);
  const std::string key = override.substr(dot + 1, equals - dot - 1);
  const std::string value = override.substr(equals + 1);
  if (!root.contains(section)) root.insert(section, toml::table{});
  toml::table* table = root[section].as_table();
  require(table != nullptr, "--set {}: {} is no section", printable(override), printable(section));
  try {
    const toml::table parsed = toml::parse("value = " + value);
    parsed.get("value")->visit([&](const auto& node) {
      if constexpr (toml::is_value<decltype(node)>) {
        table->insert_or_assign(key, node.get());  // without the node's line, which is no file's
      } else {
        table->insert_or_assign(key, node);
      }
    });
  } catch (const toml::parse_error&) {
    table->insert_or_assign(key, value);
  }
}

std::string read_text(const std::filesystem::path& file) {
  require(!std::filesystem::is_directory(file), "{} is a folder, expected a recipe in TOML",
          file.string());
  return std::string(MappedFile(file).text());
}

}  // namespace

std::string recipe_place(const std::string& file, const toml::node& node) {
  const auto line = node.source().begin.line;
  return line == 0 ? file : fmt::format("{} line {}", file, line);
}

void RecipeSection::boolean(const char* key, bool& value) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  require(node->is_boolean(), "{}: {} is neither true nor false", recipe_place(file_, *node),
          full(key));
  value = node->value_or(false);
}

void RecipeSection::choice(const char* key, std::string& value,
                           const std::vector<std::string>& known) {
  text(key, value);
  if (std::ranges::find(known, value) != known.end()) return;
  fail("{}: {} is \"{}\"; known are {}", file_, full(key), printable(value),
       fmt::join(known, ", "));
}

void RecipeSection::texts(const char* key, std::vector<std::string>& values) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  require(node->is_array(), "{}: {} is not a list", recipe_place(file_, *node), full(key));
  values.clear();
  for (const toml::node& item : *node->as_array()) {
    require(item.is_string(), "{}: {} holds something that is not a string",
            recipe_place(file_, *node), full(key));
    values.push_back(item.value_or(std::string()));
  }
}

void RecipeSection::refuse_rest() const {
  if (table_ == nullptr) return;
  for (const auto& [key, node] : *table_) {
    const std::string name(key.str());
    if (known_.contains(name)) continue;
    const std::vector<std::string> names(known_.begin(), known_.end());
    const std::string meant = nearest(name, names);
    fail("{}: unknown key {}{}", recipe_place(file_, node), full(printable(name)),
         meant.empty() ? "" : "; did you mean " + full(meant) + "?");
  }
}

const toml::node* RecipeSection::find(const char* key) {
  known_.insert(key);
  return table_ == nullptr ? nullptr : table_->get(key);
}

RecipeFile::RecipeFile(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                       const std::vector<std::string>& sections)
    : name_(file.empty() ? "the options" : file.string()) {
  if (!file.empty()) root_ = parse(read_text(file), name_);
  for (const std::string& override : overrides) apply(root_, override);
  for (const auto& [key, node] : root_) {
    const std::string section(key.str());
    const bool known = std::ranges::find(sections, section) != sections.end();
    const std::string meant = nearest(section, sections);
    require(known, "{}: unknown section {}{}", recipe_place(name_, node), printable(section),
            meant.empty() ? "" : "; did you mean " + meant + "?");
    require(node.is_table(), "{}: {} is no section", recipe_place(name_, node), section);
  }
}

RecipeSection RecipeFile::section(const std::string& key) const {
  return {root_[key].as_table(), key, name_};
}

}  // namespace frugal::train
