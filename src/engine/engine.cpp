#include "engine/engine.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/error.h"
#include "engine/output_text.h"
#include "engine/prompt_lookup.h"
#include "ops/layout.h"

namespace frugal::engine {

namespace {

// Beyond that a draft is hardly ever right to its end.
constexpr std::int64_t kMostDraftTokens = 64;

// A request's constraint, with what ends its output.
class ConstraintFilter final : public TokenFilter {
 public:
  ConstraintFilter(const Request& request, const SortedVocabulary& vocabulary)
      : request_(request), vocabulary_(vocabulary) {}

  bool allows(std::int32_t token) const override {
    const std::vector<std::int32_t>& stops = request_.stop_tokens;
    const bool stop = std::find(stops.begin(), stops.end(), token) != stops.end();
    return stop ? request_.constraint->may_end()
                : request_.constraint->allows(vocabulary_.bytes(token));
  }
  void mask(std::span<float> logits) const override {
    request_.constraint->mask(vocabulary_, request_.stop_tokens, logits);
  }

 private:
  const Request& request_;
  const SortedVocabulary& vocabulary_;
};

}  // namespace

struct Engine::Sequence {
  Sequence(RequestId sequence_id, Request sequence_request, BlockPool& pool)
      : id(sequence_id),
        request(std::move(sequence_request)),
        tokens(request.prompt),
        text(request.stop_strings),
        blocks(pool) {
    if (request.sampling.has_penalties()) history.add_prompt(request.prompt);
  }

  std::int64_t size() const { return static_cast<std::int64_t>(tokens.size()); }
  /// Tokens that the model has yet to see; one in a decode step.
  std::int64_t pending() const { return size() - cached; }

