// The endpoints that generate: limits, money, the engine, the bill.
#include <cstdlib>

#include "base/log.h"
#include "server/anthropic.h"
#include "server/app.h"
#include "server/wire.h"

namespace frugal::server {

namespace {

const char* status_name(Ending ending) {
  switch (ending) {
    case Ending::stop:
    case Ending::length:
      return "done";
    case Ending::cancelled:
      return "cancelled";
    case Ending::cut_off:
      return "cut_off";
    case Ending::error:
      return "error";
  }
  return "error";
}

// Passes on what happens to a writer, but the end only when it was billed: what a client was told
// of stands in the ledger. By then the request counts no more against its key's limit, so that the
// client may send the next one at once.
class BilledListener final : public GenerationListener {
 public:
  using Bill = std::function<void(const Usage& usage, Ending worst, std::function<void()> done)>;

  BilledListener(std::shared_ptr<GenerationListener> writer, KeyLimits::Ticket ticket, Bill bill)
      : writer_(std::move(writer)), ticket_(std::move(ticket)), bill_(std::move(bill)) {}

  void on_delta(const Delta& delta) override { writer_->on_delta(delta); }
  void on_choice_end(const ChoiceEnd& end) override { writer_->on_choice_end(end); }
  void on_done(const Usage& usage, Ending worst) override {
    ticket_.reset();
    bill_(usage, worst, [writer = writer_, usage, worst] { writer->on_done(usage, worst); });
  }

