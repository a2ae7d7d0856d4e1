#include "train/reinforce.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/error.h"
#include "base/log.h"
#include "base/mapped_file.h"
#include "base/output_file.h"

namespace frugal::train {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

tasks::ThinkMode think_mode(const ReinforceOptions& o) {
  return o.force_think ? tasks::ThinkMode::force : tasks::ThinkMode::open;
}

double language_of(const tasks::Question& question, const eval::Answered& answer) {
  return tasks::language_share(answer.reply.thinking, question.language);
}

Json metrics_of(const RunState& state, const ReinforceStep& s, double lr, double seconds) {
  return {{"step", state.step},
          {"tokens", state.tokens},
          {"reward", s.reward},
          {"accuracy", s.accuracy},
          {"well_formed", s.well_formed},
          {"language", s.language},
          {"length", s.length},
          {"truncated", s.truncated},
          {"groups", s.groups},
          {"groups_dropped", s.dropped},
          {"rewards_not_finite", s.not_finite},
          {"loss", s.policy.loss},
          {"kl", s.policy.kl},
          {"clipped", s.policy.clipped},
          {"max_logprob_difference", s.policy.max_difference},
          {"grad_norm", s.grad_norm},
          {"lr", lr},
          {"tokens_per_second", static_cast<double>(s.tokens) / seconds},
          {"seconds", state.seconds}};
}

// Longest prompt among the first questions, with room to spare: files tell at once, generated
// questions vary little.
std::int64_t longest_prompt(const eval::Asker& asker, const tasks::Task& task) {
  const std::int64_t count = std::min<std::int64_t>(task.size().value_or(200), 1000);
  std::size_t longest = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string prompt = asker.prompt(task.question(i));
    longest =
        std::max(longest, asker.tokenizer.encode(prompt, {.add_special_tokens = false}).size());
  }
  return static_cast<std::int64_t>(longest) + 64;
}

}  // namespace

double reward_of(const tasks::Question& question, const eval::Answered& answer,
                 const RewardOptions& options) {
  if (answer.truncated) return 0;
  double reward = answer.right ? options.accuracy : 0;
  if (tasks::is_well_formed(answer.reply)) {
    reward += options.format + options.language * language_of(question, answer);
  }
  return reward;
}

// Some of the threads, and all that is needed to sample on them without a look at the others: the
// products of a decode step are too short for many threads to meet after each.
struct Reinforcer::Share {
  Share(int count, const RolloutWeights& weights, const engine::EngineOptions& options)
      : threads(count),
        model(TrainableModel::in_training_form(weights.files(), {threads, chosen_isa()})),
        engine(model, options) {}

  ThreadPool threads;
  models::Transformer model;
  engine::Engine engine;
};

Reinforcer::Reinforcer(const ReinforceOptions& options, const BaseModel& base,
                       const std::filesystem::path& out, bool resume)
    : o_(options),
      base_(base),
      threads_(o_.threads > 0 ? o_.threads : usable_cores()),
      context_{threads_, chosen_isa()},
      config_(float_config(base.path)),
      tokenizer_(load_tokenizer(base.path)),
      task_(tasks::open_task(o_.task, tasks::Part::training, o_.seed)) {
  if (!base.stop_tokens.empty()) config_["eos_token_id"] = base.stop_tokens;
  keep_template();
  model_ = std::make_unique<TrainableModel>(open_trainable(base, context_, o_.lora, o_.seed));
  AdamWOptions adamw;
  adamw.weight_decay = o_.weight_decay;
  optimizer_ = std::make_unique<AdamW>(*model_, adamw);
  if (o_.policy.beta > 0) reference_ = std::make_unique<WeightAverage>(*model_);
  team_ = std::make_unique<PolicyTeam>(*model_, context_, o_.micro_batch_tokens);
  asker_ = std::make_unique<eval::Asker>(
      eval::Asker{base.tokenizer, {base.format, o_.zero, think_mode(o_)}, base.stop_tokens});
  weights_ = std::make_unique<RolloutWeights>(model_->transformer().files(), threads_);
  share_threads();
  folder_ = std::make_unique<RunFolder>(out, resume);
  if (resume) {
    state_ = folder_->restore(*folder_->latest(), parts());
    folder_->cut_metrics(state_.step);
  }
  saved_at_ = state_.seconds;
}

Reinforcer::~Reinforcer() = default;

