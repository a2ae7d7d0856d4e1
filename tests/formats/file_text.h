// Small files made by hand, and what becomes of them.
#pragma once

#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/mapped_file.h"

namespace frugal::testing {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline std::string text_of(const std::filesystem::path& path) {
  return std::string(MappedFile(path).text());
}

/// A number as the file formats store it.
template <typename T>
std::string raw(T number) {
  std::string text(sizeof(T), '\0');
  std::memcpy(text.data(), &number, sizeof(T));
  return text;
}

/// The Error's message, or "no error".
template <typename Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace frugal::testing
