#include "unicode_differences.h"

#include <utf8proc.h>

#include <cstdlib>
#include <map>
#include <memory>

#include "base/error.h"
#include "base/json.h"
#include "support/data.h"
#include "text/byte_level.h"
#include "text/utf8.h"
#include "tokenizer_reference.h"

namespace frugal::text {

namespace {

constexpr char kSeparator = '\x1f';

// Control characters are in none of the classes, so each can stand for one.
const std::vector<std::string> kClasses = {R"(\p{L})", R"(\p{M})", R"(\p{N})",
                                           R"(\p{P})", R"(\p{S})", R"(\s)"};

std::string class_name(const std::string& answer) {
  const auto index = static_cast<std::size_t>(answer.at(0)) - 1;
  return index < kClasses.size() ? kClasses[index] : "none";
}

// Writes a character of the i-th class as the control character i + 1.
Json class_normalizer(const std::vector<std::string>& classes) {
  Json steps = Json::array();
  for (std::size_t i = 0; i < classes.size(); ++i) {
    steps.push_back({{"type", "Replace"},
                     {"pattern", {{"Regex", classes[i]}}},
                     {"content", std::string(1, static_cast<char>(i + 1))}});
  }
  return {{"type", "Sequence"}, {"normalizers", steps}};
}

std::string decomposed(const std::string& text) {
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> bytes(
      utf8proc_NFD(reinterpret_cast<const utf8proc_uint8_t*>(text.c_str())), &std::free);
  return reinterpret_cast<const char*>(bytes.get());
}

// The bytes between the separators. Ids are bytes.
std::vector<std::string> answers(const std::vector<std::int32_t>& ids) {
  std::vector<std::string> parts(1);
  for (const std::int32_t id : ids) {
    if (static_cast<char>(id) == kSeparator) {
      parts.emplace_back();
    } else {
      parts.back() += static_cast<char>(id);
    }
  }
  return parts;
}

struct Asked {
  std::vector<std::string> ours, theirs;  // [questions]
};

std::vector<Asked> ask(const std::vector<std::string>& tokenizers,
                       const std::vector<std::string>& texts) {
  const testing::TemporaryFolder folder;
  std::vector<ReferenceJob> jobs;
  for (std::size_t i = 0; i < tokenizers.size(); ++i) {
    const auto path = folder.path() / fmt::format("{}.json", i);
    testing::write_file(path, tokenizers[i]);
    jobs.push_back({path, {texts[i]}, false});
  }
  const std::vector<ReferenceResult> results = run_reference(jobs);
  std::vector<Asked> asked;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const Tokenizer ours = Tokenizer::from_json(tokenizers[i], "probe");
    asked.push_back({answers(ours.encode(texts[i])), answers(results[i].texts[0].ids)});
    require(asked.back().ours.size() == asked.back().theirs.size(), "{} and {} answers",
            asked.back().ours.size(), asked.back().theirs.size());
  }
  return asked;
}

}  // namespace

std::string byte_tokenizer(const std::string& normalizer, const std::string& pre_tokenizer) {
  Json vocabulary = Json::object();
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary[to_byte_level(std::string(1, static_cast<char>(byte)))] = byte;
  }
  Json stages = Json::array();
  if (pre_tokenizer != "null") stages.push_back(Json::parse(pre_tokenizer));
  stages.push_back({{"type", "ByteLevel"},
                    {"add_prefix_space", false},
                    {"trim_offsets", true},
                    {"use_regex", false}});
  const Json json = {
      {"version", "1.0"},
      {"normalizer", Json::parse(normalizer)},
      {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", stages}}},
      {"decoder", {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}}},
      {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", Json::array()}}}};
  return json.dump();
}

std::vector<UnicodeDifference> unicode_differences(const std::vector<char32_t>& code_points) {
  std::string alone;
  std::string among_marks;
  for (const char32_t c : code_points) {
    std::string text;
    append_utf8(text, c);
    alone += text + kSeparator;
    // Marks of several combining classes before and behind it show its own class.
    among_marks += text + "." + decomposed(text) + ".a" + text + "\u0316\u0301" + text + "\u0345." +
                   text + "\u0334\u05b0\u064b\u0323" + text + kSeparator;
  }
  const std::vector<Asked> asked = ask({byte_tokenizer(class_normalizer(kClasses).dump(), "null"),
                                        byte_tokenizer(class_normalizer({R"(\w)"}).dump(), "null"),
                                        byte_tokenizer(R"({"type": "NFC"})", "null")},
                                       {alone, alone, among_marks});
  std::map<std::string, std::vector<char32_t>> found;
  for (std::size_t i = 0; i < code_points.size(); ++i) {
    const auto differ = [&](const Asked& answer) { return answer.ours[i] != answer.theirs[i]; };
    if (differ(asked[0])) {
      found[fmt::format("{} for them, {} for us", class_name(asked[0].theirs[i]),
                        class_name(asked[0].ours[i]))]
          .push_back(code_points[i]);
    } else if (differ(asked[1])) {
      found[R"(\w for one side, in the same class)"].push_back(code_points[i]);
    }
    if (differ(asked[2])) found["normalised otherwise (NFC)"].push_back(code_points[i]);
  }
  std::vector<UnicodeDifference> differences;
  for (auto& [what, list] : found) differences.push_back({what, std::move(list)});
  return differences;
}

}  // namespace frugal::text
