#include "server/served_model.h"

#include "server/api_error.h"

namespace frugal::server {

void ModelRegistry::add(const std::string& name, std::int64_t created, Loader loader) {
  const std::scoped_lock lock(mutex_);
  for (const auto& slot : slots_) require(slot->name != name, "two models are called {}", name);
  auto slot = std::make_unique<Slot>();
  slot->name = name;
  slot->created = created;
  slot->loader = std::move(loader);
  slots_.push_back(std::move(slot));
}

ModelRegistry::Slot& ModelRegistry::find(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  require(!slots_.empty(), "there is no model");
  if (name.empty()) return *slots_.front();
  std::string known;
  for (const auto& slot : slots_) {
    if (slot->name == name) return *slot;
    if (!known.empty()) known += ", ";
    known += slot->name;
  }
  throw ApiError(400,
                 fmt::format("there is no model {}; this server has: {}", printable(name), known),
                 "model", "model_not_found");
}

std::shared_ptr<ServedModel> ModelRegistry::get(const std::string& name) {
  Slot& slot = find(name);
  const std::scoped_lock loading(slot.loading);
  {
    const std::scoped_lock lock(mutex_);
    slot.used = std::chrono::steady_clock::now();
    if (slot.model) return slot.model;
  }
  std::shared_ptr<ServedModel> model;
  try {
    model = slot.loader();
  } catch (const Error&) {
    if (unload_idle(std::chrono::seconds(0)) == 0) throw;
    model = slot.loader();
  }
  const std::scoped_lock lock(mutex_);
  slot.used = std::chrono::steady_clock::now();
  slot.model = std::move(model);
  return slot.model;
}

std::vector<ModelRegistry::Entry> ModelRegistry::list() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Entry> entries;
  for (const auto& slot : slots_) entries.push_back({slot->name, slot->created, slot->model});
  return entries;
}

std::size_t ModelRegistry::size() const {
  const std::scoped_lock lock(mutex_);
  return slots_.size();
}

void ModelRegistry::stop() {
  for (const Entry& entry : list()) {
    if (entry.model) entry.model->loop->stop();
  }
}

std::size_t ModelRegistry::unload_idle(std::chrono::seconds idle) {
  std::vector<std::shared_ptr<ServedModel>> dropped;  // freed without the lock
  const std::scoped_lock lock(mutex_);
  for (const auto& slot : slots_) {
    const bool unused = std::chrono::steady_clock::now() - slot->used >= idle;
    // Whoever uses it holds a copy, and copies are made under the lock only.
    if (slot->model && unused && slot->model.use_count() == 1) {
      dropped.push_back(std::move(slot->model));
    }
  }
  return dropped.size();
}

}  // namespace frugal::server