  RequestId id;
  Request request;
  std::vector<std::int32_t> tokens;  // prompt, then output
  TokenHistory history;
  OutputText text;
  BlockTable blocks;
  PrefixCache::Chain chain;       // the blocks that the prefix cache knows
  BlockStore::Key stored{};       // of the chain, in the store
  std::int64_t cached = 0;        // tokens whose cache entries are written
  std::int64_t limit = 0;         // size at which it ends
  std::int64_t draft_length = 0;  // of the next draft: longer after success, shorter after failure
  std::vector<std::int32_t> further;  // what the model itself drafted
  std::int64_t drafted = 0;
  std::int64_t accepted = 0;
  /// Prompt tokens found in the prefix cache when it first started; later they may be its own.
  std::optional<std::int64_t> prefix_hits;
  bool finished = false;
};

Engine::Engine(models::LanguageModel& model, EngineOptions options)
    : model_(model),
      options_(std::move(options)),
      pool_(blocks_for(options_.cache_tokens), model.cache_block_bytes()),
      prefixes_(pool_) {
  require(options_.max_sequences >= 1 && options_.max_sequences <= options_.max_batch_tokens,
          "max_sequences is {}, expected 1 to max_batch_tokens ({})", options_.max_sequences,
          options_.max_batch_tokens);
  require(options_.draft_tokens >= 0 && options_.draft_tokens <= kMostDraftTokens,
          "draft_tokens is {}, expected 0 to {}", options_.draft_tokens, kMostDraftTokens);
  logits_ = Tensor(options_.max_sequences * (1 + options_.draft_tokens), model.vocab_size());
}

Engine::~Engine() = default;

std::int64_t Engine::context() const {
  return std::min(model_.max_positions(), pool_.size() * ops::kBlockTokens);
}

void Engine::check(const Request& request) const {
  const auto length = static_cast<std::int64_t>(request.prompt.size());
  require(length > 0, "the prompt is empty");
  require(length < context(),
          "the prompt has {} tokens, the context holds {}: the model has {} positions, the cache "
          "room for {} tokens, and the answer needs one at least",
          length, context(), model_.max_positions(), pool_.size() * ops::kBlockTokens);
  for (const std::int32_t token : request.prompt) {
    require(token >= 0 && token < model_.vocab_size(),
            "the prompt holds token {}, the vocabulary has {}", token, model_.vocab_size());
  }
  require(!request.max_tokens || *request.max_tokens >= 0, "max_tokens is {}, expected 0 or more",
          request.max_tokens.value_or(0));
  require(!request.logprobs || *request.logprobs >= 0, "logprobs is {}, expected 0 or more",
          request.logprobs.value_or(0));
  require(request.stop_strings.empty() || options_.token_bytes,
          "stop strings need an engine that knows the tokens' text");
  require(!request.constraint || options_.token_bytes,
          "a constraint needs an engine that knows the tokens' text");
  for (const std::string& stop : request.stop_strings) {
    require(!stop.empty(), "a stop string is empty");
  }
  engine::check(request.sampling, model_.vocab_size());
}

void Engine::submit(RequestId id, Request request) {
  check(request);
  require(!sequences_.contains(id), "a request with id {} is there already", id);
  auto sequence = std::make_unique<Sequence>(id, std::move(request), pool_);
  const std::int64_t room = context() - sequence->size();
  sequence->limit = sequence->size() + std::min(room, sequence->request.max_tokens.value_or(room));
  if (sequence->limit == sequence->size()) {
    finish(*sequence, FinishReason::length, Event{id, {}, {}, {}});
    return;
  }
  sequence->draft_length = options_.draft_tokens;
  waiting_.push_back(sequence.get());
  sequences_.emplace(id, std::move(sequence));
}

bool Engine::cancel(RequestId id) {
  const auto found = sequences_.find(id);
  if (found == sequences_.end()) return false;
  finish(*found->second, FinishReason::cancelled, Event{id, {}, {}, {}});
  remove_finished();
  return true;
}

void Engine::clear_prefix_cache() {
  require(running_.empty(), "the prefix cache cannot be cleared while requests run");
  prefixes_.clear();
}

bool Engine::idle() const { return sequences_.empty() && events_.empty(); }

std::vector<Event> Engine::step() {
  make_room();
  admit();
  const std::vector<Chunk> batch = plan();
  if (!batch.empty()) {
    if (forward(batch)) {
      take_logits(batch);
      if (options_.draft_tokens > 0 && model_.predicts_further()) predict_further(batch);
    }
    remove_finished();
  }
  return std::exchange(events_, {});
}

// Blocks for the next token of every running sequence, the oldest first; the youngest make way.
void Engine::make_room() {
  for (std::size_t i = 0; i < running_.size(); ++i) {
    Sequence& sequence = *running_[i];
    while (!sequence.blocks.reserve(sequence.size())) {
      Sequence& youngest = *running_.back();
      running_.pop_back();
      youngest.blocks.clear();
      waiting_.push_front(&youngest);
      if (&youngest == &sequence) return;
    }
  }
}

void Engine::admit() {
  while (!waiting_.empty() && running() < options_.max_sequences) {
    const auto next = next_in_turn();
    if (next == waiting_.end() || !start(**next)) return;
    running_.push_back(*next);
    waiting_.erase(next);
  }
}

// The first one of the owner who has the least running, if there is one that need not wait.
std::deque<Engine::Sequence*>::iterator Engine::next_in_turn() {
  std::unordered_map<std::string_view, std::int64_t> shares;
  for (const Sequence* sequence : running_) ++shares[sequence->request.owner];
  auto best = waiting_.end();
  for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
    const bool better =
        best == waiting_.end() || shares[(*at)->request.owner] < shares[(*best)->request.owner];
    if (better && !waits_for_its_prompt(**at)) best = at;
  }
  return best;
}

// The same prompt is on its way: all of it but the last token, which everybody computes himself.
bool Engine::waits_for_its_prompt(const Sequence& sequence) const {
  const std::vector<std::int32_t>& prompt = sequence.request.prompt;
  return options_.prefix_cache && std::ranges::any_of(running_, [&](const Sequence* other) {
           return other->cached + 1 < std::ssize(prompt) &&
                  other->request.owner == sequence.request.owner && other->request.prompt == prompt;
         });
}

// What a running sequence of the same beginning has in the first block that is not shared.
void Engine::copy_beginning(Sequence& sequence) {
  if (!options_.prefix_cache) return;
  const Sequence* from = nullptr;
  const std::int64_t begin = sequence.cached;
  for (const Sequence* other : running_) {
    const std::int64_t most =
        std::min({other->cached, sequence.size() - 1, begin + ops::kBlockTokens});
    if (most <= sequence.cached || other->request.owner != sequence.request.owner) continue;
    const auto same = std::mismatch(sequence.tokens.begin(), sequence.tokens.begin() + most,
                                    other->tokens.begin());
    const std::int64_t common = same.first - sequence.tokens.begin();
    if (common <= sequence.cached) continue;
    sequence.cached = common;
    from = other;
  }
  if (from == nullptr) return;
  const auto block = static_cast<std::size_t>(begin / ops::kBlockTokens);
  std::ranges::copy(block_bytes(from->blocks.blocks()[block]),
                    block_bytes(sequence.blocks.blocks()[block]).begin());
}

