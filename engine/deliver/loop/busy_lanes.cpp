#include "engine/deliver/loop/busy_lanes.h"

#include <algorithm>

namespace engine::deliver {

BusyLanes::Names BusyLanes::names_of(const journal::Delivery& delivery) {
  Names names;
  names.reserve(3);
  names.push_back("k" + std::to_string(delivery.pipeline_id) + ' ' + delivery.key);
  const auto add = [&](const std::string& match) {
    if (match != "{}") names.push_back("l" + delivery.object + ' ' + match);
  };
  add(delivery.match);
  if (delivery.also_match && *delivery.also_match != delivery.match) add(*delivery.also_match);
  return names;
}

bool BusyLanes::occupy(const Names& names) {
  if (std::any_of(names.begin(), names.end(), [this](const auto& name) { return busy_.contains(name); })) return false;
  busy_.insert(names.begin(), names.end());
  return true;
}

void BusyLanes::free(Names names) {
  for (std::string& name : names) {
    busy_.erase(name);
    if (watching_) freed_.insert(std::move(name));
  }
}

bool BusyLanes::freed_since_watch(const Names& names) const {
  if (freed_.empty()) return false;
  return std::any_of(names.begin(), names.end(), [this](const auto& name) { return freed_.contains(name); });
}

void BusyLanes::watch() {
  watching_ = true;
  freed_.clear();
}

}  // namespace engine::deliver
