#include "cli/chat.h"

#include <fmt/core.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"
#include "base/nearest.h"
#include "base/progress.h"
#include "cli/generation_config.h"

namespace frugal::cli {

namespace {

constexpr const char* kHelp =
    "/new             forget the conversation and start another one\n"
    "/system TEXT     instructions for the model from now on; without TEXT none\n"
    "/save FILE       write the conversation to FILE as JSON\n"
    "/exit            leave; so do Ctrl-D, and Ctrl-C twice\n"
    "Ctrl-C stops an answer. Alt+Enter, or \\ at the end of a line, goes on in a new line.\n"
    "A message that starts with / is written with two: //like this";

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

void write_out(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

Chat::Chat(LoadedModel& model, const text::Tokenizer& tokenizer, text::ChatFormat format,
           ChatSettings settings)
    : model_(model),
      tokenizer_(tokenizer),
      format_(std::move(format)),
      settings_(std::move(settings)),
      stop_tokens_(stop_tokens_of(model.checkpoint(), tokenizer, format_)),
      engine_(model.make_engine(tokenizer)),
      style_(style_for(STDOUT_FILENO)),
      note_style_(style_for(STDERR_FILENO)) {}

void Chat::note(const std::string& text) const {
  fmt::print(stderr, "{}{}{}\n", note_style_.dim, text, note_style_.reset);
}

void Chat::greet() const {
  const models::ModelConfig& config = model_.model().config();
  note(fmt::format("{} ({}, {} parameters), context of {} tokens. /help shows the commands.",
                   printable(settings_.model_name), models::architecture_name(config.architecture),
                   human_count(models::count_parameters(config)), engine_->context()));
  if (!settings_.introduction.empty()) note(settings_.introduction);
}

void Chat::run() {
  if (editor_.interactive()) greet();
  bool was_interrupted = false;
  for (std::string line;;) {
    const LineEditor::Outcome outcome = editor_.read(line);
    if (outcome == LineEditor::Outcome::end) return;
    if (outcome == LineEditor::Outcome::interrupted) {
      watch_.reset();
      if (was_interrupted) return;
      was_interrupted = true;
      note("Ctrl-C again, or Ctrl-D, leaves.");
      continue;
    }
    was_interrupted = false;
    if (handle(std::move(line)) == Next::leave) return;
  }
}

Chat::Next Chat::handle(std::string line) {
  line = trimmed(line);
  if (line.empty()) return Next::ask;
  if (line.starts_with("//")) {
    line.erase(0, 1);
  } else if (line.starts_with('/')) {
    return run_command(line);
  }
  answer(line);
  return Next::ask;
}

Chat::Next Chat::run_command(const std::string& line) {
  const auto space = line.find_first_of(" \t\n");
  const std::string command = line.substr(0, space);
  const std::string rest = space == std::string::npos ? "" : trimmed(line.substr(space));
  if (command == "/exit" || command == "/quit") return Next::leave;
  if (command == "/help") {
    note(kHelp);
  } else if (command == "/new" || command == "/clear") {
    messages_ = Json::array();
    note("A new conversation.");
  } else if (command == "/system") {
    settings_.system = rest;
    note(rest.empty() ? "No instructions from now on." : "These instructions hold from now on.");
  } else if (command == "/save") {
    save(rest);
  } else {
    const std::vector<std::string> known = {"/help", "/new", "/clear", "/system", "/save", "/exit"};
    const std::string suggestion = nearest(command, known);
    note(fmt::format("There is no {}; {}", printable(command),
                     suggestion.empty() ? "/help shows the commands."
                                        : fmt::format("did you mean {}?", suggestion)));
  }
  return Next::ask;
}

text::ChatRequest Chat::request() const {
  text::ChatRequest request;
  if (!settings_.system.empty()) {
    request.messages.push_back({{"role", "system"}, {"content", settings_.system}});
  }
  for (const Json& message : messages_) request.messages.push_back(message);
  if (settings_.think) {  // Qwen3 and DeepSeek-V3.1 call it differently
    request.extra = {{"enable_thinking", *settings_.think}, {"thinking", *settings_.think}};
  }
  return request;
}

void Chat::answer(const std::string& message) {
  messages_.push_back({{"role", "user"}, {"content", message}});
  const std::string prompt = format_.render(request());
  engine::Request wanted;
  wanted.prompt = tokenizer_.encode(prompt, {.add_special_tokens = false});
  if (std::ssize(wanted.prompt) >= engine_->context()) {
    messages_.erase(messages_.size() - 1);
    const std::string full = fmt::format(
        "With this message the conversation has {} tokens, and the context holds {}. /new starts "
        "another one; frugal chat --context N gives more room, up to {} with this model.",
        wanted.prompt.size(), engine_->context(), model_.model().max_positions());
    require(editor_.interactive(), "{}", full);
    return note(full);
  }
  wanted.sampling = apply(settings_.sampling, sampling_defaults_of(model_.checkpoint()));
  wanted.max_tokens = settings_.sampling.max_tokens;
  wanted.stop_tokens = stop_tokens_;
  wanted.stop_strings = settings_.sampling.stop;

  watch_.reset();
  thinking_.text.clear();
  reply_.text.clear();
  text::ThinkingSplitter splitter(prompt);
  const Answer answer =
      run_request(*engine_, std::move(wanted), watch_, [&](std::string_view piece) {
        for (const text::OutputPart& part : splitter.feed(safe_.feed(piece))) print(part);
      });
  for (const text::OutputPart& part : splitter.feed(safe_.finish())) print(part);
  for (const text::OutputPart& part : splitter.finish()) print(part);
  end_answer(answer);
}

// Reasoning is dimmed where the terminal can, and stands between its tags elsewhere.
void Chat::print(const text::OutputPart& part) {
  if (part.thinking != in_thinking_) {
    in_thinking_ = part.thinking;
    if (style_.on()) {
      write_out(part.thinking ? style_.dim : style_.reset + "\n\n");
    } else {
      write_out(part.thinking ? "<think>" : "</think>\n\n");
    }
  }
  (part.thinking ? thinking_ : reply_).text += part.text;
  write_out(part.text);
}

void Chat::end_answer(const Answer& answer) {
  if (in_thinking_) write_out(style_.reset);
  in_thinking_ = false;
  write_out("\n");
  Json message = {{"role", "assistant"}, {"content", reply_.text}};
  if (!thinking_.text.empty()) message["reasoning_content"] = thinking_.text;
  messages_.push_back(std::move(message));
  report(answer);
  if (answer.finish.reason == engine::FinishReason::cancelled) {
    if (!editor_.interactive()) throw Interrupted("interrupted");
    watch_.reset();
  }
}

void Chat::report(const Answer& answer) const {
  const engine::Finish& finish = answer.finish;
  const std::int64_t used = finish.prompt_tokens + finish.output_tokens;
  std::string end;
  if (finish.reason == engine::FinishReason::cancelled) end = "stopped; ";
  if (finish.reason == engine::FinishReason::length) {
    end = settings_.sampling.max_tokens == finish.output_tokens
              ? "cut off by --max-tokens; "
              : "cut off, as the context is full: /new starts another conversation; ";
  }
  const std::string drafts = finish.drafted_tokens > 0 ? acceptance(finish) + "; " : "";
  note(fmt::format("[{}{} tokens, {:.1f} a second; {}prompt of {} in {:.1f} s; context {} of {}]",
                   end, finish.output_tokens, answer.speed(), drafts, finish.prompt_tokens,
                   answer.prompt_seconds, used, engine_->context()));
}

void Chat::save(const std::string& path) const {
  if (path.empty()) return note("Where to? /save FILE");
  std::ofstream file(path);
  file << request().messages.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  note(file.good() ? fmt::format("Saved to {}.", printable(path))
                   : fmt::format("{} could not be written.", printable(path)));
}

}  // namespace frugal::cli
