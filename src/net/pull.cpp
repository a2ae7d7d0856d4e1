#include "net/pull.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "base/progress.h"

namespace frugal::net {

namespace fs = std::filesystem;

namespace {

constexpr const char* kIndex = "model.safetensors.index.json";

// Besides the weights: what formats and text read, and the licence that goes with the copy.
bool is_small_part(const std::string& path) {
  static const std::set<std::string> names = {"config.json",
                                              "generation_config.json",
                                              "tokenizer.json",
                                              "LICENSE",
                                              "special_tokens_map.json",
                                              "tokenizer_config.json",
                                              "LICENSE.md",
                                              "LICENSE.txt",
                                              "chat_template.jinja",
                                              "chat_template.json"};
  return names.contains(path);
}

bool is_gguf(const HubFile& file) { return file.path.ends_with(".gguf"); }

// "name-00002-of-00005.gguf" -> "name-", "-of-00005.gguf"; both empty when not split.
std::pair<std::string, std::string> split_name(const std::string& path) {
  constexpr std::size_t kTail = std::string_view("00002-of-00005.gguf").size();
  if (path.size() <= kTail || path.substr(path.size() - kTail + 5, 4) != "-of-") return {};
  return {path.substr(0, path.size() - kTail), path.substr(path.size() - kTail + 5)};
}

std::string join(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::vector<HubFile> choose_safetensors(const HubRepository& repository) {
  const auto has = [&](std::string_view path) {
    return std::any_of(repository.files.begin(), repository.files.end(),
                       [&](const HubFile& file) { return file.path == path; });
  };
  const bool single = has("model.safetensors");
  std::vector<HubFile> chosen;
  for (const HubFile& file : repository.files) {
    const bool weights = single
                             ? file.path == "model.safetensors"
                             : file.path == kIndex || (file.path.starts_with("model") &&
                                                       file.path.find('/') == std::string::npos &&
                                                       file.path.ends_with(".safetensors"));
    if (weights || is_small_part(file.path)) chosen.push_back(file);
  }
  if ((single || has(kIndex)) && has("config.json")) return chosen;
  std::vector<std::string> ggufs;
  for (const HubFile& file : repository.files) {
    if (is_gguf(file)) ggufs.push_back(file.path);
  }
  require(!ggufs.empty(), "{} holds neither safetensors with a config.json nor a GGUF file",
          repository.id);
  fail("{} holds GGUF files only; choose one, as in: frugal pull {}/{} (there are: {})",
       repository.id, repository.id, ggufs.front(), printable(join(ggufs), 2000));
}

std::vector<HubFile> choose_gguf(const HubRepository& repository, const std::string& path) {
  const auto [head, tail] = split_name(path);
  std::vector<HubFile> chosen;
  for (const HubFile& file : repository.files) {
    const auto [other_head, other_tail] = split_name(file.path);
    if (file.path == path || (!head.empty() && head == other_head && tail == other_tail)) {
      chosen.push_back(file);
    }
  }
  require(!chosen.empty(), "{} has no file {}", repository.id, path);
  std::sort(chosen.begin(), chosen.end(),
            [](const HubFile& a, const HubFile& b) { return a.path < b.path; });
  return chosen;
}

fs::path partial_folder(const ModelName& name) {
  const fs::path kind = name.gguf.empty() ? "models" : "gguf";
  // Two GGUF files of one repository may be fetched one after the other; each has its own folder.
  std::string leaf = name.gguf;
  std::replace(leaf.begin(), leaf.end(), '/', '-');
  return cache_folder() / kind / (name.repository + (leaf.empty() ? "" : "-" + leaf) + ".partial");
}

fs::path commit_file(const ModelName& name) { return partial_folder(name) / ".commit"; }

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  require(!error, "cannot make the folder {}: {}", folder.string(), error.message());
}

// Size of a file that is complete here, or of its part.
std::uint64_t bytes_here(const fs::path& path) {
  std::error_code error;
  std::uintmax_t size = fs::file_size(path, error);
  if (error) size = fs::file_size(path.string() + ".part", error);
  return error ? 0 : size;
}

void check_space(const PullPlan& plan, const fs::path& folder) {
  std::uint64_t here = 0;
  for (const HubFile& file : plan.files) {
    here += std::min(file.size, bytes_here(folder / file.path));
  }
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (error) return;  // the write itself will tell
  const std::uint64_t missing = plan.bytes - here;
  require(missing <= space.available,
          "{} still needs {}, and the disk of {} has {} free; free some space, or set "
          "XDG_CACHE_HOME to a folder on a larger disk",
          plan.repository.id, human_bytes(missing), folder.string(), human_bytes(space.available));
}

void move_into_place(const PullPlan& plan, const fs::path& folder) {
  std::error_code error;
  fs::remove(folder / ".commit", error);
  if (plan.name.gguf.empty()) {
    fs::remove_all(plan.destination, error);  // of an older revision
    fs::rename(folder, plan.destination, error);
    require(!error, "cannot move {} to {}: {}", folder.string(), plan.destination.string(),
            error.message());
    return;
  }
  // The first part of a split file is the one that is opened, so it comes last.
  for (auto file = plan.files.rbegin(); file != plan.files.rend(); ++file) {
    const fs::path to = cached_path({plan.name.repository, file->path});
    make_folder(to.parent_path());
    fs::rename(folder / file->path, to, error);
    require(!error, "cannot move {} to {}: {}", folder.string(), to.string(), error.message());
  }
  fs::remove_all(folder, error);
}

}  // namespace

PullPlan plan_pull(const ModelName& name, HubRepository repository) {
  PullPlan plan;
  plan.name = name;
  plan.repository = std::move(repository);
  plan.files = name.gguf.empty() ? choose_safetensors(plan.repository)
                                 : choose_gguf(plan.repository, name.gguf);
  for (const HubFile& file : plan.files) plan.bytes += file.size;
  plan.destination = name.gguf.empty() ? cached_path(name)
                                       : cached_path({name.repository, plan.files.front().path});
  return plan;
}

std::string interrupted_commit(const ModelName& name) {
  std::ifstream file(commit_file(name));
  std::string commit;
  std::getline(file, commit);
  return commit;
}

void pull(const Hub& hub, const PullPlan& plan, const PullOptions& options) {
  const fs::path folder = partial_folder(plan.name);
  make_folder(folder);
  check_space(plan, folder);
  std::ofstream(commit_file(plan.name)) << plan.repository.commit << '\n';
  std::uint64_t done = 0;
  std::uint64_t resumed = 0;
  for (const HubFile& file : plan.files) {
    const fs::path to = folder / file.path;
    make_folder(to.parent_path());
    if (std::error_code error; fs::exists(to, error)) {  // an earlier call checked and renamed it
      resumed += file.size;
    } else {
      const DownloadOptions download_options{
          .retry = options.retry,
          .progress =
              [&](std::uint64_t file_done, std::uint64_t file_resumed) {
                if (options.progress) options.progress(done + file_done, resumed + file_resumed);
              },
          .stopped = options.stopped};
      const std::uint64_t before = bytes_here(to);
      download(
          {hub.file_url(plan.repository, file.path), to, file.size, file.checksum, hub.token()},
          download_options);
      resumed += std::min(before, file.size);
    }
    done += file.size;
    if (options.progress) options.progress(done, resumed);
  }
  move_into_place(plan, folder);
}

}  // namespace frugal::net
