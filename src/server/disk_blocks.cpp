#include "server/disk_blocks.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/log.h"

namespace frugal::server {

namespace fs = std::filesystem;

namespace {

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

engine::BlockStore::Key digest(std::span<const std::byte> first,
                               std::span<const std::byte> second) {
  engine::BlockStore::Key key{};
  unsigned size = 0;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const bool done = context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1 &&
                    EVP_DigestUpdate(context, first.data(), first.size()) == 1 &&
                    EVP_DigestUpdate(context, second.data(), second.size()) == 1 &&
                    EVP_DigestFinal_ex(context, key.data(), &size) == 1;
  EVP_MD_CTX_free(context);
  require(done, "SHA-256 is not available");
  return key;
}

std::string name_of(const engine::BlockStore::Key& key) {
  std::string name;
  for (const std::uint8_t byte : key) name += fmt::format("{:02x}", byte);
  return name;
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
}

DiskBlocks::Key DiskBlocks::root(const std::string& owner) const {
  // The lengths keep "a" + "bc" apart from "ab" + "c".
  const std::string text = fmt::format("{}:{}:{}", identity_.size(), identity_, owner);
  return digest(std::as_bytes(std::span(text)), {});
}

DiskBlocks::Key DiskBlocks::child(const Key& parent, std::span<const std::int32_t> tokens) const {
  return digest(std::as_bytes(std::span(parent)), std::as_bytes(tokens));
}

void DiskBlocks::add(const std::string& name, std::uint64_t size) {
  used_.push_back(name);
  files_[name] = {size, std::prev(used_.end())};
  bytes_ += size;
}

void DiskBlocks::remove(const std::string& name) {
  const auto found = files_.find(name);
  std::error_code ignored;
  fs::remove(folder_ / name, ignored);
  bytes_ -= found->second.size;
  used_.erase(found->second.place);
  files_.erase(found);
}

bool DiskBlocks::load(const Key& key, std::span<std::byte> block) {
  const std::string name = name_of(key);
  const auto found = files_.find(name);
  if (found == files_.end()) return false;
  const Descriptor file(folder_ / name, O_RDONLY);
  Header header;
  const Header expected;
  const bool read = file.get() >= 0 &&
                    read_all(file.get(), std::as_writable_bytes(std::span(&header, 1))) &&
                    header.magic == expected.magic && header.size == block.size() &&
                    read_all(file.get(), block) && header.sum == sum_of(block);
  if (!read) {
    remove(name);
    return false;
  }
  used_.splice(used_.end(), used_, found->second.place);
  ::futimens(file.get(), nullptr);  // for the order after a restart
  return true;
}

void DiskBlocks::save(const Key& key, std::span<const std::byte> block) {
  const std::string name = name_of(key);
  const std::uint64_t size = block.size() + sizeof(Header);
  if (files_.contains(name) || size > max_bytes_) return;
  while (bytes_ + size > max_bytes_) remove(std::string(used_.front()));
  try {
    write(name, block);
    add(name, size);
  } catch (const Error& error) {
    if (!std::exchange(warned_, true)) log_warning("the prefix cache on disk: {}", error.what());
  }
}

// Beside, and renamed: a file of that name is whole, unless the machine itself stops; the sum
// tells.
void DiskBlocks::write(const std::string& name, std::span<const std::byte> block) {
  const fs::path beside = folder_ / (name + ".new");
  Header header;
  header.size = block.size();
  header.sum = sum_of(block);
  const Descriptor file(beside, O_WRONLY | O_CREAT | O_TRUNC);
  const bool written =
      file.get() >= 0 && write_all(file.get(), std::as_bytes(std::span(&header, 1))) &&
      write_all(file.get(), block) && ::rename(beside.c_str(), (folder_ / name).c_str()) == 0;
  if (written) return;
  const int fault = errno;
  ::unlink(beside.c_str());
  fail("{}: {}", beside.string(), errno_text(fault));
}

}  // namespace frugal::server
