// The Hugging Face hub: what a repository holds, and where its files are.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "net/checksum.h"
#include "net/http.h"

namespace frugal::net {

struct HubFile {
  std::string path;  // inside the repository, checked to be a plain relative path
  std::uint64_t size = 0;
  Checksum checksum;
};

struct HubRepository {
  std::string id;      // "owner/name"
  std::string commit;  // the revision that was asked for, resolved: 40 hexadecimal digits
  std::vector<HubFile> files;
};

/// True for "owner/name" of the characters that the hub allows.
bool is_repository_id(std::string_view text);
/// True for a relative path without "..", empty parts or control characters.
bool is_plain_path(std::string_view path);

class Hub {
 public:
  /// `endpoint` such as "https://huggingface.co"; `token` may be empty.
  Hub(std::string endpoint, std::string token)
      : endpoint_(std::move(endpoint)), token_(std::move(token)) {}
  /// The public hub, or HF_ENDPOINT; the token from HF_TOKEN.
  static Hub from_environment();

  /// Lists a repository. Throws Error, saying what to do, when it does not exist, needs a token, or
  /// its licence has not been accepted; HttpError when the hub cannot be reached.
  HubRepository list(const std::string& id, const std::string& revision,
                     const std::function<bool()>& stopped, const RetryPolicy& retry = {}) const;

  std::string file_url(const HubRepository& repository, const std::string& path) const;
  const std::string& endpoint() const { return endpoint_; }
  const std::string& token() const { return token_; }

 private:
  std::string endpoint_;
  std::string token_;
};

}  // namespace frugal::net
