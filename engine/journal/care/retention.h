// What is old and finished leaves the journal, a little at a time.
#pragma once

#include <cstdint>
#include <map>

namespace engine::journal {

class Connection;

/// How far a sweep over the journal is. A fresh one begins at the oldest.
struct Sweep {
  std::int64_t delivery_id = 0;  ///< looked at up to here
  std::int64_t change_seq = 0;
  std::int64_t cycle_id = 0;
  std::int64_t bundle_id = 0;
  std::int64_t removed = 0;
  bool conversations_done = false;
  bool done = false;
};

/// What ended before `before_ms` may go. Wall clock.
struct RetentionAge {
  std::int64_t before_ms = 0;
  std::int64_t now_ms = 0;
};

class Retention {
 public:
  explicit Retention(Connection& connection) : connection_(connection) {}

  /// Looks at up to `limit` deliveries, changes and cycles each and removes those that are old enough: never what is open, dead or
  /// uncertain with the changes it covers, nor a change that some pipeline has yet to map. `mapped_to` has the lowest position of
  /// the configured pipelines by table; a table without any keeps nothing waiting. In a transaction.
  void step(Sweep& sweep, const RetentionAge& age, const std::map<std::int64_t, std::int64_t>& mapped_to, std::int64_t limit);

  /// Bytes in use: pages that hold something, free ones left out. The file itself does not shrink; its free pages are used again.
  std::int64_t used_bytes();
  /// When the oldest change was captured, those from the future left out; 0 without any.
  std::int64_t oldest_change_ms(std::int64_t now_ms);

 private:
  void sweep_deliveries(Sweep& sweep, const RetentionAge& age, std::int64_t limit);
  void sweep_changes(Sweep& sweep, const RetentionAge& age, const std::map<std::int64_t, std::int64_t>& mapped_to,
                     std::int64_t limit);
  void sweep_cycles(Sweep& sweep, const RetentionAge& age, std::int64_t limit);
  void sweep_bundles(Sweep& sweep, const RetentionAge& age, std::int64_t limit);
  void sweep_messages(Sweep& sweep, const RetentionAge& age, std::int64_t limit);
  void sweep_anomalies(Sweep& sweep, const RetentionAge& age);
  bool is_covered(std::int64_t table_id, const char* key, std::int64_t seq);

  Connection& connection_;
};

}  // namespace engine::journal
