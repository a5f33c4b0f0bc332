// The append-only log of changes.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/change.h"

namespace engine::journal {

class Connection;

class ChangeLog {
 public:
  explicit ChangeLog(Connection& connection) : connection_(connection) {}

  /// Gives the change its seq and returns it.
  std::int64_t append(const model::Change& change);
  std::int64_t last_seq();
  /// A number of the sequence that no change will have: what is sent again without one is still in order.
  std::int64_t reserve_seq();
  /// Changes of one table with seq > after, in order.
  std::vector<model::Change> after(std::int64_t table_id, std::int64_t after_seq, std::size_t limit);
  /// Changes of all tables with seq > after, in order; the newest `limit` when `newest` is set (still in order).
  std::vector<model::Change> page(std::int64_t after_seq, std::size_t limit, bool newest);
  /// The newest `limit` changes of one table, in order.
  std::vector<model::Change> newest(std::int64_t table_id, std::size_t limit);
  /// The newest `limit` changes of one key up to `seq_max`, in order.
  std::vector<model::Change> of_key(std::int64_t table_id, const std::string& key, std::size_t limit,
                                    std::int64_t seq_max = std::numeric_limits<std::int64_t>::max());
  std::optional<model::Change> find(std::int64_t seq);
  /// The changes of one table with seq > after that are of the same cycle as the first of them, each with its transaction; empty: the source did not tell.
  void outline(std::int64_t table_id, std::int64_t after_seq, const std::function<void(std::int64_t seq, std::string_view transaction)>& each);
  /// Of the first change of one table with seq > after.
  std::optional<std::int64_t> cycle_after(std::int64_t table_id, std::int64_t after_seq);
  /// When the oldest change of a table behind a position was captured.
  std::optional<std::int64_t> captured_ms_after(std::int64_t table_id, std::int64_t after_seq);
  /// How many different rows of a table have changes between two, both included.
  std::int64_t count_rows(std::int64_t table_id, std::int64_t first_seq, std::int64_t last_seq);
  /// Number of changes of a table behind a position: a pipeline's lag.
  std::int64_t count_after(std::int64_t table_id, std::int64_t after_seq);

 private:
  Connection& connection_;
};

}  // namespace engine::journal