 private:
  std::shared_ptr<GenerationListener> writer_;
  KeyLimits::Ticket ticket_;
  Bill bill_;
};

}  // namespace

void App::chat_completions(const Visit& visit) {
  run_chat(visit, visit.exchange, parse_chat_completion(visit.request.body));
}

void App::run_chat(const Visit& visit, const std::shared_ptr<Exchange>& exchange,
                   const ChatCompletionRequest& wanted) {
  Admission admission = admit(visit, wanted.common);
  GenerationPlan plan = plan_chat(wanted, *admission.model, visit.key.user);
  generate(visit, std::move(admission), exchange, std::move(plan),
           [&](Call call) { return chat_writer(std::move(call), wanted); });
}

void App::text_completions(const Visit& visit) {
  const TextCompletionRequest wanted = parse_text_completion(visit.request.body);
  Admission admission = admit(visit, wanted.common);
  GenerationPlan plan = plan_text(wanted, *admission.model, visit.key.user);
  generate(visit, std::move(admission), visit.exchange, std::move(plan),
           [&](Call call) { return text_writer(std::move(call), wanted); });
}

void App::anthropic_messages(const Visit& visit) {
  const ChatCompletionRequest wanted = parse_anthropic(visit.request.body);
  Admission admission = admit(visit, wanted.common);
  GenerationPlan plan = plan_chat(wanted, *admission.model, visit.key.user);
  generate(visit, std::move(admission), visit.exchange, std::move(plan),
           [&](Call call) { return anthropic_writer(std::move(call), wanted.common.stream); });
}

void App::anthropic_count(const Visit& visit) {
  const ChatCompletionRequest wanted = parse_anthropic(visit.request.body, true);
  const auto model = models_.get(wanted.common.model);
  const GenerationPlan plan = plan_chat(wanted, *model, visit.key.user);
  reply(*visit.exchange, {{"input_tokens", plan.request.prompt.size()}});
}

void App::resumable(const Visit& visit) {
  ChatCompletionRequest wanted = parse_chat_completion(visit.request.body);
  wanted.common.stream = wanted.common.include_usage = true;
  const auto [id, replay] = replays_.add(visit.key.user);
  replay->write(to_event({{"generation", id}}));
  try {
    run_chat(visit, replay, wanted);
  } catch (...) {
    replay->end();  // only streams that have ended are ever forgotten
    throw;
  }
  replay->subscribe(visit.exchange, 0);
}

void App::resume(const Visit& visit) {
  const auto replay = replays_.find(visit.key.user, visit.rest);
  if (!replay) throw ApiError(404, "there is no such generation, or it ended long ago");
  const std::string from = visit.request.query("from");
  replay->subscribe(visit.exchange, std::strtoull(from.c_str(), nullptr, 10));
}

void App::stop_generation(const Visit& visit) {
  const auto replay = replays_.find(visit.key.user, visit.rest);
  if (!replay) throw ApiError(404, "there is no such generation, or it ended long ago");
  replay->stop();
  reply(*visit.exchange, {{"stopped", visit.rest}});
}

// Everything that can be refused before a model's time is spent.
App::Admission App::admit(const Visit& visit, const CommonRequest& wanted) {
  KeyLimits::Ticket ticket = limits_.enter(visit.key);
  const Balance left = store_.balance(visit.key.user);
  if (left.limited && left.total() <= 0) {
    throw ApiError(402, "the balance is used up; frugal keys topup adds to it", {},
                   "insufficient_balance");
  }
  std::shared_ptr<ServedModel> model = models_.get(wanted.model);
  if (model->active + wanted.n > options_.max_active) {
    throw ApiError(503, "too many requests are waiting; try again later", {}, "overloaded");
  }
  return {std::move(model), std::move(ticket)};
}

void App::generate(const Visit& visit, Admission admission,
                   const std::shared_ptr<Exchange>& exchange, GenerationPlan plan,
                   const MakeWriter& make_writer) {
  try {
    admission.model->engine->check(plan.request);
  } catch (const Error& error) {
    const bool too_long = std::ssize(plan.request.prompt) >= admission.model->engine->context();
    throw ApiError(400, error.what(), {}, too_long ? "context_length_exceeded" : "");
  }
  const LedgerEntry entry{.endpoint = std::string(visit.request.path()),
                          .model = admission.model->name};
  const std::int64_t row = billing_.begin(visit.key, entry);
  const auto prompt_tokens = static_cast<std::int64_t>(plan.request.prompt.size());
  std::shared_ptr<Generation> generation;
  try {
    // The writer begins the response, so it comes when nothing can be refused any more.
    auto listener = std::make_shared<BilledListener>(
        make_writer({exchange, admission.model, prompt_tokens}), std::move(admission.ticket),
        [this, row, entry](const Usage& usage, Ending worst, auto done) {
          bill(row, entry, usage, worst, std::move(done));
        });
    generation = Generation::start(admission.model, std::move(plan), std::move(listener));
  } catch (const Error&) {
    bill(row, entry, {}, Ending::error, nullptr);
    throw;
  }
  {
    const std::scoped_lock lock(mutex_);
    std::erase_if(running_, [](const auto& other) { return other.expired(); });
    running_.insert(generation);
  }
  exchange->on_gone([weak = std::weak_ptr(generation)] {
    if (const auto alive = weak.lock()) alive->cancel(Ending::cancelled);
  });
}

void App::bill(std::int64_t row, LedgerEntry entry, const Usage& usage, Ending worst,
               std::function<void()> done) {
  entry.tokens = {.hit = usage.cached, .miss = usage.missed(), .output = usage.output};
  entry.reasoning = usage.reasoning;
  entry.status = status_name(worst);
  // A model that failed is not the client's fault.
  if (worst != Ending::error) {
    entry.cost = cost::charge(options_.prices.at(entry.model, unix_time()), entry.tokens);
  }
  metrics_.count_generation(entry, usage);
  log_info("{} {} {}: {} + {} in, {} out, first token after {:.2f} s, all after {:.2f} s",
           entry.endpoint, entry.model, entry.status, entry.tokens.hit, entry.tokens.miss,
           entry.tokens.output, usage.seconds_to_first, usage.seconds);
  billing_.end(row, std::move(entry), std::move(done));
}

}  // namespace frugal::server
