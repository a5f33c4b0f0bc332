#include "connectors/targets/nats/acknowledgements.h"

#include <shared_mutex>

namespace connectors::targets::nats {

using engine::model::CallAnswer;

namespace {

/// Shared while something is told, exclusive while one comes or goes.
struct Living {
  std::shared_mutex mutex;
  std::map<std::uintptr_t, Acknowledgements*> by_number;
  std::uintptr_t last = 0;
};

Living& living() {
  static Living all;
  return all;
}

}  // namespace

Acknowledgements::Acknowledgements() {
  Living& all = living();
  const std::unique_lock lock(all.mutex);
  number_ = ++all.last;
  all.by_number.emplace(number_, this);
}

Acknowledgements::~Acknowledgements() {
  Living& all = living();
  const std::unique_lock lock(all.mutex);
  all.by_number.erase(number_);
}

void Acknowledgements::add(const std::string& id, Reported reported) {
  const std::lock_guard lock(mutex_);
  by_id_[id] = std::move(reported);
}

void Acknowledgements::settle(const std::string& id, CallAnswer answer) {
  Reported reported;
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    reported = std::move(found->second);
    by_id_.erase(found);
  }
  reported(std::move(answer));
}

void Acknowledgements::settle_all(const CallAnswer& answer) {
  std::map<std::string, Reported> left;
  {
    const std::lock_guard lock(mutex_);
    left.swap(by_id_);
  }
  for (auto& [id, reported] : left) reported(answer);
}

void Acknowledgements::settle(std::uintptr_t number, const std::string& id, CallAnswer answer) {
  Living& all = living();
  const std::shared_lock lock(all.mutex);
  const auto found = all.by_number.find(number);
  if (found != all.by_number.end()) found->second->settle(id, std::move(answer));
}

}  // namespace connectors::targets::nats
