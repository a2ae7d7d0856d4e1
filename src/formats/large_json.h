// Large JSON by simdjson: headers and indexes name up to 100,000 tensors.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace frugal::formats {

/// The limit of safetensors' reference for a header; indexes are smaller.
inline constexpr std::uint64_t kMaxJsonBytes = 100000000;

/// A parsed document; elements and the text they give borrow from it.
class LargeJson {
 public:
  /// Throws Error starting with `what` on bad or too large JSON or when the root is no object.
  LargeJson(std::string_view text, std::string what) : what_(std::move(what)) {
    require(text.size() <= kMaxJsonBytes, "{}: {} bytes of JSON, expected at most {}", what_,
            text.size(), kMaxJsonBytes);
    simdjson::dom::element root;
    const auto error = parser_.parse(simdjson::padded_string(text)).get(root);
    require(!error, "{}: not valid JSON: {}", what_, simdjson::error_message(error));
    require(root.get(root_) == simdjson::SUCCESS, "{}: not a JSON object", what_);
  }

  simdjson::dom::object root() const { return root_; }

 private:
  std::string what_;
  simdjson::dom::parser parser_;
  simdjson::dom::object root_;
};

}  // namespace frugal::formats
