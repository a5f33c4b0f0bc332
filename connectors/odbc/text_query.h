// A statement whose parameters and results are texts: what is asked of a server besides rows.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connectors/odbc/rows/prepared_read.h"

namespace connectors::odbc {

/// Prepared, to be run with other values again and again. Texts arrive whole, however long they are.
class TextQuery {
 public:
  using Row = std::vector<std::optional<std::string>>;

  /// The markers' parts travel as `bound` says; without it as texts. No columns: a statement whose result nobody reads.
  TextQuery(const std::shared_ptr<Session>& session, KeyedSql sql, std::size_t columns, std::vector<ColumnPlan> bound = {});

  using Take = std::function<void(Row)>;
  /// Row by row, as the driver gives them. Throws Error source_*.
  void run(std::span<const engine::model::SourceKey> values, const Take& take);
  /// All rows.
  std::vector<Row> run(std::span<const engine::model::SourceKey> values = {});

 private:
  std::size_t columns_;
  PreparedRead read_;
};

/// The queries of one session, kept prepared by their text: a table is looked at several times a second.
class TextQueries {
 public:
  explicit TextQueries(std::shared_ptr<Session> session) : session_(std::move(session)) {}

  std::vector<TextQuery::Row> run(KeyedSql sql, std::size_t columns, std::span<const engine::model::SourceKey> values,
                                  std::vector<ColumnPlan> bound = {});

 private:
  std::shared_ptr<Session> session_;
  std::map<std::string, TextQuery> queries_;
};

/// A cell that holds a whole number; 0 for NULL and for what is none.
std::int64_t number_of(const std::optional<std::string>& cell);

/// How a parameter or result travels that is text.
ColumnPlan text_plan();

}  // namespace connectors::odbc
