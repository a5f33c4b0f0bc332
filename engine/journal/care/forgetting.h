// Erasing what the journal holds about one key, leaving sequence numbers and outcomes.
#pragma once

#include <cstdint>
#include <string>

namespace engine::journal {

class Connection;

struct Forgotten {
  std::int64_t changes = 0;
  std::int64_t deliveries = 0;
  std::int64_t attempts = 0;
  std::int64_t records = 0;  ///< last_sent, remote ids, reports of messages, and what the person wrote
  std::string token;         ///< what stands where the key stood
};

class Forgetting {
 public:
  explicit Forgetting(Connection& connection) : connection_(connection) {}

  /// Deliveries of the key that are not finished.
  std::int64_t open_deliveries(std::int64_t table_id, const std::string& key);
  /// What would be erased.
  Forgotten count(std::int64_t table_id, const std::string& key);
  /// Takes out images, fields, requests and answers. What is taken out of a journal is overwritten with zeros (`secure_delete`, always on);
  /// the copies that the WAL still has are gone after `Journal::truncate_wal`. In a transaction.
  Forgotten erase(std::int64_t table_id, const std::string& key);

 private:
  Connection& connection_;
};

}  // namespace engine::journal
