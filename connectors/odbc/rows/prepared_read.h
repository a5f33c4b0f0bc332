// A prepared statement with its parameters and column buffers: made once, executed for each chunk.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/odbc/parameter.h"
#include "connectors/odbc/rows/read_plan.h"
#include "connectors/odbc/session.h"
#include "connectors/odbc/statement_text.h"
#include "engine/model/key.h"

namespace connectors::odbc {

class PreparedRead {
 public:
  /// `key` says how the parts of the keys that are bound travel, in key order.
  PreparedRead(std::shared_ptr<Session> session, KeyedSql sql, ReadPlan plan, std::vector<ColumnPlan> key);
  ~PreparedRead();
  PreparedRead(const PreparedRead&) = delete;
  PreparedRead& operator=(const PreparedRead&) = delete;

  /// Binds the parts of the keys to the markers, typed by column, and executes.
  void execute(std::span<const engine::model::SourceKey> keys);
  /// For the caller to arm the watchdog around its fetches: for single rows, doing so in each would cost as much as the row.
  Watched watched() { return Watched(session_->watchdog(), statement_); }
  /// Fills the buffers and returns how many rows they hold; 0 when the statement ended without a diagnostic.
  std::size_t fetch();
  /// Ends the execution; the statement stays prepared.
  void close();

  const ReadPlan& plan() const { return plan_; }
  Session& session() { return *session_; }

  /// One cell of the rows last fetched; nullopt for NULL. Valid until the next call for this column or the next fetch.
  std::optional<std::string_view> cell(std::size_t row, std::size_t column) {
    const std::int64_t size = indicators_[column][row];
    const ColumnPlan& plan = plan_.columns[column];
    if (size >= 0 && column < plan_.bound && static_cast<std::size_t>(size) <= room_[column]) {
      return std::string_view(cells_[column].data() + row * plan.width, static_cast<std::size_t>(size));
    }
    return unusual_cell(row, column);
  }

 private:
  std::optional<std::string_view> unusual_cell(std::size_t row, std::size_t column);
  /// Into long_cells_; false for NULL.
  bool read_again(std::size_t row, std::size_t column);
  void bind_columns();
  void widen_where_needed();
  void check_rows(short result);
  [[noreturn]] void fail(std::string_view doing) { session_->fail_watched(statement_, doing); }

  std::shared_ptr<Session> session_;
  KeyedSql sql_;
  ReadPlan plan_;
  std::vector<ColumnPlan> key_;
  Handle statement_ = nullptr;
  std::vector<std::vector<char>> cells_;
  std::vector<std::vector<std::int64_t>> indicators_;
  std::vector<std::size_t> room_;  ///< the longest value that fits a cell of the column
  std::vector<std::uint16_t> row_states_;
  std::uint64_t rows_fetched_ = 0;
  std::vector<Parameter> parameters_;
  // By column: the cell last read by SQLGetData, its row, whether it is NULL.
  std::vector<std::string> long_cells_;
  std::vector<std::size_t> long_rows_;
  std::vector<char> long_is_null_;
  std::vector<std::size_t> cut_cells_;       ///< by column, since the last execution
  std::vector<std::size_t> longest_cut_;
  bool executing_ = false;
};

/// Thrown inside the connector only: a value proved longer than described where it cannot be read again.
struct LongerThanDescribed {
  std::size_t column;
};

}  // namespace connectors::odbc
