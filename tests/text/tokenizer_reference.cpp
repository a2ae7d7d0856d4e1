#include "tokenizer_reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <span>

#include "base/error.h"
#include "base/json.h"
#include "support/data.h"

namespace frugal::text {

namespace {

namespace fs = std::filesystem;

std::string quoted(const fs::path& path) { return fmt::format("'{}'", path.string()); }

ReferenceResult read_result(const fs::path& path, std::size_t texts) {
  std::ifstream file(path);
  ReferenceResult result;
  std::string line;
  for (std::size_t i = 0; i < texts && std::getline(file, line); ++i) {
    const Json json = Json::parse(line);
    result.texts.push_back({json["ids"], json["text"], json["plain"]});
  }
  require(result.texts.size() == texts && std::getline(file, line).good(), "{}: {} of {} texts",
          path.string(), result.texts.size(), texts);
  const Json times = Json::parse(line);
  result.load_seconds = times["loadSeconds"];
  for (std::size_t i = 0; i < texts; ++i) {
    result.texts[i].encode_seconds = times["encodeSeconds"][i];
  }
  return result;
}

// Two long lists in one message help nobody.
void expect_same_ids(const Tokenizer& ours, const std::string& text,
                     const std::vector<std::int32_t>& ids,
                     const std::vector<std::int32_t>& expected) {
  if (ids == expected) return;
  const auto [a, b] = std::mismatch(ids.begin(), ids.end(), expected.begin(), expected.end());
  const auto describe = [&](auto from, auto end) {
    std::string out;
    for (int i = 0; i < 8 && from != end; ++i, ++from) {
      out += fmt::format(" {}'{}'", *from, printable(ours.token_bytes(*from)));
    }
    return out;
  };
  ADD_FAILURE() << "text of " << text.size() << " bytes '" << printable(text) << "': " << ids.size()
                << " ids, expected " << expected.size() << "; from id " << a - ids.begin()
                << " on:\n ours" << describe(a, ids.end()) << "\n theirs"
                << describe(b, expected.end());
}

}  // namespace

std::string reference_missing() {
  if (std::system("node --version >/dev/null 2>&1") != 0) return "there is no node";
  if (!testing::fetched("tokenizers/node_modules/tokenizers")) {
    return "tools/fetch_test_data.sh has not fetched the binding of the library tokenizers";
  }
  return {};
}

std::vector<ReferenceResult> run_reference(const std::vector<ReferenceJob>& jobs) {
  const testing::TemporaryFolder folder;
  Json list = Json::array();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    std::string lines;
    for (const std::string& text : jobs[i].texts) lines += Json(text).dump() + "\n";
    const fs::path texts = folder.path() / fmt::format("texts{}", i);
    testing::write_file(texts, lines);
    list.push_back({{"tokenizer", jobs[i].tokenizer.string()},
                    {"texts", texts.string()},
                    {"addSpecialTokens", jobs[i].add_special_tokens},
                    {"output", (folder.path() / fmt::format("output{}", i)).string()}});
  }
  testing::write_file(folder.path() / "jobs.json", list.dump());
  const std::string command = fmt::format(
      "node {} {} {}", quoted(testing::source_folder() / "tools" / "tokenizer_reference.mjs"),
      quoted(testing::fetched("tokenizers").value()), quoted(folder.path() / "jobs.json"));
  require(std::system(command.c_str()) == 0, "failed: {}", command);
  std::vector<ReferenceResult> results;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    results.push_back(
        read_result(folder.path() / fmt::format("output{}", i), jobs[i].texts.size()));
  }
  return results;
}

std::vector<double> expect_same(const Tokenizer& ours, const ReferenceJob& job,
                                const ReferenceResult& reference) {
  std::vector<double> seconds;
  for (std::size_t i = 0; i < job.texts.size(); ++i) {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<std::int32_t> ids =
        ours.encode(job.texts[i], {.add_special_tokens = job.add_special_tokens});
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    const ReferenceText& expected = reference.texts[i];
    expect_same_ids(ours, job.texts[i], ids, expected.ids);
    EXPECT_TRUE(ours.decode(expected.ids, false) == expected.decoded) << printable(job.texts[i]);
    EXPECT_TRUE(ours.decode(expected.ids, true) == expected.plain) << printable(job.texts[i]);
    if (::testing::Test::HasFailure()) break;
  }
  return seconds;
}

}  // namespace frugal::text
