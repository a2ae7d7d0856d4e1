#include "base/json.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "base/mapped_file.h"

namespace frugal {

namespace {

// nlohmann reports a byte offset; people want line and column.
std::string place(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n');
  const std::size_t column =
      line_start == std::string_view::npos ? before.size() : before.size() - line_start - 1;
  return fmt::format("line {}, column {}", line, std::max<std::size_t>(column, 1));
}

}  // namespace

Json parse_json(std::string_view text, std::string_view what, int max_depth) {
  const auto limit_depth = [&](int depth, Json::parse_event_t event, Json&) {
    if (event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start) {
      require(depth < max_depth, "{}: JSON nested deeper than {} levels", what, max_depth);
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), limit_depth);
  } catch (const Json::parse_error& error) {
    fail("{}: not valid JSON at {}", what, place(text, error.byte));
  } catch (const Json::exception& error) {
    fail("{}: not valid JSON: {}", what, error.what());
  }
}

Json read_json_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const MappedFile file(path);
  require(file.size() <= max_bytes, "{}: {} bytes, expected at most {}", path.string(), file.size(),
          max_bytes);
  return parse_json(file.text(), path.string());
}

}  // namespace frugal
