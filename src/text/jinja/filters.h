// The filters that may follow `|`: Jinja's, with `tojson` as transformers replaces it. Left out are
// those that make HTML (urlize, xmlattr, striptags), print for debugging (pprint) or are random.
#pragma once

#include <string_view>

#include "text/jinja/methods.h"

namespace frugal::text::jinja {

/// The filter of that name, or null. Its `self` is what stands before `|`.
const Method* find_filter(std::string_view name);

// The parts of the table, by what the filters work on.
const Method* find_text_filter(std::string_view name);
const Method* find_number_filter(std::string_view name);
const Method* find_sequence_filter(std::string_view name);
const Method* find_selection_filter(std::string_view name);

/// Looks up `path`, such as "user.names.0" or a number, in an item of a sequence; missing steps
/// give `otherwise` where one is passed.
Value get_path(Budget& budget, const Value& item, const Value& path,
               const Value* otherwise = nullptr);

}  // namespace frugal::text::jinja
