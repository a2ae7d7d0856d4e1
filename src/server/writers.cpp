// Answers in OpenAI's form with DeepSeek's fields, whole or as server-sent events.
#include <fmt/core.h>

#include <string_view>

#include "server/api_error.h"
#include "server/endpoint.h"
#include "server/wire.h"

namespace frugal::server {

namespace {

constexpr const char* kEventStream = "text/event-stream; charset=utf-8";

// What the writers of conversations and of plain texts share: the frame around choices.
class Writer : public GenerationListener {
 public:
  Writer(Call call, const CommonRequest& common, const char* object, const char* id_prefix)
      : call_(std::move(call)),
        stream_(common.stream),
        include_usage_(common.include_usage),
        logprobs_(common.logprobs.has_value()),
        frame_({{"id", new_id(id_prefix)},
                {"object", object},
                {"created", unix_time()},
                {"model", call_.model->name},
                {"system_fingerprint", call_.model->fingerprint}}) {
    constexpr std::string_view kChoice = "{}";
    Json chunk = frame_;
    chunk["choices"] = Json::array({Json::object()});
    if (include_usage_) chunk["usage"] = nullptr;
    const std::string event = to_event(chunk);
    const std::size_t choice = event.rfind(kChoice);
    chunk_begin_ = event.substr(0, choice);
    chunk_end_ = event.substr(choice + kChoice.size());
    call_.exchange->idle_text(stream_ ? ": keep-alive\n\n" : "\n");
    if (stream_) {
      call_.exchange->start({200, kEventStream, "", {{"Cache-Control", "no-cache"}}});
    }
  }

  void on_choice_end(const ChoiceEnd& end) override {
    if (end.ending == Ending::error) error_ = end.error;
    write_choice_end(end);
  }

  void on_done(const Usage& usage, Ending worst) override {
    if (worst == Ending::error) {
      const ApiError error(500, "the model failed: " + error_);
      if (!stream_) return call_.exchange->send(error_response(error));
      call_.exchange->write("data: " + error_body(error) + "\n\n");
    } else if (!stream_) {
      Json reply = frame_;
      reply["choices"] = whole_choices();
      reply["usage"] = usage_json(usage);
      return call_.exchange->send({200, "application/json", to_wire(reply), {}});
    } else if (include_usage_) {
      Json chunk = frame_;
      chunk["choices"] = Json::array();
      chunk["usage"] = usage_json(usage);
      call_.exchange->write(to_event(chunk));
    }
    call_.exchange->write("data: [DONE]\n\n");
    call_.exchange->end();
  }

 protected:
  virtual void write_choice_end(const ChoiceEnd& end) = 0;
  virtual Json whole_choices() = 0;

  bool streams() const { return stream_; }
  bool wants_logprobs() const { return logprobs_; }
  Json logprob(const engine::Sample& sample) const {
    return logprob_json(sample, call_.model->tokenizer);
  }
  // Once a token: all but the choice is the same each time, and written once.
  void write_choice(const Json& choice) {
    call_.exchange->write(fmt::format("{}{}{}", chunk_begin_, to_wire(choice), chunk_end_));
  }

 private:
  Call call_;
  bool stream_;
  bool include_usage_;
  bool logprobs_;
  Json frame_;
  std::string chunk_begin_;  // of an event with one choice, which stands between the two
  std::string chunk_end_;
  std::string error_;
};

class ChatWriter final : public Writer {
 public:
  ChatWriter(Call call, const ChatCompletionRequest& request)
      : Writer(std::move(call), request.common,
               request.common.stream ? "chat.completion.chunk" : "chat.completion", "chatcmpl-"),
        choices_(static_cast<std::size_t>(request.common.n)) {}

  void on_delta(const Delta& delta) override {
    Choice& choice = choices_[static_cast<std::size_t>(delta.choice)];
    Json logprobs;
    if (wants_logprobs() && delta.token != nullptr) {
      const char* kind = delta.token_is_reasoning ? "reasoning_content" : "content";
      logprobs = {{kind, Json::array({logprob(*delta.token)})}};
    }
    if (!streams()) {
      choice.reasoning += delta.reasoning;
      choice.content += delta.content;
      for (const text::ToolCall& call : delta.calls) choice.calls.push_back(call_json(call));
      for (const auto& [kind, list] : logprobs.items()) choice.logprobs[kind].push_back(list[0]);
      return;
    }
    Json piece = Json::object();
    if (!std::exchange(choice.begun, true)) piece = {{"role", "assistant"}, {"content", ""}};
    if (!delta.reasoning.empty()) piece["reasoning_content"] = delta.reasoning;
    if (!delta.content.empty()) piece["content"] = delta.content;
    for (const text::ToolCall& call : delta.calls) {
      Json json = {{"index", choice.calls.size()}};
      json.update(call_json(call));
      choice.calls.push_back(json);
      piece["tool_calls"].push_back(std::move(json));
    }
    if (piece.empty() && logprobs.is_null()) return;
    write_choice({{"index", delta.choice},
                  {"delta", std::move(piece)},
                  {"logprobs", std::move(logprobs)},
                  {"finish_reason", nullptr}});
  }

 private:
  struct Choice {
    bool begun = false;
    std::string reasoning;
    std::string content;
    Json calls = Json::array();
    Json logprobs;
    const char* finish = "stop";
  };

  static Json call_json(const text::ToolCall& call) {
    return {{"id", new_id("call_")},
            {"type", "function"},
            {"function", {{"name", call.name}, {"arguments", call.arguments}}}};
  }

