#include "train/shards.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "net/checksum.h"
#include "train/documents.h"

namespace frugal::train {

namespace {

namespace fs = std::filesystem;

constexpr const char* kIndex = "index.json";
constexpr int kFormat = 1;
constexpr std::int32_t kTwoByteIds = 1 << 16;  // vocabularies up to here take two bytes a token

// A shard is its tokens, little endian, and nothing else; the index says how many.
struct Index {
  std::int64_t token_bytes = 2;
  std::int64_t documents = 0;
  std::vector<std::int64_t> tokens;  // of each shard
};

fs::path shard_path(const fs::path& folder, std::size_t i) {
  return folder / fmt::format("{:05}.tokens", i);
}

class ShardWriter {
 public:
  ShardWriter(fs::path folder, std::int32_t vocab_size, std::int64_t shard_tokens)
      : folder_(std::move(folder)), shard_tokens_(shard_tokens) {
    index_.token_bytes = vocab_size <= kTwoByteIds ? 2 : 4;
  }

  void add(std::span<const std::int32_t> tokens) {
    while (!tokens.empty()) {
      if (file_ == nullptr) {
        file_ = std::make_unique<OutputFile>(shard_path(folder_, index_.tokens.size()));
        index_.tokens.push_back(0);
      }
      const auto room = static_cast<std::size_t>(shard_tokens_ - index_.tokens.back());
      const std::span<const std::int32_t> part = tokens.first(std::min(room, tokens.size()));
      write(part);
      index_.tokens.back() += static_cast<std::int64_t>(part.size());
      if (index_.tokens.back() == shard_tokens_) close();
      tokens = tokens.subspan(part.size());
    }
  }
  void end_document() { ++index_.documents; }
  /// The index comes last: a folder without one is not complete.
  void finish() {
    close();
    const Json json = {{"format", kFormat},
                       {"token_bytes", index_.token_bytes},
                       {"documents", index_.documents},
                       {"tokens", index_.tokens}};
    write_text(folder_ / kIndex, json.dump(1));
  }
  bool empty() const { return index_.tokens.empty(); }

 private:
  void write(std::span<const std::int32_t> tokens) {
    if (index_.token_bytes == 4) return file_->write(std::as_bytes(tokens));
    narrow_.assign(tokens.begin(), tokens.end());
    file_->write(std::as_bytes(std::span<const std::uint16_t>(narrow_)));
  }
  void close() {
    if (file_ != nullptr) file_->commit();
    file_.reset();
  }

  fs::path folder_;
  std::int64_t shard_tokens_;
  Index index_;
  std::unique_ptr<OutputFile> file_;
  std::vector<std::uint16_t> narrow_;
};

void tokenize(const fs::path& data, const std::string& text_key, const RunTokenizer& tokenizer,
              const fs::path& folder, std::int64_t shard_tokens) {
  const std::vector<fs::path> files = data_files(data);
  std::uint64_t total = 0;
  for (const fs::path& file : files) total += fs::file_size(file);
  ProgressBar progress("tokenising", total);
  ShardWriter writer(folder, tokenizer.tokenizer.vocab_size(), shard_tokens);
  std::uint64_t done = 0;
  const DocumentSink sink = {[&](std::string_view piece) {
                               writer.add(tokenizer.tokenizer.encode(piece, {false, false}));
                             },
                             [&] {
                               writer.add(std::span(&tokenizer.end_token, 1));
                               writer.end_document();
                             },
                             [&](std::uint64_t bytes) { progress.update(done + bytes); }};
  for (const fs::path& file : files) {
    read_documents(file, text_key, sink);
    done += fs::file_size(file);
  }
  require(!writer.empty(), "{} holds no text", data.string());
  writer.finish();
}

class Shards final : public TokenStream {
 public:
  explicit Shards(const fs::path& folder) : index_(read_index(folder / kIndex)) {
    begins_.push_back(0);
    for (std::size_t i = 0; i < index_.tokens.size(); ++i) {
      files_.emplace_back(shard_path(folder, i));
      require(static_cast<std::int64_t>(files_[i].size()) == index_.tokens[i] * index_.token_bytes,
              "{} has {} bytes, expected {} tokens of {}; remove {} to tokenise again",
              files_[i].path().string(), files_[i].size(), index_.tokens[i], index_.token_bytes,
              folder.string());
      begins_.push_back(begins_.back() + index_.tokens[i]);
    }
  }