std::span<std::byte> Engine::block_bytes(std::int32_t block) {
  const std::int64_t size = model_.cache_block_bytes();
  return {pool_.data() + block * size, static_cast<std::size_t>(size)};
}

// Beyond the blocks that memory knows, those that the store knows are read instead of computed.
void Engine::load_stored(Sequence& sequence) {
  if (!options_.store || !options_.prefix_cache) return;
  const std::span<const std::int32_t> tokens(sequence.tokens);
  const auto block_tokens = [&](std::int64_t block) {
    return tokens.subspan(static_cast<std::size_t>(block * ops::kBlockTokens), ops::kBlockTokens);
  };
  sequence.stored = options_.store->root(sequence.request.owner);
  for (std::int64_t block = 0; block < sequence.chain.blocks; ++block) {
    sequence.stored = options_.store->child(sequence.stored, block_tokens(block));
  }
  while ((sequence.chain.blocks + 1) * ops::kBlockTokens < sequence.size()) {
    const auto next = block_tokens(sequence.chain.blocks);
    const BlockStore::Key key = options_.store->child(sequence.stored, next);
    const std::int32_t block =
        sequence.blocks.blocks()[static_cast<std::size_t>(sequence.chain.blocks)];
    if (!options_.store->load(key, block_bytes(block))) return;
    prefixes_.extend(sequence.chain, next, block);
    sequence.stored = key;
  }
}

// Takes the blocks for all tokens so far; false when there are too few.
bool Engine::start(Sequence& sequence) {
  if (options_.prefix_cache) {
    sequence.chain = prefixes_.root(sequence.request.owner);
    // The last token is always computed, since its logits are wanted.
    const std::span<const std::int32_t> known(sequence.tokens.data(), sequence.tokens.size() - 1);
    sequence.blocks.share(prefixes_.follow(sequence.chain, known));
  }
  // One block to spare for each running sequence, or this one might have to make way at once. An
  // empty engine always has room, since no sequence outgrows the context.
  const std::int64_t missing = blocks_for(sequence.size()) - sequence.chain.blocks;
  if (pool_.available() < missing + running()) {
    sequence.blocks.clear();
    return false;
  }
  sequence.blocks.reserve(sequence.size());
  load_stored(sequence);
  sequence.cached = sequence.chain.blocks * ops::kBlockTokens;
  if (!sequence.prefix_hits) sequence.prefix_hits = sequence.cached;
  copy_beginning(sequence);
  return true;
}

// Sequences with one pending token come first, so that no prompt holds up decoding.
std::vector<Engine::Chunk> Engine::plan() {
  std::vector<Chunk> batch;
  std::int64_t budget = options_.max_batch_tokens;
  std::int64_t spare = budget - running();  // for drafts, so that they hold up nobody
  for (const bool decoding : {true, false}) {
    for (Sequence* sequence : running_) {
      if ((sequence->pending() == 1) != decoding || budget == 0) continue;
      Chunk chunk{sequence, std::min(sequence->pending(), budget), sequence->cached};
      if (decoding) chunk.draft = draft_for(*sequence, spare);
      const std::int64_t drafted = std::ssize(chunk.draft);
      spare -= drafted;
      budget -= chunk.rows + drafted;
      batch.push_back(std::move(chunk));
    }
  }
  return batch;
}

// A draft of at most `most` tokens for which there is cache.
std::vector<std::int32_t> Engine::draft_for(Sequence& sequence, std::int64_t most) {
  most = std::min({most, sequence.draft_length, sequence.limit - sequence.size() - 1});
  if (most <= 0) return {};
  std::vector<std::int32_t> draft = model_.predicts_further() ? std::exchange(sequence.further, {})
                                                              : look_up(sequence.tokens, most);
  if (!sequence.blocks.reserve(sequence.size() + std::ssize(draft))) return {};
  return draft;
}

