#include "net/download.h"

#include <charconv>
#include <optional>

#include "base/log.h"
#include "base/progress.h"
#include "net/part_file.h"

namespace frugal::net {

namespace {

struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t total = 0;  // 0 when unknown ("*")
};

// "bytes 5-9/10" or, with status 416, "bytes */10" (RFC 9110, section 14.4).
std::optional<ContentRange> parse_content_range(std::string_view text) {
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  ContentRange range;
  const std::string_view total = text.substr(slash + 1);
  std::from_chars(text.data(), text.data() + slash, range.first);
  std::from_chars(total.data(), total.data() + total.size(), range.total);
  return range;
}

std::uint64_t parse_size(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

class Downloader {
 public:
  Downloader(const Download& wanted, const DownloadOptions& options)
      : wanted_(wanted), options_(options), part_(wanted.destination), size_(wanted.size) {
    checksum_ = wanted.checksum;
  }

  void run() {
    if (size_ > 0 && part_.size() > size_) part_.restart("");
    resumed_ = part_.size();
    fetch();
    if (const std::string fault = fault_of_part(); !fault.empty()) {
      // What an earlier run left may be at fault: one fresh start decides.
      if (resumed_ == 0) fail_with(fault);
      log_warning("{}: {}; starting again from the beginning", name(), fault);
      part_.restart("");
      resumed_ = 0;
      fetch();
      if (const std::string again = fault_of_part(); !again.empty()) fail_with(again);
    }
    part_.finish();
  }

 private:
  std::string name() const { return wanted_.destination.filename().string(); }

  [[noreturn]] void fail_with(const std::string& fault) {
    part_.discard();
    fail("{}: {}; the download was removed", name(), fault);
  }

  std::string fault_of_part() const {
    if (size_ > 0 && part_.size() != size_) {
      return fmt::format("{} bytes arrived, {} were expected", part_.size(), size_);
    }
    const std::string digest = part_.digest(checksum_.kind);
    if (digest != checksum_.hex) {
      return fmt::format("its checksum is {}, expected {}", digest, checksum_.hex);
    }
    return "";
  }

  void fetch() {
    if (size_ > 0 && part_.size() == size_) return;
    with_retries(options_.retry, options_.stopped, [&](bool& progressed) {
      const std::uint64_t before = part_.size();
      try {
        fetch_rest();
      } catch (const HttpError&) {
        progressed = part_.size() > before;
        throw;
      }
      progressed = part_.size() > before;
      // A server that closes early without having said how much would come.
      if (size_ > 0 && part_.size() < size_) {
        throw HttpError(fmt::format("{}: the connection ended after {} of {} bytes",
                                    url_for_people(wanted_.url), part_.size(), size_),
                        {.transient = true});
      }
    });
  }

  // Whether the bytes at hand can be continued: the ETag proves that they belong to the same file,
  // or, where there is none that RFC 9110 allows here, the checksum at the end will.
  bool resumable() const {
    const bool strong = part_.etag().starts_with('"');
    return part_.size() > 0 && (strong || checksum_.kind != Checksum::Kind::none);
  }

  void fetch_rest() {
    if (part_.size() > 0 && !resumable()) part_.restart("");
    Request request;
    request.url = wanted_.url;
    request.token = wanted_.token;
    request.stopped = options_.stopped;
    request.first_byte = part_.size();
    if (part_.etag().starts_with('"')) request.if_range = part_.etag();
    bool ignore_body = false;
    get(request, {.begin = [&](const Answer& answer) { ignore_body = !accept(answer); },
                  .data =
                      [&](std::span<const std::byte> bytes) {
                        if (ignore_body) return;
                        require(size_ == 0 || bytes.size() <= size_ - part_.size(),
                                "{}: the server sends more than the {} bytes expected", name(),
                                size_);
                        part_.append(bytes);
                        if (options_.progress) options_.progress(part_.size(), resumed_);
                      }});
  }

  // Makes the part fit what comes; false when nothing more is needed.
  bool accept(const Answer& answer) {
    note_checksum(answer);
    const auto range = parse_content_range(answer.header("content-range"));
    if (answer.status == 206) {
      require(range && range->first == part_.size(),
              "{}: asked for the bytes from {} on, the server sends others ({})", name(),
              part_.size(), printable(answer.header("content-range")));
      note_size(range->total);
      return true;
    }
    if (answer.status == 416) {
      // Nothing is left to send: either all is here, or the part is of another file.
      if (range && range->total == part_.size() && part_.size() > 0) return false;
      part_.restart("");
      throw HttpError(fmt::format("{}: the file has changed on the server", name()),
                      {.status = 416, .transient = true});
    }
    part_.restart(answer.header("etag"));
    resumed_ = 0;
    note_size(parse_size(answer.header("content-length")));
    return true;
  }

  void note_checksum(const Answer& answer) {
    if (checksum_.kind != Checksum::Kind::none) return;
    std::string linked = answer.header("x-linked-etag");
    std::erase(linked, '"');
    if (is_sha256(linked)) checksum_ = {Checksum::Kind::sha256, linked};
  }

  void note_size(std::uint64_t size) {
    if (size == 0) return;
    require(size_ == 0 || size_ == size, "{}: {} bytes on the server, {} were expected", name(),
            size, size_);
    size_ = size;
  }

  const Download& wanted_;
  const DownloadOptions& options_;
  PartFile part_;
  Checksum checksum_;
  std::uint64_t size_;
  std::uint64_t resumed_ = 0;
};

}  // namespace

void download(const Download& wanted, const DownloadOptions& options) {
  Downloader(wanted, options).run();
}

}  // namespace frugal::net
