// The chat templates of real models, against what transformers makes of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/mapped_file.h"
#include "formats/gguf.h"
#include "support/data.h"
#include "text/chat_template.h"

namespace frugal::text {
namespace {

namespace fs = std::filesystem;

std::string sha256(std::string_view text) {
  unsigned char digest[32];
  EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha256(), nullptr);
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

// A JavaScript string in single quotes as one of JSON.
std::string in_double_quotes(std::string_view literal) {
  std::string out = "\"";
  for (std::size_t i = 1; i + 1 < literal.size(); ++i) {
    if (literal[i] == '"') {
      out += "\\\"";
    } else if (literal[i] != '\\') {
      out += literal[i];
    } else if (literal[++i] == '\'') {
      out += '\'';
    } else {
      out += {'\\', literal[i]};
    }
  }
  return out + '"';
}

// Template number `index` of the list in @huggingface/ollama-utils, a TypeScript file.
std::string listed_template(std::string_view file, std::size_t index) {
  constexpr std::string_view kField = "\n\t\tgguf: ";
  std::size_t start = file.find(kField);
  for (; index > 0; --index) start = file.find(kField, start + 1);
  start += kField.size();
  const std::string_view literal = file.substr(start, file.find(",\n", start) - start);
  return parse_json(literal[0] == '"' ? std::string(literal) : in_double_quotes(literal),
                    "template")
      .get<std::string>();
}

// The template that a golden names by a path below build-data/, or nothing when it is not there.
std::optional<std::string> read_template(const std::string& name) {
  const std::size_t number = name.find('#');
  const auto path = frugal::testing::fetched(name.substr(0, number));
  if (!path) return std::nullopt;
  if (path->extension() == ".json") {
    return read_json_file(*path).at("chat_template").get<std::string>();
  }
  const MappedFile file(*path);
  if (path->extension() == ".gguf") {
    const formats::GgufFile gguf = formats::parse_gguf(file.bytes(), *path);
    return ChatTemplates::from_gguf(gguf.metadata).choose(false).source();
  }
  if (number != std::string::npos) {
    return listed_template(file.text(), std::stoul(name.substr(number + 1)));
  }
  return std::string(file.text());
}

ChatRequest request_of(const Json& conversation) {
  ChatRequest request;
  request.messages = conversation.at("messages");
  request.tools = conversation.value("tools", Json());
  request.extra = conversation.value("extra", Json::object());
  request.continue_final_message = conversation.value("continue_final_message", false);
  request.add_generation_prompt =
      conversation.value("add_generation_prompt", !request.continue_final_message);
  request.now = [] {  // 2025-01-20 08:05:09, a Monday
    std::tm time{};
    time.tm_year = 125;
    time.tm_mday = 20;
    time.tm_wday = 1;
    time.tm_yday = 19;
    time.tm_hour = 8;
    time.tm_min = 5;
    time.tm_sec = 9;
    return time;
  };
  return request;
}

// The prompt, or {"raises": MESSAGE}.
Json prompt_of(const ChatTemplate& chat_template, const Json& conversation) {
  try {
    return apply_chat_template(chat_template, request_of(conversation),
                               {{"bos_token", "<|bos|>"}, {"eos_token", "<|eos|>"}});
  } catch (const Error& error) {
    return {{"raises", error.what()}};
  }
}

class ChatTemplateGolden : public ::testing::Test {
 protected:
  const Json conversations_ =
      read_json_file(frugal::testing::golden("templates/conversations.json"));
  std::vector<std::string> missing_;

  // Compares every prompt of one template; `digest` is what the golden holds of a prompt.
  template <typename Digest>
  void compare(const std::string& name, const Json& golden, const Digest& digest) {
    const std::optional<std::string> source = read_template(name);
    if (!source) {
      missing_.push_back(name);
      return;
    }
    ASSERT_EQ(sha256(*source), golden.at("sha256")) << name << " is not the version of the golden";
    const ChatTemplate chat_template(*source, name);
    for (const Json& conversation : conversations_) {
      const auto& said = conversation.at("name").get_ref<const std::string&>();
      SCOPED_TRACE(name + ": " + said);
      const Json& expected = golden.at("prompts").at(said);
      const Json prompt = prompt_of(chat_template, conversation);
      if (expected.is_object()) {
        ASSERT_TRUE(prompt.is_object()) << "should raise " << expected;
        EXPECT_THAT(prompt.at("raises").get<std::string>(),
                    ::testing::EndsWith(expected.at("raises").get<std::string>()));
      } else {
        ASSERT_TRUE(prompt.is_string()) << prompt;
        EXPECT_EQ(digest(prompt.get<std::string>()), expected.get<std::string>());
      }
    }
  }

  void skip_if_missing() {
    if (missing_.empty()) return;
    GTEST_SKIP() << missing_.size() << " templates were not fetched, such as " << missing_[0];
  }
};

TEST_F(ChatTemplateGolden, PromptsOfDeepSeekQwenLlamaAndSmolLm) {
  for (const auto& entry : fs::directory_iterator(frugal::testing::golden("templates"))) {
    const std::string file = entry.path().filename().string();
    if (file == "conversations.json" || file == "others.json") continue;
    const Json golden = read_json_file(entry.path());
    compare(golden.at("template").get<std::string>(), golden,
            [](const std::string& prompt) { return prompt; });
  }
  skip_if_missing();
}

TEST_F(ChatTemplateGolden, PromptsOfManyMoreModels) {
  const Json others = read_json_file(frugal::testing::golden("templates/others.json"));
  EXPECT_GT(others.size(), 100U);
  for (const auto& [name, golden] : others.items()) compare(name, golden, sha256);
  skip_if_missing();
}

}  // namespace
}  // namespace frugal::text
