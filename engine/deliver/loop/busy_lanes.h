// Which lanes and keys have a delivery under way in this process: none ever has two.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "engine/journal/deliveries.h"

namespace engine::deliver {

class BusyLanes {
 public:
  using Names = std::vector<std::string>;
  /// Of the delivery's key and its lanes, the one its record has so far included.
  static Names names_of(const journal::Delivery& delivery);

  /// False, and nothing taken, when any is busy already.
  bool occupy(const Names& names);
  void free(Names names);
  /// Was one of them freed since `watch`? What was read before may be out of date.
  bool freed_since_watch(const Names& names) const;
  void watch();
  bool empty() const { return busy_.empty(); }

 private:
  std::unordered_set<std::string> busy_;
  std::unordered_set<std::string> freed_;
  bool watching_ = false;
};

}  // namespace engine::deliver
