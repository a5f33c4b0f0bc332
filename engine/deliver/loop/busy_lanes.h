// Which lanes and keys have a delivery under way in this process: none ever has two.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "engine/journal/deliveries.h"

namespace engine::deliver {

class BusyLanes {
 public:
  /// Takes the delivery's key and its lanes, the one its record has so far included. False, and nothing taken, when any
  /// is busy already.
  bool occupy(const journal::Delivery& delivery);
  void free(const journal::Delivery& delivery);
  /// Was one of its lanes or its key freed since `watch`? What was read before may be out of date.
  bool freed_since_watch(const journal::Delivery& delivery) const;
  void watch();
  bool empty() const { return busy_.empty(); }

 private:
  static std::vector<std::string> names_of(const journal::Delivery& delivery);

  std::unordered_set<std::string> busy_;
  std::unordered_set<std::string> freed_;
  bool watching_ = false;
};

}  // namespace engine::deliver
