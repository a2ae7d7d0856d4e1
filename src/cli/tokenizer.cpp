// frugal tokenizer: makes tokenizers.
#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/output_file.h"
#include "cli/commands.h"
#include "text/bpe_trainer.h"
#include "train/documents.h"

namespace frugal::cli {

namespace {

struct TrainOptions {
  std::vector<std::string> data;
  std::string out;
  text::BpeTrainerOptions trainer;
  bool json = false;
};

// Pieces of documents end at a line's end, where pieces of the pre-tokenizer end too.
void add_documents(const std::filesystem::path& path, text::BpeTrainer& trainer) {
  for (const std::filesystem::path& file : train::data_files(path)) {
    train::read_documents(file, "text",
                          {.piece = [&](std::string_view piece) { trainer.add(piece); },
                           .end = [] {},
                           .file_bytes = [](std::uint64_t) {}});
  }
}

void run_train(const TrainOptions& o) {
  text::BpeTrainer trainer(o.trainer);
  for (const std::string& path : o.data) add_documents(path, trainer);
  const Json made = trainer.train();
  const std::filesystem::path folder = o.out;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  require(!error, "cannot make the folder {}: {}", folder.string(), error.message());
  write_text(folder / "tokenizer.json", made.dump(1));
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
  train
      ->add_option("--data", options->data,
                   "Texts, JSONL with a text field, either as .gz or .zst too, or folders of them")
      ->required();
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
