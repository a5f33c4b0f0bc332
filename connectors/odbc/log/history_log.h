// The change log of a database that keeps a history of its own: what changed behind a mark is asked of it, and nothing has to be deleted.
#pragma once

#include <functional>
#include <memory>

#include "connectors/odbc/log/log_text.h"
#include "connectors/odbc/text_query.h"
#include "engine/model/source.h"

namespace connectors::odbc {

/// How a log asks through its source's connection.
struct LogAccess {
  /// Rows of texts. The value is bound for each marker's part, in the types of `bound`.
  std::function<std::vector<TextQuery::Row>(KeyedSql sql, std::size_t columns, const engine::model::SourceKey& values, std::vector<ColumnPlan> bound)> ask;
  /// Rows in canonical form, with their keys as the source gives them.
  std::function<std::unique_ptr<engine::model::RowStream>(const engine::model::Layout& layout, KeyedSql sql, const engine::model::SourceKey& values)> rows;
};

std::unique_ptr<engine::model::ChangeLog> open_history_log(const engine::settings::DialectDefinition& dialect, LogAccess access,
                                                           const engine::model::TableRequest& table,
                                                           const engine::model::TableShape& shape, const engine::model::LogName& name);

}  // namespace connectors::odbc
