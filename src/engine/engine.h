// Serves many requests at once: tokens in, tokens out.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/block_store.h"
#include "engine/constraint.h"
#include "engine/kv_cache.h"
#include "engine/prefix_cache.h"
#include "engine/sampler.h"
#include "models/language_model.h"

namespace frugal::engine {

/// Chosen by the caller; events carry it.
using RequestId = std::uint64_t;

struct EngineOptions {
  /// Size of the KV cache, rounded up to whole blocks.
  std::int64_t cache_tokens = 4096;
  /// Rows of one forward pass: decoding sequences take one each, prompts share the rest.
  std::int64_t max_batch_tokens = 512;
  /// Sequences that run at once; at most max_batch_tokens, so that decoding
  /// alone never fills a batch while a prompt waits.
  std::int64_t max_sequences = 16;
  /// Tokens that a decode step may check beside the one it computes; 0: none. A model with an MTP
  /// layer drafts one itself, for others drafts are made by looking at the text so far. They cost
  /// time when they are wrong, and never change the output.
  std::int64_t draft_tokens = 0;
  /// Whether requests that begin alike share the cache of their beginning: whole blocks, and the
  /// rest by copies from sequences that still run.
  bool prefix_cache = true;
  /// Where the cache of full blocks is kept for later, and looked for; none: in memory only.
  std::shared_ptr<BlockStore> store{};
  /// The bytes of an output token, which may end inside a UTF-8 character; nothing for a token that
  /// is not shown. Without it events have no text, and requests with stop strings are refused.
  std::function<std::string(std::int32_t token)> token_bytes{};
};

struct Request {
  std::vector<std::int32_t> prompt{};
  SamplingOptions sampling{};
  /// Most tokens to produce; none: until the context is full.
  std::optional<std::int64_t> max_tokens{};
  /// Tokens that end the output (end of sequence, end of turn). Empty: none does.
  std::vector<std::int32_t> stop_tokens{};
  /// Texts that end the output, and are not part of its text.
  std::vector<std::string> stop_strings{};
  /// Holds the output to a grammar, and follows it: one of its own for each request, none for free
  /// output. Needs an engine that knows the tokens' text.
  std::shared_ptr<TokenConstraint> constraint{};
  /// How many of the most likely tokens to report; 0: only the chosen one's log-probability.
  std::optional<int> logprobs{};
  /// Requests of one owner share the cache of equal beginnings (in whole blocks of 64 tokens),
  /// those of different owners never do: the time an answer takes would tell what others have
  /// asked.
  std::string owner{};
};

enum class FinishReason {
  stop,       // a stop token, a stop string, or the end of the constraint's grammar
  length,     // max_tokens, or the context is full
  cancelled,  // by cancel()
  error,      // see Finish::error
};

struct Finish {
  FinishReason reason = FinishReason::stop;
  std::optional<std::int32_t> stop_token{};
  std::optional<std::string> stop_string{};
  std::string error{};
  std::int64_t prompt_tokens = 0;
  std::int64_t cached_tokens = 0;  // of the prompt: found in the prefix cache
  std::int64_t output_tokens = 0;  // a stop token counts
  std::int64_t drafted_tokens = 0;
  std::int64_t accepted_tokens = 0;  // of the drafted ones: they became output
};

/// Something happened to a request. The last event of each has `finish`.
struct Event {
  RequestId request = 0;
  std::optional<Sample> token{};  // the next output token; a stop token is reported too
  std::string text{};             // output text that became certain
  std::optional<Finish> finish{};
};

/// Continuous batching over one model, on the caller's thread. The output of a request depends on
/// the request alone, neither on the others nor on the options: the model's rows are independent
/// bit for bit, and random numbers go by seed and position.
///
/// Requests of one owner start in the order of submission, as cache and max_sequences allow; of
/// several owners the one with the fewest running sequences comes next. One whose prompt a
/// running sequence of its owner is about to compute waits for that, and copies it. Cache is taken
/// as sequences grow; when it runs out, the sequence that started last gives its blocks back and is
/// computed again later, so that the oldest always gets on.
class Engine {
 public:
  /// Throws Error on options out of range, and when the cache's memory cannot be had.
  Engine(models::LanguageModel& model, EngineOptions options);
  ~Engine();

  /// Most tokens that prompt and output may have together: what the model and the cache hold.
  std::int64_t context() const;

  /// Throws Error saying why when this engine could not serve `request` even if it had nothing else
  /// to do. May be called from any thread.
  void check(const Request& request) const;

  /// Queues a request. Throws as check() does, and when `id` is in use.
  void submit(RequestId id, Request request);

  /// Ends a request with what it has; false when there is none of this id (any more). Its event
  /// comes with the next step, its memory is free at once.
  bool cancel(RequestId id);

  /// One forward pass over what can run; returns what happened since the last step. When the model
  /// throws, all sequences of the batch end with an error, and the engine goes on.
  std::vector<Event> step();

  /// Forgets the cache of earlier requests: after the model's weights have changed, which may only
  /// be while nothing runs. Throws Error when something does.
  void clear_prefix_cache();

  /// True when step() has nothing to do or to report.
  bool idle() const;

  std::int64_t running() const { return static_cast<std::int64_t>(running_.size()); }
  std::int64_t waiting() const { return static_cast<std::int64_t>(waiting_.size()); }
  std::int64_t free_blocks() const { return pool_.available(); }

 private:
  struct Sequence;
  struct Chunk {
    Sequence* sequence;
    std::int64_t rows;      // of known tokens
    std::int64_t position;  // of the first
    std::vector<std::int32_t> draft{};
  };

  void make_room();
  void admit();
  std::deque<Sequence*>::iterator next_in_turn();
  bool start(Sequence& sequence);
  bool waits_for_its_prompt(const Sequence& sequence) const;
  void copy_beginning(Sequence& sequence);
  void load_stored(Sequence& sequence);
  std::span<std::byte> block_bytes(std::int32_t block);
  void remember(Sequence& sequence);
  std::vector<Chunk> plan();
  std::vector<std::int32_t> draft_for(Sequence& sequence, std::int64_t most);
  bool forward(std::span<const Chunk> batch);
  void take_logits(std::span<const Chunk> batch);
  void take_rows(const Chunk& chunk, std::int64_t row);
  Sample sample(const Sequence& sequence, std::span<const float> logits);
  void predict_further(std::span<const Chunk> batch);
  void accept(Sequence& sequence, Sample sample);
  void fail_sequence(Sequence& sequence, const char* message);
  void finish(Sequence& sequence, FinishReason reason, Event event);
  void remove_finished();

  models::LanguageModel& model_;
  EngineOptions options_;
  BlockPool pool_;
  PrefixCache prefixes_;
  Sampler sampler_;
  std::unique_ptr<SortedVocabulary> vocabulary_;  // made for the first constraint
  Tensor logits_;                                 // [max_sequences * (1 + draft_tokens), vocab]
  std::unordered_map<RequestId, std::unique_ptr<Sequence>> sequences_;
  std::vector<Sequence*> running_;  // in the order of their start
  std::deque<Sequence*> waiting_;
  std::vector<Event> events_;
};

}  // namespace frugal::engine
