// Answers in Anthropic's form.
#include <utility>

#include "server/anthropic.h"
#include "server/wire.h"

namespace frugal::server {

namespace {

const char* error_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 402:
      return "billing_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
      return "overloaded_error";
    default:
      return status < 500 ? "invalid_request_error" : "api_error";
  }
}

Json error_json(const ApiError& error) {
  return {{"type", "error"},
          {"error", {{"type", error_type(error.status())}, {"message", error.what()}}}};
}

// One content block after the other: thinking, text, calls of tools.
class AnthropicWriter final : public GenerationListener {
 public:
  AnthropicWriter(Call call, bool stream)
      : call_(std::move(call)),
        stream_(stream),
        message_({{"id", new_id("msg_")},
                  {"type", "message"},
                  {"role", "assistant"},
                  {"model", call_.model->name},
                  {"content", Json::array()},
                  {"stop_reason", nullptr},
                  {"stop_sequence", nullptr}}) {
    call_.exchange->idle_text(stream_ ? "event: ping\ndata: {\"type\": \"ping\"}\n\n" : "\n");
    if (!stream_) return;
    call_.exchange->start(
        {200, "text/event-stream; charset=utf-8", "", {{"Cache-Control", "no-cache"}}});
    Json start = message_;
    start["usage"] = {{"input_tokens", call_.prompt_tokens}, {"output_tokens", 0}};
    event("message_start", {{"message", std::move(start)}});
  }

  void on_delta(const Delta& delta) override {
    if (!delta.reasoning.empty()) add("thinking", "thinking", "thinking_delta", delta.reasoning);
    if (!delta.content.empty()) add("text", "text", "text_delta", delta.content);
    for (const text::ToolCall& tool : delta.calls) add_call(tool);
  }

  void on_choice_end(const ChoiceEnd& end) override {
    close_block();
    error_ = end.error;
    message_["stop_reason"] = end.called                      ? "tool_use"
                              : end.stop_string               ? "stop_sequence"
                              : end.ending == Ending::length  ? "max_tokens"
                              : end.ending == Ending::cut_off ? "pause_turn"
                                                              : "end_turn";
    if (end.stop_string) message_["stop_sequence"] = *end.stop_string;
  }

  void on_done(const Usage& usage, Ending worst) override {
    const Json counts = {{"input_tokens", usage.missed()},
                         {"cache_creation_input_tokens", 0},
                         {"cache_read_input_tokens", usage.cached},
                         {"output_tokens", usage.output}};
    if (worst == Ending::error) {
      const ApiError error(500, "the model failed: " + error_);
      if (!stream_) return call_.exchange->send(anthropic_error(error));
      call_.exchange->write(to_event(error_json(error), "error"));
      return call_.exchange->end();
    }
    if (!stream_) {
      message_["usage"] = counts;
      return call_.exchange->send({200, "application/json", to_wire(message_), {}});
    }
    event(
        "message_delta",
        {{"delta",
          {{"stop_reason", message_["stop_reason"]}, {"stop_sequence", message_["stop_sequence"]}}},
         {"usage", counts}});
    event("message_stop", Json::object());
    call_.exchange->end();
  }

 private:
  void event(const char* type, const Json& data) {
    Json json = {{"type", type}};
    json.update(data);
    call_.exchange->write(to_event(json, type));
  }

  Json& content() { return message_["content"]; }

  void open_block(Json block) {
    close_block();
    open_ = true;
    if (stream_) {
      event("content_block_start", {{"index", content().size()}, {"content_block", block}});
    }
    content().push_back(std::move(block));
  }

  void close_block() {
    if (!std::exchange(open_, false) || !stream_) return;
    event("content_block_stop", {{"index", content().size() - 1}});
  }

  void add(const char* type, const char* field, const char* delta, const std::string& text) {
    if (!open_ || content().back()["type"] != type) {
      Json block = {{"type", type}, {field, ""}};
      if (block["type"] == "thinking") block["signature"] = "";
      open_block(std::move(block));
    }
    Json& value = content().back()[field];
    value.get_ref<std::string&>() += text;
    if (stream_) {
      event("content_block_delta",
            {{"index", content().size() - 1}, {"delta", {{"type", delta}, {field, text}}}});
    }
  }

  void add_call(const text::ToolCall& tool) {
    Json block = {{"type", "tool_use"}, {"id", new_id("toolu_")}, {"name", tool.name}};
    block["input"] = Json::object();
    open_block(std::move(block));
    if (stream_) {
      event("content_block_delta",
            {{"index", content().size() - 1},
             {"delta", {{"type", "input_json_delta"}, {"partial_json", tool.arguments}}}});
    }
    content().back()["input"] = parse_json(tool.arguments, "arguments");
    close_block();
  }

  Call call_;
  bool stream_;
  Json message_;
  bool open_ = false;  // the last block may still grow
  std::string error_;
};

}  // namespace

std::shared_ptr<GenerationListener> anthropic_writer(Call call, bool stream) {
  return std::make_shared<AnthropicWriter>(std::move(call), stream);
}

HttpResponse anthropic_error(const ApiError& error) {
  HttpResponse response = error_response(error);
  response.body = to_wire(error_json(error));
  return response;
}

}  // namespace frugal::server
