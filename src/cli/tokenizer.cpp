// frugal tokenizer: makes tokenizers.
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/output_file.h"
#include "cli/commands.h"
#include "text/bpe_trainer.h"

namespace frugal::cli {

namespace {

struct TrainOptions {
  std::vector<std::string> data;
  std::string out;
  text::BpeTrainerOptions trainer;
  bool json = false;
};

// In chunks that end behind a newline, where pieces end too, so that memory stays small.
void add_file(const std::filesystem::path& path, text::BpeTrainer& trainer) {
  const MappedFile file(path);
  std::string_view rest = file.text();
  constexpr std::size_t kChunk = 1 << 20;
  while (!rest.empty()) {
    std::size_t end = std::min(rest.size(), kChunk);
    if (end < rest.size()) {
      const std::size_t newline = rest.find('\n', end);
      end = newline == std::string_view::npos ? rest.size() : newline + 1;
    }
    trainer.add(rest.substr(0, end));
    rest.remove_prefix(end);
  }
}

void run_train(const TrainOptions& o) {
  text::BpeTrainer trainer(o.trainer);
  for (const std::string& path : o.data) add_file(path, trainer);
  const Json made = trainer.train();
  const std::filesystem::path folder = o.out;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  require(!error, "cannot make the folder {}: {}", folder.string(), error.message());
  OutputFile file(folder / "tokenizer.json");
  file.write(made.dump(1));
  file.commit();
  const std::size_t size = made["model"]["vocab"].size();
  if (o.json) {
    fmt::print("{}\n", Json{{"path", (folder / "tokenizer.json").string()},
                            {"vocab_size", size},
                            {"merges", made["model"]["merges"].size()},
                            {"pre_tokenizer", o.trainer.pre_tokenizer}}
                           .dump());
  } else {
    fmt::print("{}: {} tokens{}\n", (folder / "tokenizer.json").string(), size,
               static_cast<std::int64_t>(size) < o.trainer.vocab_size
                   ? ", all that these texts give"
                   : "");
  }
}

}  // namespace

void add_tokenizer(CLI::App& app) {
  CLI::App* command = app.add_subcommand("tokenizer", "Make tokenizers");
  command->require_subcommand(1);
  CLI::App* train =
      command->add_subcommand("train", "Train a byte-level BPE tokenizer on text files");
  auto options = std::make_shared<TrainOptions>();
  options->trainer.special_tokens = {"<|begin_of_text|>", "<|end_of_text|>"};
  train->add_option("--data", options->data, "Text files")->required();
  train->add_option("--out", options->out, "Folder for tokenizer.json")->required();
  train->add_option("--vocab-size", options->trainer.vocab_size, "Ids in all")
      ->capture_default_str();
  train
      ->add_option(
          "--pre-tokenizer", options->trainer.pre_tokenizer,
          "How texts are cut before merging: smollm, gpt-2, llama-bpe, qwen2, deepseek-v3 ...")
      ->capture_default_str();
  train
      ->add_option("--special", options->trainer.special_tokens,
                   "Special tokens, which take the first ids")
      ->capture_default_str();
  train->add_flag("--json", options->json, "Print JSON");
  train->callback([options] { run_train(*options); });
}

}  // namespace frugal::cli
