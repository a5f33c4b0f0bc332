// A log that a source keeps by itself, in memory: it is confirmed, lost, made anew.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/model/source/change_feed.h"

namespace test {

struct FakeFeed {
  /// A commit that changed one row of the first table; without a key, any.
  void add(const std::string& key);
  void add_any();
  /// As somebody else makes a new one under its name: what was not told is gone.
  void make_anew();
  std::unique_ptr<engine::model::ChangeFeed> open();

  bool is_there = true;
  std::int64_t end = 0;        ///< of the log
  std::int64_t confirmed = 0;
  std::int64_t retained_bytes = 0;
  std::string identity = "1";  ///< of the first table
  std::vector<std::pair<std::int64_t, engine::model::ChangeFeed::News>> news;  ///< by position
  std::function<void()> before_confirming;  ///< may throw
  std::size_t readings = 0;

 private:
  class Open;
};

}  // namespace test
