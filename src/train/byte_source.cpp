#include "train/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/error.h"

namespace frugal::train {

namespace {

constexpr std::size_t kChunk = 1 << 16;

class PlainBytes final : public ByteSource {
 public:
  explicit PlainBytes(const std::filesystem::path& path) : path_(path) {
    fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    require(fd_ >= 0, "cannot open {}: {}", path.string(), errno_text(errno));
    struct stat info {};
    if (::fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) {
      ::close(fd_);
      fail("cannot read {}: not a regular file", path.string());
    }
  }
  ~PlainBytes() override { ::close(fd_); }
  PlainBytes(const PlainBytes&) = delete;
  PlainBytes& operator=(const PlainBytes&) = delete;

  std::size_t read(std::span<char> out) override {
    std::size_t filled = 0;
    while (filled < out.size()) {
      const ssize_t got = ::read(fd_, out.data() + filled, out.size() - filled);
      if (got < 0 && errno == EINTR) continue;
      require(got >= 0, "cannot read {} after {} bytes: {}", path_.string(), read_,
              errno_text(errno));
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
      read_ += static_cast<std::uint64_t>(got);
    }
    return filled;
  }
  std::uint64_t file_bytes() const override { return read_; }

 private:
  std::filesystem::path path_;
  int fd_ = -1;
  std::uint64_t read_ = 0;
};

// What decoders share: compressed bytes in chunks.
class Input {
 public:
  explicit Input(const std::filesystem::path& path) : file_(path), buffer_(kChunk) {}

  /// The bytes not used yet, after reading more when there are none; empty at the end.
  std::span<char> rest() {
    if (begin_ == end_) {
      begin_ = 0;
      end_ = file_.read(buffer_);
    }
    return std::span(buffer_).subspan(begin_, end_ - begin_);
  }
  void use(std::size_t count) { begin_ += count; }
  std::uint64_t file_bytes() const { return file_.file_bytes() - (end_ - begin_); }

 private:
  PlainBytes file_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

class GzipBytes final : public ByteSource {
 public:
  explicit GzipBytes(const std::filesystem::path& path) : path_(path), input_(path) {
    constexpr int kGzip = 16;  // as zlib.h has it: window bits plus 16
    require(inflateInit2(&stream_, MAX_WBITS + kGzip) == Z_OK, "zlib cannot start");
  }
  ~GzipBytes() override { inflateEnd(&stream_); }
  GzipBytes(const GzipBytes&) = delete;
  GzipBytes& operator=(const GzipBytes&) = delete;

  std::size_t read(std::span<char> out) override {
    std::size_t filled = 0;
    while (filled < out.size()) {
      const std::span<char> in = input_.rest();
      if (in.empty()) {
        require(!inside_, "{}: the gzip data end after {} bytes, in the middle", path_.string(),
                input_.file_bytes());
        break;
      }
      // One file may hold several members one after the other.
      if (!inside_) inflateReset(&stream_);
      inside_ = true;
      stream_.next_in = reinterpret_cast<Bytef*>(in.data());
      stream_.avail_in = static_cast<uInt>(in.size());
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
      stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size() - filled, kChunk));
      const uInt room = stream_.avail_out;
      const int status = ::inflate(&stream_, Z_NO_FLUSH);
      input_.use(in.size() - stream_.avail_in);
      filled += room - stream_.avail_out;
      require(status == Z_OK || status == Z_STREAM_END, "{}: broken gzip data near byte {}",
              path_.string(), input_.file_bytes());
      if (status == Z_STREAM_END) inside_ = false;
    }
    return filled;
  }
  std::uint64_t file_bytes() const override { return input_.file_bytes(); }

 private:
  std::filesystem::path path_;
  Input input_;
  z_stream stream_ = {};
  bool inside_ = false;
};

class ZstdBytes final : public ByteSource {
 public:
  explicit ZstdBytes(const std::filesystem::path& path)
      : path_(path), input_(path), stream_(ZSTD_createDStream(), ZSTD_freeDStream) {
    require(stream_ != nullptr, "libzstd cannot start");
  }

  std::size_t read(std::span<char> out) override {
    ZSTD_outBuffer to = {out.data(), out.size(), 0};
    while (to.pos < to.size) {
      const std::span<char> in = input_.rest();
      // At the end the decoder may still hold bytes that had no room before.
      if (in.empty() && !inside_) break;
      ZSTD_inBuffer from = {in.data(), in.size(), 0};
      const std::size_t before = to.pos;
      const std::size_t left = ZSTD_decompressStream(stream_.get(), &to, &from);
      require(ZSTD_isError(left) == 0, "{}: broken zstd data near byte {}: {}", path_.string(),
              input_.file_bytes(), ZSTD_getErrorName(left));
      input_.use(from.pos);
      inside_ = left != 0;
      require(!in.empty() || to.pos > before || !inside_,
              "{}: the zstd data end after {} bytes, in the middle", path_.string(),
              input_.file_bytes());
    }
    return to.pos;
  }
  std::uint64_t file_bytes() const override { return input_.file_bytes(); }

 private:
  std::filesystem::path path_;
  Input input_;
  std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> stream_;
  bool inside_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::filesystem::path& path) {
  if (path.extension() == ".gz") return std::make_unique<GzipBytes>(path);
  if (path.extension() == ".zst") return std::make_unique<ZstdBytes>(path);
  return std::make_unique<PlainBytes>(path);
}

}  // namespace frugal::train
