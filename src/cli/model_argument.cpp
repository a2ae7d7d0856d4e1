#include "cli/model_argument.h"

#include <vector>

#include "base/error.h"
#include "base/nearest.h"
#include "cli/fetch.h"
#include "net/cache.h"
#include "net/catalog.h"

namespace frugal::cli {

namespace fs = std::filesystem;

fs::path resolve_model(const std::string& text) {
  std::error_code error;
  if (fs::exists(text, error)) return text;
  if (text == kBoxModel) {
    if (fs::path here = find_box_model(); !here.empty()) return here;
  }
  const net::KnownModel* known = net::find_known_model(text);
  if (known != nullptr && known->name == net::kSmallModel) {
    if (fs::path here = find_small_model(); !here.empty()) return here;
  }
  const net::ModelName name = net::parse_model_name(text);
  if (!name.repository.empty()) {
    if (fs::path here = net::cached_path(name); fs::exists(here, error)) return here;
    // "owner/name" may as well have been meant as a path.
    if (known == nullptr) {
      fail(
          "{}: there is no such file or folder, and no model of this name was fetched; if it is "
          "on the hub, fetch it with: frugal pull {}",
          text, text);
    }
    fail("{} is not on this machine; fetch it ({:g} GB) with: frugal pull {}", text,
         known->gigabytes, known->name);
  }
  std::vector<std::string> names = {std::string(kBoxModel)};
  for (const net::KnownModel& model : net::known_models()) names.emplace_back(model.name);
  const std::string suggestion = nearest(text, names);
  fail("{}: there is no such file or folder, nor a model of this name{}", printable(text),
       suggestion.empty() ? " (frugal pull --list shows the known ones)"
                          : "; did you mean " + suggestion + "?");
}

}  // namespace frugal::cli
