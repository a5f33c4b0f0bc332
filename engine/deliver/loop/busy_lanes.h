// Which lanes and keys have a delivery under way in this process: none ever has two.
#pragma once

#include <boost/container/static_vector.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <cstdint>

#include "engine/journal/deliveries.h"

namespace engine::deliver {

/// What the journal says of lanes is older than what this process does: this is the newer part.
class BusyLanes {
 public:
  /// Hashes of what a delivery occupies. Two lanes of one hash would only wait for each other, and each is found again by the scan
  /// that heals: so the names themselves, several texts a delivery, need not be kept.
  using Lanes = boost::container::static_vector<std::uint64_t, 3>;
  /// Of the delivery's key and its lanes, the one its record has so far included.
  static Lanes lanes_of(const journal::Delivery& delivery);

  /// False, and nothing taken, when any is busy already.
  bool occupy(const Lanes& lanes);
  void free(const Lanes& lanes);
  /// Was one of them freed since `watch`? What was read before may be out of date.
  bool freed_since_watch(const Lanes& lanes) const;
  void watch();
  bool empty() const { return busy_.empty(); }

 private:
  boost::unordered_flat_set<std::uint64_t> busy_;
  boost::unordered_flat_set<std::uint64_t> freed_;
  bool watching_ = false;
};

}  // namespace engine::deliver
