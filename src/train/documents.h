// The documents of text files, JSONL files and folders of both.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace frugal::train {

/// Where documents arrive, in pieces that end at a line's end or where the document does.
struct DocumentSink {
  std::function<void(std::string_view piece)> piece;
  std::function<void()> end;                            // of a document
  std::function<void(std::uint64_t bytes)> file_bytes;  // read of the current file so far
};

/// The file itself, or every file in the folder and the folders in it, sorted by name; those whose
/// names begin with a dot are left out. Throws Error when there is none.
std::vector<std::filesystem::path> data_files(const std::filesystem::path& path);

/// Reads a file, decompressed when it ends in .gz or .zst. Each line of .jsonl is an object whose
/// `text_key` holds a document; any other file is one document of text. Throws Error naming file
/// and line, or byte, of what is neither.
void read_documents(const std::filesystem::path& file, const std::string& text_key,
                    const DocumentSink& sink);

}  // namespace frugal::train