  void write_choice_end(const ChoiceEnd& end) override {
    choices_[static_cast<std::size_t>(end.choice)].finish = finish_reason(end);
    if (!streams()) return;
    write_choice({{"index", end.choice},
                  {"delta", {{"content", ""}}},
                  {"logprobs", nullptr},
                  {"finish_reason", finish_reason(end)}});
  }

  Json whole_choices() override {
    Json list = Json::array();
    for (Choice& choice : choices_) {
      Json message = {{"role", "assistant"}, {"content", choice.content}};
      if (!choice.reasoning.empty()) message["reasoning_content"] = choice.reasoning;
      if (!choice.calls.empty()) message["tool_calls"] = std::move(choice.calls);
      list.push_back({{"index", list.size()},
                      {"message", std::move(message)},
                      {"logprobs", std::move(choice.logprobs)},
                      {"finish_reason", choice.finish}});
    }
    return list;
  }

  std::vector<Choice> choices_;
};

// Plain texts have logprobs as parallel arrays: tokens, token_logprobs, top_logprobs, text_offset.
class TextWriter final : public Writer {
 public:
  TextWriter(Call call, const TextCompletionRequest& request)
      : Writer(std::move(call), request.common, "text_completion", "cmpl-"),
        echo_(request.echo ? request.prompt : ""),
        choices_(static_cast<std::size_t>(request.common.n)) {}

  void on_delta(const Delta& delta) override {
    Choice& choice = choices_[static_cast<std::size_t>(delta.choice)];
    std::string text = choice.begun ? delta.content : echo_ + delta.content;
    choice.begun = true;
    Json logprobs;
    if (wants_logprobs() && delta.token != nullptr) {
      const Json token = logprob(*delta.token);
      Json top = Json::object();
      for (const Json& entry : token["top_logprobs"]) {
        top[entry["token"].get<std::string>()] = entry["logprob"];
      }
      logprobs = {{"tokens", {token["token"]}},
                  {"token_logprobs", {token["logprob"]}},
                  {"top_logprobs", Json::array({std::move(top)})},
                  {"text_offset", Json::array({choice.length})}};
    }
    choice.length += text.size();
    if (streams()) {
      if (text.empty() && logprobs.is_null()) return;
      return write_choice({{"index", delta.choice},
                           {"text", std::move(text)},
                           {"logprobs", std::move(logprobs)},
                           {"finish_reason", nullptr}});
    }
    choice.text += text;
    for (const auto& [name, list] : logprobs.items()) choice.logprobs[name].push_back(list[0]);
  }

 private:
  struct Choice {
    bool begun = false;
    std::size_t length = 0;
    std::string text;
    Json logprobs;
    const char* finish = "stop";
  };

  void write_choice_end(const ChoiceEnd& end) override {
    choices_[static_cast<std::size_t>(end.choice)].finish = finish_reason(end);
    if (!streams()) return;
    write_choice({{"index", end.choice},
                  {"text", ""},
                  {"logprobs", nullptr},
                  {"finish_reason", finish_reason(end)}});
  }

  Json whole_choices() override {
    Json list = Json::array();
    for (Choice& choice : choices_) {
      list.push_back({{"index", list.size()},
                      {"text", choice.text},
                      {"logprobs", std::move(choice.logprobs)},
                      {"finish_reason", choice.finish}});
    }
    return list;
  }

  std::string echo_;
  std::vector<Choice> choices_;
};

Json token_json(std::int32_t token, float logprob, const text::Tokenizer& tokenizer) {
  const std::string_view bytes = tokenizer.token_bytes(token);
  Json list = Json::array();
  for (const char byte : bytes) list.push_back(static_cast<unsigned char>(byte));
  return {{"token", std::string(bytes)}, {"logprob", logprob}, {"bytes", std::move(list)}};
}

}  // namespace

const char* finish_reason(const ChoiceEnd& end) {
  if (end.called) return "tool_calls";
  switch (end.ending) {
    case Ending::length:
      return "length";
    case Ending::cut_off:
    case Ending::error:
      return "insufficient_system_resource";
    case Ending::stop:
    case Ending::cancelled:
      return "stop";
  }
  return "stop";
}

Json usage_json(const Usage& usage) {
  return {{"prompt_tokens", usage.prompt},
          {"completion_tokens", usage.output},
          {"total_tokens", usage.total()},
          {"prompt_cache_hit_tokens", usage.cached},
          {"prompt_cache_miss_tokens", usage.missed()},
          {"prompt_tokens_details", {{"cached_tokens", usage.cached}}},
          {"completion_tokens_details", {{"reasoning_tokens", usage.reasoning}}}};
}

Json logprob_json(const engine::Sample& sample, const text::Tokenizer& tokenizer) {
  Json json = token_json(sample.token, sample.logprob, tokenizer);
  Json top = Json::array();
  for (const engine::TokenLogprob& other : sample.top) {
    top.push_back(token_json(other.token, other.logprob, tokenizer));
  }
  json["top_logprobs"] = std::move(top);
  return json;
}

std::shared_ptr<GenerationListener> chat_writer(Call call, const ChatCompletionRequest& request) {
  return std::make_shared<ChatWriter>(std::move(call), request);
}

std::shared_ptr<GenerationListener> text_writer(Call call, const TextCompletionRequest& request) {
  return std::make_shared<TextWriter>(std::move(call), request);
}

}  // namespace frugal::server
