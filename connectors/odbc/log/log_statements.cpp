#include "connectors/odbc/log/log_statements.h"

namespace connectors::odbc {

using engine::model::ColumnType;
using engine::model::SourceKey;

namespace {

std::vector<ColumnPlan> marker_plan() {
  ColumnPlan id;
  id.type = ColumnType::integer;
  return {text_plan(), id};
}

}  // namespace

std::vector<TextQuery::Row> LogStatements::read(KeyedSql sql, std::size_t columns, std::span<const SourceKey> keys) {
  return reads_.run(std::move(sql), columns, keys, marker_plan());
}

void LogStatements::erase(KeyedSql sql, std::span<const SourceKey> keys) {
  if (!erasing_) {
    erasing_ = std::make_shared<Session>(session_->connection(), session_->dialect(), SessionUse::log);
    for (const std::string& statement : session_->dialect().change_log.session) erasing_->run(statement, "preparing to delete log entries");
    erasing_->end_transaction(true);
    erasures_.emplace(erasing_);
  }
  erasures_->run(std::move(sql), 0, keys, marker_plan());
}

void LogStatements::end_erasing(bool commit) {
  if (erasing_) erasing_->end_transaction(commit);
}

void LogStatements::close_erasing() {
  erasures_.reset();
  erasing_.reset();
}

}  // namespace connectors::odbc
