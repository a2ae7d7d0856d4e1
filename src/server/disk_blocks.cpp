#include "server/disk_blocks.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "server/sha256.h"

namespace frugal::server {

namespace fs = std::filesystem;

namespace {

// Of blocks that wait to be written: a prompt of some thousand tokens, for small models.
constexpr std::uint64_t kMostWaiting = 128U << 20;

// What stands before the block: a file that was cut off, or changed, is not used.
struct Header {
  std::array<char, 8> magic = {'f', 'r', 'u', 'g', 'a', 'l', 'K', 'V'};
  std::uint64_t size = 0;
  std::uint64_t sum = 0;
};

std::uint64_t sum_of(std::span<const std::byte> bytes) {
  std::uint64_t sum = bytes.size();
  std::uint64_t word = 0;
  for (std::size_t at = 0; at < bytes.size(); at += sizeof word) {
    word = 0;
    std::memcpy(&word, bytes.data() + at, std::min(sizeof word, bytes.size() - at));
    sum = (sum ^ word) * 0x9E3779B97F4A7C15ULL;
    sum ^= sum >> 29;
  }
  return sum;
}

// A descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

bool read_all(int fd, std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::read(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

DiskBlocks::DiskBlocks(fs::path folder, std::string identity, std::uint64_t max_bytes)
    : folder_(std::move(folder)), identity_(std::move(identity)), max_bytes_(max_bytes) {
  std::error_code error;
  fs::create_directories(folder_, error);
  fs::permissions(folder_, fs::perms::owner_all, error);
  require(!error, "{}: {}", folder_.string(), error.message());
  std::vector<fs::directory_entry> entries;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (!entry.is_regular_file()) continue;
    if (entry.path().extension() == ".new") {  // a write that was cut off
      fs::remove(entry.path(), error);
    } else {
      entries.push_back(entry);
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.last_write_time() < b.last_write_time(); });
  for (const auto& entry : entries) add(entry.path().filename().string(), entry.file_size());
  thread_ = std::thread([this] { run(); });
}

DiskBlocks::~DiskBlocks() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

DiskBlocks::Key DiskBlocks::root(const std::string& owner) const {
  // The lengths keep "a" + "bc" apart from "ab" + "c".
  const std::string text = fmt::format("{}:{}:{}", identity_.size(), identity_, owner);
  return sha256(std::as_bytes(std::span(text)));
}

DiskBlocks::Key DiskBlocks::child(const Key& parent, std::span<const std::int32_t> tokens) const {
  return sha256(std::as_bytes(std::span(parent)), std::as_bytes(tokens));
}

void DiskBlocks::add(const std::string& name, std::uint64_t size) {
  used_.push_back(name);
  files_[name] = {size, std::prev(used_.end())};
  bytes_ += size;
}

void DiskBlocks::forget(const std::string& name) {
  const auto found = files_.find(name);
  if (found == files_.end()) return;
  bytes_ -= found->second.size;
  used_.erase(found->second.place);
  files_.erase(found);
}

std::vector<std::string> DiskBlocks::make_room(std::uint64_t bytes) {
  std::vector<std::string> gone;
  while (bytes_ + bytes > max_bytes_) {
    gone.push_back(used_.front());
    forget(gone.back());
  }
  return gone;
}

void DiskBlocks::remove_file(const std::string& name) const {
  std::error_code ignored;
  fs::remove(folder_ / name, ignored);
}

std::uint64_t DiskBlocks::bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

bool DiskBlocks::load(const Key& key, std::span<std::byte> block) {
  const std::string name = hex(key);
  {
    const std::scoped_lock lock(mutex_);
    const auto found = files_.find(name);
    if (found == files_.end()) return false;
    used_.splice(used_.end(), used_, found->second.place);
  }
  const Descriptor file(folder_ / name, O_RDONLY);
  Header header;
  const Header expected;
  const bool read = file.get() >= 0 &&
                    read_all(file.get(), std::as_writable_bytes(std::span(&header, 1))) &&
                    header.magic == expected.magic && header.size == block.size() &&
                    read_all(file.get(), block) && header.sum == sum_of(block);
  if (read) {
    ::futimens(file.get(), nullptr);  // for the order after a restart
  } else {
    const std::scoped_lock lock(mutex_);
    forget(name);
    remove_file(name);
  }
  return read;
}

void DiskBlocks::save(const Key& key, std::span<const std::byte> block) {
  std::string name = hex(key);
  const std::scoped_lock lock(mutex_);
  if (files_.contains(name) || block.size() + sizeof(Header) > max_bytes_) return;
  if (!waiting_.empty() && waiting_bytes_ + block.size() > kMostWaiting) return;
  waiting_.push_back({std::move(name), {block.begin(), block.end()}});
  waiting_bytes_ += block.size();
  wake_.notify_one();
}

void DiskBlocks::flush() {
  std::unique_lock lock(mutex_);
  written_.wait(lock, [this] { return waiting_.empty(); });
}

void DiskBlocks::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const Waiting& next = waiting_.front();  // which stays in place while others are added
    const std::uint64_t size = next.block.size() + sizeof(Header);
    if (!files_.contains(next.name)) {  // it may have been saved twice
      const std::vector<std::string> gone = make_room(size);
      lock.unlock();
      for (const std::string& name : gone) remove_file(name);
      const bool done = write(next);
      lock.lock();
      if (done) add(next.name, size);
    }
    waiting_bytes_ -= next.block.size();
    waiting_.pop_front();
    if (waiting_.empty()) written_.notify_all();
  }
}

// Beside, and renamed: a file of that name is whole, unless the machine itself stops; the sum
// tells. False when the disk does not take it, which is said once.
bool DiskBlocks::write(const Waiting& waiting) {
  const fs::path beside = folder_ / (waiting.name + ".new");
  Header header;
  header.size = waiting.block.size();
  header.sum = sum_of(waiting.block);
  const Descriptor file(beside, O_WRONLY | O_CREAT | O_TRUNC);
  const bool written = file.get() >= 0 &&
                       write_all(file.get(), std::as_bytes(std::span(&header, 1))) &&
                       write_all(file.get(), waiting.block) &&
                       ::rename(beside.c_str(), (folder_ / waiting.name).c_str()) == 0;
  if (written) return true;
  const int fault = errno;
  ::unlink(beside.c_str());
  if (!std::exchange(warned_, true)) {
    log_warning("the prefix cache goes on in memory alone: {}: {}", beside.string(),
                errno_text(fault));
  }
  return false;
}

}  // namespace frugal::server
