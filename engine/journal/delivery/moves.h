// Rows that got another key while something was under way for the one they had.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace engine::journal {

class Connection;

/// What is in flight, retried, held or uncertain ends under the key it was planned for, and is stored there. So until something is sent for the new key,
/// its record is what is stored under the old one. Most journals never have such a row.
class Moves {
 public:
  explicit Moves(Connection& connection) : connection_(connection) {}

  /// Whether there is such a row, as the journal is now.
  bool any();
  /// The key under which the record of this one is stored.
  std::optional<std::string> from(std::int64_t pipeline_id, const std::string& key);
  /// The same through all its moves; its own where there was none.
  std::string origin(std::int64_t pipeline_id, const std::string& key);
  /// The key that the row of this one has by now: what ends late is remembered of the row.
  std::string now(std::int64_t pipeline_id, const std::string& key);
  /// Its record went to another key: the last delivery that was planned before that.
  std::optional<std::int64_t> left_at(std::int64_t pipeline_id, const std::string& key);
  void put(std::int64_t pipeline_id, const std::string& from_key, const std::string& to_key, std::int64_t last_delivery_id);
  /// Its record is stored under its own key from here on.
  void arrive(std::int64_t pipeline_id, const std::string& key);
  /// A new row has this key before its record went to the other one: it stays here.
  void take_back(std::int64_t pipeline_id, const std::string& from_key);

 private:
  bool may_be_any();

  Connection& connection_;
  std::optional<bool> any_;  ///< of the connection that writes; none: not looked yet
};

}  // namespace engine::journal
