#include "train/data.h"

#include <algorithm>

#include "base/error.h"
#include "base/mapped_file.h"

namespace frugal::train {

namespace {

std::unique_ptr<TokenStream> encode(const RunTokenizer& tokenizer, std::string_view text) {
  return std::make_unique<TokenList>(
      encode_document(tokenizer.tokenizer, text, tokenizer.end_token));
}

// Where the last `share` of the text begins, at a line's start.
std::size_t validation_begin(std::string_view text, double share) {
  const auto wanted = static_cast<std::size_t>((1 - share) * static_cast<double>(text.size()));
  const std::size_t line = text.find('\n', std::min(wanted, text.size()));
  return line == std::string_view::npos ? text.size() : line + 1;
}

}  // namespace

RunData load_data(const DataOptions& options, const RunTokenizer& tokenizer) {
  const MappedFile file(options.path);
  require(file.size() > 0, "{} is empty", options.path.string());
  RunData data;
  std::string_view text = file.text();
  if (!options.validation_path.empty()) {
    data.validation_stream = encode(tokenizer, MappedFile(options.validation_path).text());
  } else if (options.validation_share > 0) {
    const std::size_t begin = validation_begin(text, options.validation_share);
    data.validation_stream = encode(tokenizer, text.substr(begin));
    text = text.substr(0, begin);
  }
  require(data.validation_stream == nullptr || data.validation_stream->size() > 1,
          "{}: there is no text to validate with", options.path.string());
  data.training_stream = encode(tokenizer, text);
  WindowOptions windows;
  windows.length = options.sequence_length;
  windows.end_token = tokenizer.end_token;
  windows.mask_samples = options.mask_samples;
  windows.fim_share = options.fim_share;
  windows.fim = tokenizer.fim;
  windows.seed = options.seed;
  data.training = std::make_unique<Windows>(*data.training_stream, windows);
  if (data.validation_stream != nullptr) {
    windows.fim_share = 0;
    windows.shuffle = false;
    windows.length = std::min(windows.length, data.validation_stream->size() - 1);
    data.validation = std::make_unique<Windows>(*data.validation_stream, windows);
  }
  return data;
}

}  // namespace frugal::train
