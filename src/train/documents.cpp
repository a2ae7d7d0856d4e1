#include "train/documents.h"

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "train/byte_source.h"

namespace frugal::train {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = 1 << 20;
// A longer line is no document but a file of another kind.
constexpr std::size_t kLongestLine = 1U << 30;

// Reads until `buffer` grew by a piece or the file ended; says whether it goes on.
bool fill(ByteSource& source, std::string& buffer) {
  const std::size_t before = buffer.size();
  buffer.resize(before + kPiece);
  const std::size_t got = source.read(std::span(buffer).subspan(before));
  buffer.resize(before + got);
  return got == kPiece;
}

// Tokenizers in use never join tokens across a line's end that text follows, so pieces begin with
// one, and memory stays small.
void read_text(const fs::path& file, ByteSource& source, const DocumentSink& sink) {
  std::string buffer;
  std::uint64_t done = 0;
  for (bool more = true; more;) {
    more = fill(source, buffer);
    const std::size_t zero = buffer.find('\0');
    require(zero == std::string::npos, "{}: byte {} is 0; this is no text", file.string(),
            done + zero);
    std::size_t size = buffer.size();
    if (more) {
      const std::size_t line = buffer.rfind('\n');
      size = line == std::string::npos ? 0 : line;
    }
    if (size > 0) sink.piece(std::string_view(buffer).substr(0, size));
    buffer.erase(0, size);
    done += size;
    require(buffer.size() <= kLongestLine, "{}: a line of more than {} bytes", file.string(),
            kLongestLine);
    sink.file_bytes(source.file_bytes());
  }
  if (done > 0) sink.end();
}

void read_line(std::string_view line, const std::string& place, const std::string& text_key,
               const DocumentSink& sink) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  const Json json = parse_json(line, place);
  const bool has_text = json.is_object() && json.contains(text_key) && json[text_key].is_string();
  require(has_text, "{}: no text under \"{}\"", place, printable(text_key));
  sink.piece(json[text_key].get_ref<const std::string&>());
  sink.end();
}

void read_jsonl(const fs::path& file, ByteSource& source, const std::string& text_key,
                const DocumentSink& sink) {
  std::string buffer;
  std::int64_t number = 0;
  for (bool more = true; more;) {
    more = fill(source, buffer);
    std::size_t begin = 0;
    const auto take = [&](std::size_t end) {
      read_line(std::string_view(buffer).substr(begin, end - begin),
                fmt::format("{} line {}", file.string(), ++number), text_key, sink);
      begin = end + 1;
    };
    for (std::size_t end = 0; (end = buffer.find('\n', begin)) != std::string::npos;) take(end);
    if (!more && begin < buffer.size()) take(buffer.size());
    buffer.erase(0, std::min(begin, buffer.size()));
    require(buffer.size() <= kLongestLine, "{} line {}: more than {} bytes", file.string(),
            number + 1, kLongestLine);
    sink.file_bytes(source.file_bytes());
  }
}

}  // namespace

std::vector<fs::path> data_files(const fs::path& path) {
  require(fs::exists(path), "cannot open {}: No such file or directory", path.string());
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator at(path), end; at != end; ++at) {
    if (at->path().filename().string().starts_with('.')) {
      at.disable_recursion_pending();
    } else if (at->is_regular_file()) {
      files.push_back(at->path());
    }
  }
  require(!files.empty(), "{} holds no file", path.string());
  std::ranges::sort(files);
  return files;
}

void read_documents(const fs::path& file, const std::string& text_key, const DocumentSink& sink) {
  const std::unique_ptr<ByteSource> source = open_bytes(file);
  fs::path name = file.filename();
  if (name.extension() == ".gz" || name.extension() == ".zst") name = name.stem();
  if (name.extension() == ".jsonl") {
    read_jsonl(file, *source, text_key, sink);
  } else {
    read_text(file, *source, sink);
  }
}

}  // namespace frugal::train