  std::int64_t size() const override { return begins_.back(); }

  void read(std::int64_t begin, std::span<std::int32_t> out) const override {
    const std::int64_t end = begin + static_cast<std::int64_t>(out.size());
    require(begin >= 0 && end <= size(), "tokens {} to {} of {} are wanted", begin, end, size());
    while (!out.empty()) {
      const auto shard =
          static_cast<std::size_t>(std::ranges::upper_bound(begins_, begin) - begins_.begin() - 1);
      const auto count = static_cast<std::size_t>(
          std::min<std::int64_t>(begins_[shard + 1] - begin, std::ssize(out)));
      copy(shard, begin - begins_[shard], out.first(count));
      begin += static_cast<std::int64_t>(count);
      out = out.subspan(count);
    }
  }

 private:
  static Index read_index(const fs::path& path) {
    const Json json = read_json_file(path);
    try {
      require(json.at("format") == kFormat, "{}: shards of another format", path.string());
      Index index = {json.at("token_bytes").get<std::int64_t>(),
                     json.at("documents").get<std::int64_t>(),
                     json.at("tokens").get<std::vector<std::int64_t>>()};
      const bool sound = (index.token_bytes == 2 || index.token_bytes == 4) &&
                         std::ranges::all_of(index.tokens, [](std::int64_t count) {
                           return count > 0 && count <= kShardTokens;
                         });
      require(sound, "{}: sizes that cannot be", path.string());
      return index;
    } catch (const Json::exception& error) {
      fail("{}: not an index of shards: {}", path.string(), error.what());
    }
  }

  void copy(std::size_t shard, std::int64_t begin, std::span<std::int32_t> out) const {
    const std::byte* from = files_[shard].bytes().data() + begin * index_.token_bytes;
    if (index_.token_bytes == 4) {
      std::memcpy(out.data(), from, out.size_bytes());
      return;
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
      std::uint16_t token = 0;
      std::memcpy(&token, from + i * sizeof token, sizeof token);
      out[i] = token;
    }
  }

  Index index_;
  std::vector<MappedFile> files_;
  std::vector<std::int64_t> begins_;  // [shards + 1]
};

}  // namespace

std::string shards_key(const fs::path& data, const std::string& text_key,
                       const RunTokenizer& tokenizer) {
  net::Hasher hasher(net::Checksum::Kind::sha256, 0);
  const auto add = [&](std::string_view text) {
    // Sizes in between, so that no two lists of texts look the same.
    const std::string size = fmt::format("{}:", text.size());
    hasher.add(std::as_bytes(std::span(size)));
    hasher.add(std::as_bytes(std::span(text)));
  };
  add(fmt::format("{} {}", kFormat, tokenizer.end_token));
  add(tokenizer.tokenizer_json);
  add(text_key);
  for (const fs::path& file : data_files(data)) {
    add(file.filename().string());  // its ending decides how it is read
    const MappedFile mapped(file);
    add(mapped.text());
  }
  return hasher.hex().substr(0, 32);
}

std::unique_ptr<TokenStream> open_shards(const fs::path& data, const std::string& text_key,
                                         const RunTokenizer& tokenizer, const std::string& key,
                                         const fs::path& cache, std::int64_t shard_tokens) {
  const fs::path folder = cache / key;
  if (!fs::exists(folder / kIndex)) {
    std::error_code error;
    fs::create_directories(folder, error);
    require(!error, "cannot create {}: {}", folder.string(), error.message());
    try {
      tokenize(data, text_key, tokenizer, folder, shard_tokens);
    } catch (...) {
      fs::remove_all(folder, error);
      throw;
    }
  }
  return std::make_unique<Shards>(folder);
}

}  // namespace frugal::train