// False when the model threw: nobody knows because of whom, so all end.
bool Engine::forward(std::span<const Chunk> batch) {
  std::vector<std::int32_t> tokens;
  std::vector<std::int64_t> logit_rows;
  ops::SequenceLayout layout;
  for (const auto& [sequence, rows, position, draft] : batch) {
    const auto begin = sequence->tokens.begin() + position;
    tokens.insert(tokens.end(), begin, begin + rows);
    tokens.insert(tokens.end(), draft.begin(), draft.end());
    const std::int64_t all = rows + std::ssize(draft);
    layout.segments.push_back({layout.rows, all, position, sequence->blocks.blocks()});
    layout.rows += all;
    if (rows < sequence->pending()) continue;
    for (std::int64_t i = std::ssize(draft); i >= 0; --i) logit_rows.push_back(layout.rows - 1 - i);
  }
  const View logits{logits_.data(), static_cast<std::int64_t>(logit_rows.size()), logits_.cols()};
  try {
    model_.forward(tokens, layout, pool_.data(), logit_rows, logits);
    return true;
  } catch (const std::exception& error) {
    for (const Chunk& chunk : batch) fail_sequence(*chunk.sequence, error.what());
    return false;
  }
}

// Samples for the chunks that reached the end of their sequence, in the order of their logits.
void Engine::take_logits(std::span<const Chunk> batch) {
  std::int64_t row = 0;
  for (const Chunk& chunk : batch) {
    Sequence& sequence = *chunk.sequence;
    sequence.cached += chunk.rows;
    remember(sequence);
    if (sequence.pending() > 0) continue;
    try {
      take_rows(chunk, row);
    } catch (const std::exception& error) {
      fail_sequence(sequence, error.what());
    }
    row += 1 + std::ssize(chunk.draft);
  }
}

// Samples the next token, and one more after each token of the draft that is the one sampled: then
// the row after it is that of a step which knows it. The rows from the first wrong token on are
// forgotten, and their cache is written again.
void Engine::take_rows(const Chunk& chunk, std::int64_t row) {
  Sequence& sequence = *chunk.sequence;
  const std::int64_t drafted = std::ssize(chunk.draft);
  sequence.drafted += drafted;
  std::int64_t right = 0;
  while (true) {
    const std::span<const float> logits(logits_.row(row + right),
                                        static_cast<std::size_t>(logits_.cols()));
    Sample chosen = sample(sequence, logits);
    const std::int32_t token = chosen.token;
    const bool is_right = right < drafted && chunk.draft[static_cast<std::size_t>(right)] == token;
    right += is_right ? 1 : 0;
    sequence.accepted += is_right ? 1 : 0;
    accept(sequence, std::move(chosen));
    if (!is_right || sequence.finished) break;
    ++sequence.cached;
    remember(sequence);
  }
  if (drafted > 0) {
    sequence.draft_length =
        std::min(right == drafted ? 2 * drafted : right + 1, options_.draft_tokens);
  }
}

// Lets the model's MTP layer see every row whose next token is known by now, and draft one token
// for each sequence that decodes.
void Engine::predict_further(std::span<const Chunk> batch) {
  std::vector<std::int64_t> rows;
  std::vector<std::int32_t> next_tokens;
  std::vector<std::int64_t> logit_rows;
  std::vector<Sequence*> drafting;
  ops::SequenceLayout layout;
  std::int64_t first_row = 0;  // of the chunk, in the last forward pass
  for (const Chunk& chunk : batch) {
    Sequence& sequence = *chunk.sequence;
    // When sampling failed there is no token after the last one that is cached.
    const std::int64_t known = std::min(sequence.cached, sequence.size() - 1) - chunk.position;
    for (std::int64_t i = 0; i < known; ++i) {
      rows.push_back(first_row + i);
      next_tokens.push_back(sequence.tokens[static_cast<std::size_t>(chunk.position + i + 1)]);
    }
    if (known > 0) {
      layout.segments.push_back({layout.rows, known, chunk.position, sequence.blocks.blocks()});
    }
    layout.rows += known;
    first_row += chunk.rows + std::ssize(chunk.draft);
    if (sequence.finished || sequence.pending() != 1) continue;
    logit_rows.push_back(layout.rows - 1);
    drafting.push_back(&sequence);
  }
  if (rows.empty()) return;
  const View logits{logits_.data(), std::ssize(logit_rows), logits_.cols()};
  try {
    model_.forward_further(rows, next_tokens, layout, pool_.data(), logit_rows, logits);
  } catch (const std::exception& error) {
    for (const Chunk& chunk : batch) {
      if (!chunk.sequence->finished) fail_sequence(*chunk.sequence, error.what());
    }
    return;
  }
  for (std::size_t i = 0; i < drafting.size(); ++i) {
    const float* row = logits.row(static_cast<std::int64_t>(i));
    const float* best = std::max_element(row, row + logits.cols);
    drafting[i]->further = {static_cast<std::int32_t>(best - row)};
  }
}

