// Downloads of large files that survive broken connections and interrupted programs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "net/checksum.h"
#include "net/http.h"

namespace frugal::net {

struct Download {
  std::string url;
  std::filesystem::path destination;
  std::uint64_t size = 0;  // expected bytes; 0 when unknown
  Checksum checksum;       // none: taken from the answer when the server names one
  std::string token;       // see Request::token
};

struct DownloadOptions {
  RetryPolicy retry = {};
  /// Bytes of this file so far, of which `resumed` were there before; called often.
  std::function<void(std::uint64_t done, std::uint64_t resumed)> progress = nullptr;
  /// True ends the download with Interrupted; the part is kept.
  std::function<bool()> stopped = nullptr;
};

/// Writes the file at `url` to `destination`, whose folder exists. The bytes gather in
/// DESTINATION.part, which an earlier call may have left and which is continued (Range, with
/// If-Range when the server gave an ETag); the destination appears only when size and checksum are
/// right. Broken connections, time-outs and statuses 408, 429 and 5xx are tried again. Throws
/// HttpError, Interrupted, or Error (checksum, disk full ...).
void download(const Download& wanted, const DownloadOptions& options);

}  // namespace frugal::net
