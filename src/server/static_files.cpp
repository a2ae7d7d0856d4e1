#include "server/static_files.h"

#include <fmt/core.h>

#include "base/mapped_file.h"

namespace frugal::server {

namespace fs = std::filesystem;

namespace {

// Nothing inline, nothing from elsewhere: what a model writes can neither run nor tell anybody.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
    "'none'";

constexpr const char* kNoPage =
    "<!doctype html><title>frugal</title><p>The server runs. The chat page has not been built: "
    "<code>tools/build_web.sh</code> does it, then restart the server. The "
    "API is there: <a href=\"/models\">/models</a>.";

std::string content_type(const fs::path& path) {
  static const std::map<std::string, std::string> types = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".wasm", "application/wasm"},
      {".txt", "text/plain; charset=utf-8"},
  };
  const auto found = types.find(path.extension().string());
  return found == types.end() ? "application/octet-stream" : found->second;
}

HttpResponse make_response(std::string type, std::string body, bool changes) {
  return {200,
          std::move(type),
          std::move(body),
          {{"Content-Security-Policy", kPolicy},
           {"X-Content-Type-Options", "nosniff"},
           {"Referrer-Policy", "no-referrer"},
           {"Cross-Origin-Opener-Policy", "same-origin"},
           {"Cache-Control", changes ? "no-cache" : "public, max-age=31536000, immutable"}}};
}

}  // namespace

StaticFiles::StaticFiles(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    if (!entry.is_regular_file()) continue;
    const fs::path relative = entry.path().lexically_relative(folder);
    const MappedFile file(entry.path());
    // Files under assets/ have a hash of their contents in their name.
    const bool changes = *relative.begin() != "assets";
    files_[fmt::format("/{}", relative.generic_string())] =
        make_response(content_type(relative), std::string(file.text()), changes);
  }
  const auto index = files_.find("/index.html");
  files_["/"] = index == files_.end() ? make_response("text/html; charset=utf-8", kNoPage, true)
                                      : HttpResponse(index->second);
}

const HttpResponse* StaticFiles::find(const std::string& path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : &found->second;
}

}  // namespace frugal::server
