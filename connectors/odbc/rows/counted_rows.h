// For drivers that give the rows they can still find, and call that the end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "connectors/odbc/session.h"
#include "engine/model/source.h"

namespace connectors::odbc {

/// How many rows the statement counts; nullopt: it gives no number.
std::optional<std::uint64_t> count_rows(const std::shared_ptr<Session>& session, const std::string& sql);

/// Throws source_busy at the end of rows that are fewer than were counted: a cut file would count as deleted rows.
std::unique_ptr<engine::model::RowStream> all_of(std::unique_ptr<engine::model::RowStream> rows, std::uint64_t counted, const std::string& title);

}  // namespace connectors::odbc
