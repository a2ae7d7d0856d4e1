#include "train/conversations.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/mapped_file.h"
#include "tasks/reply.h"

namespace frugal::train {

namespace {

// Stands for an answer while the template runs, which may trim or rewrite what it is given.
constexpr std::string_view kPlaceholder = "frugal-answer";

void check_message(const Json& message, const std::string& where) {
  require(message.is_object() && message.contains("role") && message.at("role").is_string() &&
              message.contains("content") && message.at("content").is_string(),
          "{}: each message needs a role and a content that are texts", where);
}

std::string prompt_before(const BaseModel& base, const Json& messages, std::size_t answer) {
  text::ChatRequest request;
  for (std::size_t i = 0; i < answer; ++i) request.messages.push_back(messages[i]);
  return base.format->render(request);
}

// What the template writes after an answer.
std::string text_after(const BaseModel& base, const Json& messages, std::size_t answer) {
  text::ChatRequest request;
  for (std::size_t i = 0; i < answer; ++i) request.messages.push_back(messages[i]);
  request.messages.push_back({{"role", "assistant"}, {"content", kPlaceholder}});
  request.add_generation_prompt = false;
  const std::string text = base.format->render(request);
  const std::size_t at = text.rfind(kPlaceholder);
  return at == std::string::npos ? "" : text.substr(at + kPlaceholder.size());
}

// A prompt that ends with <think> has begun the answer already.
std::string_view continued(std::string_view prompt, std::string_view answer) {
  while (prompt.ends_with('\n')) prompt.remove_suffix(1);
  if (!prompt.ends_with(tasks::kThinkBegin) || !answer.starts_with(tasks::kThinkBegin)) {
    return answer;
  }
  answer.remove_prefix(tasks::kThinkBegin.size());
  if (answer.starts_with('\n')) answer.remove_prefix(1);
  return answer;
}

void add(const std::vector<std::int32_t>& tokens, bool learned, Sample& sample) {
  sample.tokens.insert(sample.tokens.end(), tokens.begin(), tokens.end());
  sample.learned.resize(sample.tokens.size(), learned);
}

// The answer, then the tokens after it, of which the first ends the turn and is learned.
void add_answer(const BaseModel& base, std::string_view answer, const std::string& after,
                Sample& sample) {
  const text::EncodeOptions plain{.add_special_tokens = false};
  add(base.tokenizer.encode(answer, plain), true, sample);
  std::vector<std::int32_t> rest = base.tokenizer.encode(after, plain);
  const bool ends =
      !rest.empty() && std::ranges::find(base.stop_tokens, rest.front()) != base.stop_tokens.end();
  if (!ends && !base.stop_tokens.empty()) rest.insert(rest.begin(), base.stop_tokens.front());
  if (rest.empty()) return;
  add({rest.front()}, true, sample);
  add({rest.begin() + 1, rest.end()}, false, sample);
}

}  // namespace

std::vector<Sample> samples_of(const BaseModel& base, const Json& conversation,
                               const std::string& where) {
  require(base.format.has_value(), "{} has no chat template to write conversations with",
          base.path.string());
  require(conversation.is_object() && conversation.contains("messages") &&
              conversation.at("messages").is_array(),
          "{}: expected {{\"messages\": [...]}}", where);
  const Json& messages = conversation.at("messages");
  std::vector<Sample> samples;
  std::string text;  // of the last sample
  for (std::size_t i = 0; i < messages.size(); ++i) {
    check_message(messages[i], where);
    if (messages[i].at("role") != "assistant") continue;
    require(i > 0, "{}: the first message is an answer", where);
    const std::string prompt = prompt_before(base, messages, i);
    const std::string content = messages[i].at("content");
    const std::string_view answer = continued(prompt, content);
    const std::string after = text_after(base, messages, i);
    if (samples.empty() || !prompt.starts_with(text)) {
      samples.emplace_back();
      text.clear();
    }
    Sample& sample = samples.back();
    add(base.tokenizer.encode(std::string_view(prompt).substr(text.size()),
                              {.add_special_tokens = false}),
        false, sample);
    add_answer(base, answer, after, sample);
    text = fmt::format("{}{}{}", prompt, answer, after);
  }
  require(!samples.empty(), "{}: no message is of the assistant", where);
  return samples;
}

Conversations read_conversations(const BaseModel& base, const std::filesystem::path& file,
                                 std::int64_t longest) {
  const MappedFile mapped(file);
  std::string_view rest = mapped.text();
  Conversations result;
  for (std::int64_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string where = fmt::format("{} line {}", file.string(), number);
    for (Sample& sample : samples_of(base, parse_json(line, where), where)) {
      if (std::ssize(sample.tokens) > longest) {
        ++result.too_long;
      } else {
        result.samples.push_back(std::move(sample));
      }
    }
  }
  require(!result.samples.empty(), "{}: no conversation of at most {} tokens", file.string(),
          longest);
  return result;
}

void append(const Sample& sample, Batch& batch) {
  const auto rows = std::ssize(sample.tokens) - 1;
  for (std::size_t t = 0; t + 1 < sample.tokens.size(); ++t) {
    batch.tokens.push_back(sample.tokens[t]);
    batch.targets.push_back(sample.learned[t + 1] ? sample.tokens[t + 1] : ops::kIgnored);
  }
  batch.layout.segments.push_back({batch.layout.rows, rows, 0, {}});
  batch.layout.rows += rows;
}

}  // namespace frugal::train
