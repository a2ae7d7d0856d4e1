#include "net/part_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <vector>

#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"

namespace frugal::net {

namespace fs = std::filesystem;

namespace {

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

PartFile::PartFile(const fs::path& destination)
    : destination_(destination),
      path_(destination.string() + ".part"),
      etag_path_(destination.string() + ".part.etag") {
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  require(fd_ >= 0, "cannot write {}: {}", path_.string(), errno_text(errno));
  struct stat status {};
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0 || ::fstat(fd_, &status) != 0) {
    const int error = errno;
    ::close(fd_);
    require(error != EWOULDBLOCK, "{}: another program is downloading it right now",
            destination.string());
    fail("cannot lock {}: {}", path_.string(), errno_text(error));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  etag_ = first_line(etag_path_);
}

PartFile::~PartFile() {
  if (fd_ >= 0) ::close(fd_);
}

void PartFile::restart(const std::string& etag) {
  if (size_ > 0 && ::ftruncate(fd_, 0) != 0) {
    fail("cannot empty {}: {}", path_.string(), errno_text(errno));
  }
  size_ = 0;
  etag_ = etag;
  std::ofstream(etag_path_) << etag << '\n';
}

void PartFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      require(error != ENOSPC && error != EDQUOT,
              "{}: the disk is full; the {} that are here are kept, so free some space and run the "
              "same command again to continue",
              path_.string(), human_bytes(size_));
      fail("cannot write {}: {}", path_.string(), errno_text(error));
    }
    size_ += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

std::string PartFile::digest(Checksum::Kind kind) const {
  if (kind == Checksum::Kind::none) return "";
  Hasher hasher(kind, size_);
  std::vector<std::byte> buffer(std::size_t{1} << 20);
  for (std::uint64_t offset = 0; offset < size_;) {
    const ssize_t got = ::pread(fd_, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    require(got > 0, "cannot read {}: {}", path_.string(), errno_text(got < 0 ? errno : EIO));
    hasher.add({buffer.data(), static_cast<std::size_t>(got)});
    offset += static_cast<std::uint64_t>(got);
  }
  return hasher.hex();
}

void PartFile::finish() {
  if (::fsync(fd_) != 0) fail("cannot save {}: {}", path_.string(), errno_text(errno));
  std::error_code error;
  fs::rename(path_, destination_, error);
  require(!error, "cannot rename {}: {}", path_.string(), error.message());
  fs::remove(etag_path_, error);
  sync_folder(destination_.parent_path());
}

void PartFile::discard() {
  std::error_code ignored;
  fs::remove(path_, ignored);
  fs::remove(etag_path_, ignored);
}

}  // namespace frugal::net
