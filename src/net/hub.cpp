#include "net/hub.h"

#include <algorithm>
#include <cstdlib>

#include "base/json.h"

namespace frugal::net {

namespace {

constexpr std::size_t kMaxListing = std::size_t{32} << 20;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string percent_encoded(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '-' || c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

std::string text_or_empty(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::uint64_t size_or_zero(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

HubFile read_file(const Json& entry, const std::string& id) {
  HubFile file;
  file.path = text_or_empty(entry, "rfilename");
  require(is_plain_path(file.path), "{}: the hub lists a file named {}, which is not taken", id,
          printable(file.path));
  file.size = size_or_zero(entry, "size");
  const auto lfs = entry.find("lfs");
  if (lfs != entry.end() && lfs->is_object()) {
    if (const std::uint64_t size = size_or_zero(*lfs, "size"); size > 0) file.size = size;
    const std::string sha256 = text_or_empty(*lfs, "sha256");
    if (is_hex(sha256, 64)) file.checksum = {Checksum::Kind::sha256, sha256};
  } else if (const std::string blob = text_or_empty(entry, "blobId"); is_hex(blob, 40)) {
    file.checksum = {Checksum::Kind::git_blob, blob};
  }
  return file;
}

// What a person can do about an answer that refuses.
[[noreturn]] void explain(const HttpError& error, const std::string& id,
                          const std::string& endpoint, bool has_token) {
  const std::string page = endpoint + "/" + id;
  const int status = error.cause().status;
  if (status == 404) fail("{} does not exist on {}", id, endpoint);
  if (status == 403) {
    fail("{} is not open to this token: its owner asks that the terms at {} be accepted first", id,
         page);
  }
  if (status == 401 && !has_token) {
    fail(
        "{} does not exist on {}, or is not open to everybody: see {}, then set HF_TOKEN to a "
        "token of your account there and run this again",
        id, endpoint, page);
  }
  if (status == 401) fail("{} does not take the token in HF_TOKEN, or has no {}", endpoint, id);
  throw error;
}

}  // namespace

// Paths come from the network and become names on this disk.
bool is_plain_path(std::string_view path) {
  if (path.empty() || path.size() > 500) return false;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    const bool clean = std::none_of(part.begin(), part.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '\\';
    });
    if (!clean) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
  return false;  // ends with a slash
}

bool is_repository_id(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || text.size() > 200 || !is_plain_path(text)) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
                              c == '/';
                     }) &&
         text.find('/', slash + 1) == std::string_view::npos;
}

Hub Hub::from_environment() {
  std::string endpoint = environment("HF_ENDPOINT");
  if (endpoint.empty()) endpoint = "https://huggingface.co";
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return {endpoint, environment("HF_TOKEN")};
}

HubRepository Hub::list(const std::string& id, const std::string& revision,
                        const std::function<bool()>& stopped, const RetryPolicy& retry) const {
  require(is_repository_id(id), "{} is not a repository of the hub (owner/name)", printable(id));
  Request request;
  request.url = fmt::format("{}/api/models/{}/revision/{}?blobs=true", endpoint_, id,
                            percent_encoded(revision));
  request.token = token_;
  request.stopped = stopped;
  std::string text;
  try {
    text = get_text(request, kMaxListing, retry);
  } catch (const HttpError& error) {
    explain(error, id, endpoint_, !token_.empty());
  }
  const std::string what = fmt::format("the answer of {} about {}", endpoint_, id);
  const Json answer = parse_json(text, what);
  require(answer.is_object() && answer.contains("siblings") && answer["siblings"].is_array(),
          "{} is not the listing that was expected", what);
  HubRepository repository{.id = id, .commit = text_or_empty(answer, "sha"), .files = {}};
  require(is_hex(repository.commit, 40), "{} names no revision", what);
  for (const Json& entry : answer["siblings"]) {
    if (entry.is_object()) repository.files.push_back(read_file(entry, id));
  }
  return repository;
}

std::string Hub::file_url(const HubRepository& repository, const std::string& path) const {
  return fmt::format("{}/{}/resolve/{}/{}", endpoint_, repository.id, repository.commit,
                     percent_encoded(path));
}

}  // namespace frugal::net
