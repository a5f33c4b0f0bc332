#include "engine/deliver/loop/busy_lanes.h"

#include <xxhash.h>

#include <algorithm>
#include <string_view>

namespace engine::deliver {

namespace {

/// The seed tells apart what has the same text elsewhere: keys of pipelines, match values of objects.
std::uint64_t hash_of(std::string_view text, std::uint64_t seed) { return XXH3_64bits_withSeed(text.data(), text.size(), seed); }

}  // namespace

BusyLanes::Lanes BusyLanes::lanes_of(const journal::Delivery& delivery) {
  Lanes lanes{hash_of(delivery.key, static_cast<std::uint64_t>(delivery.pipeline_id))};
  const std::uint64_t object = hash_of(delivery.object, 0);
  const auto add = [&](const std::string& match) {
    if (match != "{}") lanes.push_back(hash_of(match, object));
  };
  add(delivery.match);
  if (delivery.also_match && *delivery.also_match != delivery.match) add(*delivery.also_match);
  return lanes;
}

bool BusyLanes::occupy(const Lanes& lanes) {
  if (std::any_of(lanes.begin(), lanes.end(), [this](std::uint64_t lane) { return busy_.contains(lane); })) return false;
  busy_.insert(lanes.begin(), lanes.end());
  return true;
}

void BusyLanes::free(const Lanes& lanes) {
  for (const std::uint64_t lane : lanes) busy_.erase(lane);
  if (watching_) freed_.insert(lanes.begin(), lanes.end());
}

bool BusyLanes::freed_since_watch(const Lanes& lanes) const {
  if (freed_.empty()) return false;
  return std::any_of(lanes.begin(), lanes.end(), [this](std::uint64_t lane) { return freed_.contains(lane); });
}

void BusyLanes::watch() {
  watching_ = true;
  freed_.clear();
}

}  // namespace engine::deliver
