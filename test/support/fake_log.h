// A change log in memory: entries that are not yet visible, triggers that are gone, deletes that fail.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/model/source/change_log.h"

namespace test {

struct FakeLog {
  struct Entry {
    std::int64_t id = 0;
    std::vector<std::string> key;  ///< none: it names no row
    engine::model::Provenance provenance;
    bool visible = true;  ///< its transaction is committed
  };

  /// Logs a change; the entry stays where it is as long as no other is added or deleted.
  Entry& add(std::vector<std::string> key, engine::model::Provenance provenance = {});
  std::size_t entries_of(const std::string& key) const;
  std::unique_ptr<engine::model::ChangeLog> open();

  std::vector<Entry> entries;
  std::size_t page_entries = 3;
  bool has_triggers = true;
  bool names_each_change = true;
  std::function<void()> before_deleting;  ///< may throw
  std::function<void()> before_page;      ///< may throw
  std::size_t looks = 0;                  ///< how often it was asked whether there are entries

 private:
  class Open;
  std::int64_t last_id_ = 0;
};

}  // namespace test