// A checkpoint has no chat_template.jinja of its own: the template goes into tokenizer_config.json.
void Reinforcer::keep_template() {
  const std::filesystem::path file = base_.path / "chat_template.jinja";
  if (!std::filesystem::exists(file)) return;
  Json config = parse_json(tokenizer_.tokenizer_config, "tokenizer_config.json");
  config["chat_template"] = MappedFile(file).text();
  tokenizer_.tokenizer_config = config.dump(1);
}

// One share for each thread, but none without a question or an answer of its own at a time.
void Reinforcer::share_threads() {
  const std::int64_t threads = threads_.size();
  const std::int64_t count = std::min({threads, o_.questions, o_.parallel});
  const std::int64_t answers = (o_.questions + count - 1) / count * o_.group;
  const engine::EngineOptions options = eval::engine_options(
      std::min(o_.parallel / count, answers), longest_prompt(*asker_, *task_) + o_.max_tokens);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t own = threads * (i + 1) / count - threads * i / count;
    shares_.push_back(std::make_unique<Share>(static_cast<int>(own), *weights_, options));
  }
}

Reinforcer::RolloutMemory Reinforcer::rollout_memory() const {
  RolloutMemory memory{weights_->bytes(), 0};
  for (const auto& share : shares_) {
    memory.cache +=
        static_cast<std::uint64_t>(share->engine.free_blocks() * share->model.cache_block_bytes());
  }
  return memory;
}

bool Reinforcer::finished() const {
  return state_.step >= o_.steps || (o_.minutes > 0 && state_.seconds >= 60 * o_.minutes);
}

void Reinforcer::run(const std::function<bool()>& stop,
                     const std::function<void(std::int64_t, const ReinforceStep&)>& told) {
  while (!finished() && !stop()) {
    const Clock::time_point start = Clock::now();
    std::vector<Group> groups = sample(stop);
    if (stop()) break;  // the step begins again when the run is resumed
    ReinforceStep step;
    std::vector<Rollout> rollouts = rollouts_of(groups, step);
    if (reference_ != nullptr) {
      reference_->exchange();
      team_->add_reference(rollouts);
      reference_->exchange();
    }
    learn(rollouts, step);
    ++state_.step;
    state_.tokens += step.tokens;
    state_.windows += o_.questions;
    if (reference_ != nullptr && o_.reference_every > 0 && state_.step % o_.reference_every == 0) {
      reference_->update(context_, 0);
    }
    const double seconds = seconds_since(start);
    state_.seconds += seconds;
    folder_->append_metrics(metrics_of(state_, step, o_.lr, seconds));
    if (o_.transcripts_every > 0 && state_.step % o_.transcripts_every == 0) {
      write_transcript(groups);
    }
    told(state_.step, step);
    if (!finished() && state_.seconds - saved_at_ >= 60 * o_.save_every_minutes) save();
  }
  if (state_.step > 0) save();
}

// Answers of the policy as it is now to the next questions.
std::vector<Reinforcer::Group> Reinforcer::sample(const std::function<bool()>& stop) {
  std::vector<Group> groups(static_cast<std::size_t>(o_.questions));
  std::vector<std::vector<tasks::Question>> questions(shares_.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::int64_t number = state_.windows + static_cast<std::int64_t>(i);
    const auto size = task_->size();
    groups[i].question = task_->question(size ? number % *size : number);
    questions[i % shares_.size()].push_back(groups[i].question);
  }
  eval::AskOptions ask;
  ask.max_tokens = o_.max_tokens;
  ask.logprobs = true;
  ask.sampling.temperature = static_cast<float>(o_.temperature);
  // Each visit of a question draws other answers.
  ask.sampling.seed = o_.seed + static_cast<std::uint64_t>(state_.step) * 0x9E3779B97F4A7C15ULL;
  weights_->refresh(threads_);
  threads_.run([&](int thread) {
    const auto number = static_cast<std::size_t>(thread);
    if (number >= shares_.size()) return;
    engine::Engine& engine = shares_[number]->engine;
    engine.clear_prefix_cache();  // the weights have changed
    eval::ask(
        engine, *asker_, questions[number], o_.group, ask,
        [&](eval::QuestionAnswers answers) {
          const auto i = static_cast<std::size_t>(answers.index) * shares_.size() + number;
          groups[i].answers = std::move(answers.samples);
        },
        stop);
  });
  return groups;
}

