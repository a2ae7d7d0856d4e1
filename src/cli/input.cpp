#include "cli/input.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "base/error.h"
#include "base/mapped_file.h"

namespace frugal::cli {

std::string read_stdin() {
  if (::isatty(STDIN_FILENO) == 1) {
    fmt::print(stderr, "frugal: reading from the terminal; end with Ctrl-D on an empty line\n");
  }
  std::string text;
  std::string buffer(std::size_t{1} << 16, '\0');
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read standard input: {}", errno_text(errno));
    text.append(buffer, 0, static_cast<std::size_t>(got));
  }
}

std::string read_text_file(const std::string& path) { return std::string(MappedFile(path).text()); }

std::vector<std::int32_t> parse_ids(std::string_view text) {
  constexpr std::string_view kBetween = " \t\r\n,[]";
  std::vector<std::int32_t> ids;
  for (std::size_t at = 0;;) {
    const auto begin = text.find_first_not_of(kBetween, at);
    if (begin == std::string_view::npos) return ids;
    const auto end = std::min(text.find_first_of(kBetween, begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    std::int32_t id = 0;
    const auto [rest, error] = std::from_chars(word.data(), word.data() + word.size(), id);
    require(error == std::errc() && rest == word.data() + word.size() && id >= 0,
            "{} is not a token id", printable(word));
    ids.push_back(id);
    at = end;
  }
}

}  // namespace frugal::cli
