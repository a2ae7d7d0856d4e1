// Runs a fuzz target on every file of a folder: its corpus as a test, on any compiler.
#include <cstdint>
#include <cstdio>
#include <filesystem>

#include "base/error.h"
#include "base/mapped_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  int files = 0;
  try {
    frugal::require(argc == 2, "usage: {} FOLDER", argv[0]);
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
      const frugal::MappedFile file(entry.path());
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(file.bytes().data()),
                             file.size());
      ++files;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "after %d files: %s\n", files, error.what());
    return 1;
  }
  std::printf("%d files\n", files);
  return files > 0 ? 0 : 1;
}