// Makes the blocks that are full now known to the prefix cache.
void Engine::remember(Sequence& sequence) {
  if (!options_.prefix_cache) return;
  const std::span<const std::int32_t> tokens(sequence.tokens);
  while ((sequence.chain.blocks + 1) * ops::kBlockTokens <= sequence.cached) {
    const auto block = static_cast<std::size_t>(sequence.chain.blocks);
    const auto filled = tokens.subspan(block * ops::kBlockTokens, ops::kBlockTokens);
    prefixes_.extend(sequence.chain, filled, sequence.blocks.blocks()[block]);
    if (!options_.store) continue;
    sequence.stored = options_.store->child(sequence.stored, filled);
    options_.store->save(sequence.stored, block_bytes(sequence.blocks.blocks()[block]));
  }
}

Sample Engine::sample(const Sequence& sequence, std::span<const float> logits) {
  const Request& request = sequence.request;
  const auto choose = [&](const TokenFilter* filter) {
    return sampler_.sample(logits, request.sampling, sequence.history, sequence.size(),
                           request.logprobs, filter);
  };
  if (!request.constraint) return choose(nullptr);
  if (!vocabulary_) {
    vocabulary_ = std::make_unique<SortedVocabulary>(model_.vocab_size(), options_.token_bytes);
  }
  const ConstraintFilter filter(request, *vocabulary_);
  return choose(&filter);
}

void Engine::accept(Sequence& sequence, Sample sample) {
  const std::int32_t token = sample.token;
  const std::vector<std::int32_t>& stop_tokens = sequence.request.stop_tokens;
  const bool stop = std::find(stop_tokens.begin(), stop_tokens.end(), token) != stop_tokens.end();
  std::string text;
  if (!stop && options_.token_bytes) text = sequence.text.feed(options_.token_bytes(token));
  TokenConstraint* constraint = sequence.request.constraint.get();
  if (!stop && constraint != nullptr) constraint->accept(vocabulary_->bytes(token));
  const bool complete = constraint != nullptr && constraint->must_end();
  sequence.tokens.push_back(token);
  if (sequence.request.sampling.has_penalties()) sequence.history.add_output(token);
  Event event{sequence.id, std::move(sample), std::move(text), {}};
  if (stop || complete || sequence.text.stopped_by()) {
    finish(sequence, FinishReason::stop, std::move(event));
  } else if (sequence.size() == sequence.limit) {
    finish(sequence, FinishReason::length, std::move(event));
  } else {
    events_.push_back(std::move(event));
  }
}

void Engine::fail_sequence(Sequence& sequence, const char* message) {
  finish(sequence, FinishReason::error, Event{sequence.id, {}, {}, {}});
  events_.back().finish->error = message;
}

void Engine::finish(Sequence& sequence, FinishReason reason, Event event) {
  Finish end;
  end.reason = reason;
  end.stop_string = sequence.text.stopped_by();
  const std::vector<std::int32_t>& stops = sequence.request.stop_tokens;
  if (reason == FinishReason::stop && !end.stop_string &&
      std::find(stops.begin(), stops.end(), event.token->token) != stops.end()) {
    end.stop_token = event.token->token;
  }
  end.prompt_tokens = static_cast<std::int64_t>(sequence.request.prompt.size());
  end.cached_tokens = sequence.prefix_hits.value_or(0);
  end.output_tokens = sequence.size() - end.prompt_tokens;
  end.drafted_tokens = sequence.drafted;
  end.accepted_tokens = sequence.accepted;
  event.text += sequence.text.finish();
  event.finish = std::move(end);
  events_.push_back(std::move(event));
  sequence.finished = true;
}

void Engine::remove_finished() {
  const auto finished = [](const Sequence* sequence) { return sequence->finished; };
  std::erase_if(running_, finished);
  std::erase_if(waiting_, finished);
  std::erase_if(sequences_, [](const auto& entry) { return entry.second->finished; });
}

}  // namespace frugal::engine
