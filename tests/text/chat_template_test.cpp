#include "text/chat_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/data.h"

namespace frugal::text {
namespace {

constexpr const char* kChatMl =
    "{%- for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}\n"
    "{%- endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}";

ChatRequest chat(const std::string& messages) {
  ChatRequest request;
  request.messages = parse_json(messages, "test");
  return request;
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string parse_error(const std::string& source) {
  return error_of([&] { ChatTemplate(source, "chat.jinja"); });
}

std::string render_error(const std::string& source) {
  return error_of([&] { ChatTemplate(source, "chat.jinja").render(Json::object()); });
}

TEST(ChatTemplate, NamesFileLineAndColumnOfWhatItDoesNotKnow) {
  EXPECT_EQ(parse_error("a\n  {{ x | shout }}"),
            "chat.jinja, line 2, column 10: no filter named 'shout'");
  EXPECT_EQ(parse_error("{{ x is loud }}"), "chat.jinja, line 1, column 9: no test named 'loud'");
  EXPECT_EQ(parse_error("é {% shout %}"), "chat.jinja, line 1, column 6: unknown tag 'shout'");
  EXPECT_EQ(parse_error("{% include 'x' %}"),
            "chat.jinja, line 1, column 4: unsupported tag 'include'");
  EXPECT_EQ(render_error("\n{{ 'x'.shout() }}"),
            "chat.jinja, line 2, column 13: 'str object' has no attribute 'shout'");
  EXPECT_EQ(render_error("{{ raise_exception('no ' ~ 'tools') }}"),
            "chat.jinja, line 1, column 19: no tools");
}

TEST(ChatTemplate, RefusesTextThatIsNotUtf8) {
  EXPECT_EQ(parse_error("\xff"), "chat.jinja: the chat template is not UTF-8");
}

TEST(ChatTemplate, FormatsTheTimeOfItsClock) {
  std::tm time{};
  time.tm_year = 125;
  time.tm_mday = 20;
  EXPECT_EQ(ChatTemplate("{{ strftime_now('%d %b %Y') }}", "t")
                .render(Json::object(), [&] { return time; }),
            "20 Jan 2025");
}

TEST(ApplyChatTemplate, PassesWhatTransformersPasses) {
  const ChatTemplate chat_template(
      "{{ bos_token }}{{ tools }}{{ documents }}{{ thinking }}{{ add_generation_prompt }}", "t");
  ChatRequest request = chat(R"([{"role":"user","content":"hi"}])");
  EXPECT_EQ(apply_chat_template(chat_template, request, {{"bos_token", "<s>"}}), "<s>NoneNoneTrue");
  request.extra = {{"bos_token", "<b>"}, {"thinking", true}};
  request.add_generation_prompt = false;
  EXPECT_EQ(apply_chat_template(chat_template, request, {{"bos_token", "<s>"}}),
            "<b>NoneNoneTrueFalse");
}

TEST(ApplyChatTemplate, LeavesOutMembersThatAreNull) {
  const ChatTemplate chat_template("{{ messages[0] }}", "t");
  EXPECT_EQ(apply_chat_template(chat_template, chat(R"([{"role":"user","content":null}])"), {}),
            "{'role': 'user'}");
}

TEST(ApplyChatTemplate, GivesReasoningUnderEachOfItsNames) {
  const ChatTemplate chat_template("{{ messages[0] }}", "t");
  EXPECT_EQ(apply_chat_template(chat_template, chat(R"([{"role":"a","reasoning":"r"}])"), {}),
            "{'thinking': 'r', 'role': 'a', 'reasoning': 'r', 'reasoning_content': 'r'}");
}

TEST(ApplyChatTemplate, ContinuesTheFinalMessage) {
  ChatRequest request =
      chat(R"([{"role":"user","content":"hi"},{"role":"assistant","content":"well "}])");
  request.add_generation_prompt = false;
  request.continue_final_message = true;
  EXPECT_EQ(apply_chat_template(ChatTemplate(kChatMl, "t"), request, {}),
            "<|user|>hi<|assistant|>well ");
  const ChatTemplate trimming("{% for m in messages %}[{{ m.content | trim }}]{% endfor %}", "t");
  EXPECT_EQ(apply_chat_template(trimming, request, {}), "[hi][well");
  request.messages.back()["content"] = parse_json(R"([{"type":"text","text":"so"}])", "test");
  const ChatTemplate parts("{{ messages[-1].content[0].text }}<end>", "t");
  EXPECT_EQ(apply_chat_template(parts, request, {}), "so");
}

TEST(ApplyChatTemplate, RefusesWhatCannotBeContinued) {
  ChatRequest request = chat(R"([{"role":"assistant","content":"well"}])");
  request.continue_final_message = true;
  const auto attempt = [&](const char* source) {
    return error_of([&] { apply_chat_template(ChatTemplate(source, "t"), request, {}); });
  };
  EXPECT_THAT(attempt(kChatMl), ::testing::HasSubstr("not both"));
  request.add_generation_prompt = false;
  EXPECT_THAT(attempt("no message"), ::testing::HasSubstr("does not use the content"));
  EXPECT_THAT(attempt("{{ messages[0].content[:2] }}"), ::testing::HasSubstr("leaves out parts"));
  request.messages = Json::array();
  EXPECT_THAT(attempt(kChatMl), ::testing::HasSubstr("at least one message"));
}

TEST(ChatTemplates, ChoosesByTools) {
  const ChatTemplates templates = ChatTemplates::from_json(
      parse_json(R"([{"name":"default","template":"d"},{"name":"tool_use","template":"t"}])", "x"),
      "tokenizer_config.json");
  EXPECT_EQ(templates.choose(false).source(), "d");
  EXPECT_EQ(templates.choose(true).source(), "t");
  const ChatTemplates single = ChatTemplates::from_json("only", "tokenizer_config.json");
  EXPECT_EQ(single.choose(true).source(), "only");
  EXPECT_THAT(error_of([] { ChatTemplates().choose(false); }),
              ::testing::HasSubstr("no chat template"));
}

TEST(ChatTemplates, PrefersTheFileToTheConfiguration) {
  const frugal::testing::TemporaryFolder folder;
  EXPECT_TRUE(ChatTemplates::from_folder(folder.path()).empty());
  frugal::testing::write_file(folder.path() / "tokenizer_config.json",
                              R"({"chat_template":"config"})");
  EXPECT_EQ(ChatTemplates::from_folder(folder.path()).choose(false).source(), "config");
  frugal::testing::write_file(folder.path() / "chat_template.jinja", "file");
  std::filesystem::create_directory(folder.path() / "additional_chat_templates");
  frugal::testing::write_file(folder.path() / "additional_chat_templates" / "tool_use.jinja",
                              "tools");
  EXPECT_EQ(ChatTemplates::from_folder(folder.path()).choose(false).source(), "file");
  EXPECT_EQ(ChatTemplates::from_folder(folder.path()).choose(true).source(), "tools");
}

TEST(SpecialTokens, AreTextsOrDescriptions) {
  EXPECT_EQ(special_tokens(parse_json(
                R"({"bos_token":"<s>","eos_token":{"content":"</s>"},"pad_token":null})", "x")),
            (SpecialTokens{{"bos_token", "<s>"}, {"eos_token", "</s>"}}));
}

}  // namespace
}  // namespace frugal::text