std::vector<Rollout> Reinforcer::rollouts_of(std::vector<Group>& groups,
                                             ReinforceStep& step) const {
  std::vector<Rollout> rollouts;
  double answers = 0;
  for (Group& group : groups) {
    std::vector<double> counted;  // not a number: has no part in the group
    for (const eval::Answered& answer : group.answers) {
      const double reward = reward_of(group.question, answer, o_.reward);
      group.rewards.push_back(reward);
      const bool drops = answer.truncated && o_.truncated == Truncated::drop;
      counted.push_back(drops ? std::nan("") : reward);
      step.not_finite += std::isfinite(reward) ? 0 : 1;
      step.reward += std::isfinite(reward) ? reward : 0;
      step.accuracy += answer.right ? 1 : 0;
      step.well_formed += tasks::is_well_formed(answer.reply) ? 1 : 0;
      step.language += language_of(group.question, answer);
      step.length += static_cast<double>(answer.tokens.size());
      step.truncated += answer.truncated ? 1 : 0;
      step.tokens += std::ssize(answer.tokens);
      ++answers;
    }
    const std::vector<double> advantages = group_advantages(counted);
    const bool teaches = std::ranges::any_of(advantages, [](double a) { return a != 0; });
    ++(teaches ? step.groups : step.dropped);
    for (std::size_t i = 0; teaches && i < advantages.size(); ++i) {
      const eval::Answered& answer = group.answers[i];
      if (!std::isfinite(counted[i]) || answer.tokens.empty()) continue;
      Rollout rollout;
      rollout.tokens = answer.prompt_tokens;
      rollout.prompt = std::ssize(rollout.tokens);
      rollout.advantage = advantages[i];
      for (const engine::Sample& token : answer.tokens) {
        rollout.tokens.push_back(token.token);
        rollout.old_logprobs.push_back(token.logprob);
      }
      rollouts.push_back(std::move(rollout));
    }
  }
  for (double* mean : {&step.reward, &step.accuracy, &step.well_formed, &step.language,
                       &step.length, &step.truncated}) {
    *mean /= std::max(answers, 1.0);
  }
  if (step.not_finite > 0) {
    log_warning("step {}: {} rewards are no finite numbers; their answers have no part in it",
                state_.step + 1, step.not_finite);
  }
  return rollouts;
}

void Reinforcer::learn(std::vector<Rollout>& rollouts, ReinforceStep& step) {
  if (rollouts.empty()) return;
  // By question in turn, so that each minibatch holds answers to several.
  const auto count = static_cast<std::int64_t>(rollouts.size());
  const std::int64_t parts = std::min(o_.minibatches, count);
  for (std::int64_t m = 0; m < parts; ++m) {
    std::vector<Rollout> chosen;
    for (std::int64_t i = m; i < count; i += parts) {
      chosen.push_back(rollouts[static_cast<std::size_t>(i)]);
    }
    const PolicySums sums = team_->learn(chosen, o_.policy);
    const double norm = optimizer_->gradient_norm(context_);
    require(std::isfinite(sums.loss) && std::isfinite(norm),
            "step {}: the loss is {} and the gradient norm {}; the last good checkpoint: {}",
            state_.step + 1, sums.loss, norm, last_checkpoint().string());
    // Later minibatches meet a policy that has moved on: only the first tells of the arithmetic.
    const double difference = m == 0 ? sums.max_difference : step.policy.max_difference;
    const double share = 1.0 / static_cast<double>(parts);
    step.policy.loss += share * sums.loss;
    step.policy.kl += share * sums.kl;
    step.policy.clipped += share * sums.clipped;
    step.policy.max_difference = difference;
    step.grad_norm = std::max(step.grad_norm, norm);
    optimizer_->step(context_, o_.lr, o_.clip > 0 && norm > o_.clip ? o_.clip / norm : 1.0);
  }
}

void Reinforcer::write_transcript(const std::vector<Group>& groups) const {
  const std::filesystem::path folder = folder_->path() / "transcripts";
  std::filesystem::create_directories(folder);
  OutputFile file(folder / fmt::format("step-{:08}.jsonl", state_.step));
  for (const Group& group : groups) {
    for (std::size_t i = 0; i < group.answers.size(); ++i) {
      const eval::Answered& answer = group.answers[i];
      const Json line = {{"id", group.question.id},         {"prompt", answer.prompt},
                         {"completion", answer.completion}, {"reference", group.question.answer},
                         {"answer", answer.final_answer},   {"right", answer.right},
                         {"truncated", answer.truncated},   {"reward", group.rewards[i]}};
      file.write(line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    }
  }
  file.commit();
}

void Reinforcer::save() {
  folder_->save(parts(), state_, o_.keep);
  if (o_.lora.rank > 0) write_trained(folder_->path() / "adapter", base_, *model_, o_.lora);
  saved_at_ = state_.seconds;
}

}  // namespace frugal::train
