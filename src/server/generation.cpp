#include "server/generation.h"

#include <algorithm>
#include <utility>

namespace frugal::server {

namespace {

constexpr std::string_view kCloseThinking = "\n</think>\n\n";

}  // namespace

Generation::Generation(std::shared_ptr<ServedModel> model, GenerationPlan plan,
                       std::shared_ptr<GenerationListener> listener)
    : model_(std::move(model)),
      plan_(std::move(plan)),
      listener_(std::move(listener)),
      choices_(static_cast<std::size_t>(plan_.choices)),
      left_(plan_.choices),
      ids_(choices_.size(), 0) {
  for (Choice& choice : choices_) {
    if (plan_.chat_prompt) choice.splitter.emplace(*plan_.chat_prompt);
    if (plan_.tools) choice.tools.emplace(*plan_.tools);
    if (plan_.request.constraint) {
      choice.constraint = std::make_shared<engine::TokenConstraint>(*plan_.request.constraint);
    }
    if (plan_.thinking_tokens) choice.tokens = plan_.request.prompt;
  }
  model_->active += plan_.choices;
}

Generation::~Generation() { model_->active -= left_; }

std::shared_ptr<Generation> Generation::start(std::shared_ptr<ServedModel> model,
                                              GenerationPlan plan,
                                              std::shared_ptr<GenerationListener> listener) {
  auto generation =
      std::make_shared<Generation>(std::move(model), std::move(plan), std::move(listener));
  for (int i = 0; i < generation->plan_.choices; ++i) {
    engine::Request request = generation->plan_.request;
    request.sampling.seed += static_cast<std::uint64_t>(i);
    request.constraint = generation->choices_[static_cast<std::size_t>(i)].constraint;
    generation->submit(i, std::move(request));
  }
  return generation;
}

void Generation::cancel(Ending how) {
  const std::scoped_lock lock(mutex_);
  if (!cancelled_) cancelled_ = how;
  for (const engine::RequestId id : ids_) {
    if (id != 0) model_->loop->cancel(id);
  }
}

void Generation::submit(int index, engine::Request request) {
  const std::scoped_lock lock(mutex_);
  const engine::RequestId id = model_->loop->submit(
      std::move(request),
      [self = shared_from_this(), index](const engine::Event& e) { self->on_event(index, e); });
  ids_[static_cast<std::size_t>(index)] = id;
  if (cancelled_) model_->loop->cancel(id);
}

void Generation::on_event(int index, const engine::Event& event) {
  Choice& choice = choices_[static_cast<std::size_t>(index)];
  if (choice.closing) {
    // The end of the request that was cut off within its reasoning, whose successor follows it.
    if (!event.finish) return;
    choice.cached = event.finish->cached_tokens;
    return close_thinking(index);
  }
  if (event.token) {
    if (usage_.seconds_to_first == 0) usage_.seconds_to_first = seconds();
    ++choice.output;
    if (thinks(choice)) ++choice.reasoning;
    if (plan_.thinking_tokens) choice.tokens.push_back(event.token->token);
  }
  emit(index, event.text, event.token ? &*event.token : nullptr, false);
  if (event.finish) return end_choice(index, *event.finish);
  if (plan_.thinking_tokens && thinks(choice) && choice.reasoning >= *plan_.thinking_tokens) {
    choice.closing = true;
    const std::scoped_lock lock(mutex_);
    model_->loop->cancel(ids_[static_cast<std::size_t>(index)]);
  }
}

void Generation::emit(int index, const std::string& text, const engine::Sample* token, bool last) {
  Choice& choice = choices_[static_cast<std::size_t>(index)];
  Delta delta{.choice = index, .token = token, .token_is_reasoning = thinks(choice)};
  if (choice.splitter) {
    std::vector<text::OutputPart> parts = choice.splitter->feed(text);
    if (last) {
      for (text::OutputPart& part : choice.splitter->finish()) parts.push_back(std::move(part));
    }
    for (const text::OutputPart& part : parts) {
      (part.thinking ? delta.reasoning : delta.content) += part.text;
    }
  } else {
    delta.content = text;
  }
  if (choice.tools) {
    text::ToolCallParser::Output output = choice.tools->feed(delta.content);
    if (last) {
      text::ToolCallParser::Output rest = choice.tools->finish();
      output.text += rest.text;
      for (text::ToolCall& call : rest.calls) output.calls.push_back(std::move(call));
    }
    delta.content = std::move(output.text);
    delta.calls = std::move(output.calls);
    choice.called = choice.called || !delta.calls.empty();
  }
  const bool is_empty =
      delta.reasoning.empty() && delta.content.empty() && delta.calls.empty() && token == nullptr;
  if (!is_empty) listener_->on_delta(delta);
}

// Goes on from prompt, reasoning and </think>; the prefix cache holds most of it.
void Generation::close_thinking(int index) {
  Choice& choice = choices_[static_cast<std::size_t>(index)];
  choice.closing = false;
  bool cancelled = false;
  {
    const std::scoped_lock lock(mutex_);
    cancelled = cancelled_.has_value();
  }
  engine::Finish finish;
  finish.prompt_tokens = static_cast<std::int64_t>(plan_.request.prompt.size());
  finish.reason = cancelled ? engine::FinishReason::cancelled : engine::FinishReason::length;
  engine::Request request = plan_.request;
  request.sampling.seed += static_cast<std::uint64_t>(index);
  request.constraint = choice.constraint;
  if (choice.constraint) choice.constraint->accept(kCloseThinking);
  for (const std::int32_t token :
       model_->tokenizer.encode(kCloseThinking, {.add_special_tokens = false})) {
    choice.tokens.push_back(token);
    ++choice.output;
    ++choice.reasoning;
  }
  request.prompt = choice.tokens;
  if (request.max_tokens) {
    request.max_tokens = std::max<std::int64_t>(*request.max_tokens - choice.output, 0);
  }
  emit(index, std::string(kCloseThinking), nullptr, false);
  const bool full = std::ssize(request.prompt) >= model_->engine->context();
  if (cancelled || full) return end_choice(index, finish);
  submit(index, std::move(request));
}

double Generation::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
}

void Generation::end_choice(int index, const engine::Finish& finish) {
  Choice& choice = choices_[static_cast<std::size_t>(index)];
  if (std::exchange(choice.ended, true)) return;
  --left_;
  --model_->active;  // before anybody is told, who may then ask for more
  emit(index, "", nullptr, true);
  ChoiceEnd end{.choice = index, .stop_string = finish.stop_string, .error = finish.error};
  end.called = choice.called && finish.reason == engine::FinishReason::stop;
  switch (finish.reason) {
    case engine::FinishReason::stop:
      end.ending = Ending::stop;
      break;
    case engine::FinishReason::length:
      end.ending = Ending::length;
      break;
    case engine::FinishReason::error:
      end.ending = Ending::error;
      break;
    case engine::FinishReason::cancelled: {
      const std::scoped_lock lock(mutex_);
      end.ending = cancelled_.value_or(Ending::cut_off);  // not by us: the loop is stopping
      break;
    }
  }
  if (usage_.prompt == 0) {  // all choices have the same prompt, which counts once
    usage_.prompt = static_cast<std::int64_t>(plan_.request.prompt.size());
    usage_.cached = choice.cached.value_or(finish.cached_tokens);
  }
  usage_.output += choice.output;
  usage_.reasoning += choice.reasoning;
  worst_ = std::max(worst_, end.ending);
  listener_->on_choice_end(end);
  if (left_ > 0) return;
  usage_.seconds = seconds();
  listener_->on_done(usage_, worst_);
}

}  // namespace frugal::server
