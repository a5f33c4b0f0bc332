// Keys as a log has them → the forms that they have in rows.
#pragma once

#include <string>
#include <vector>

#include "connectors/odbc/session.h"
#include "connectors/odbc/rows/read_plan.h"
#include "engine/model/source.h"

namespace connectors::odbc {

/// Of one table. A key is one text, as in key_text.h.
class LoggedKeys {
 public:
  /// `log` and `hint` are for the error: which log names such a key, and what to do.
  LoggedKeys(const Session& session, const engine::model::TableShape& shape, std::string log, std::string hint);

  /// Throws source_refused for a text that is no key of the table.
  engine::model::LoggedChange change_of(const std::string& text, engine::model::Provenance provenance) const;

 private:
  std::string cell_of(const ColumnPlan& plan, const std::string& part, std::string& key_part) const;
  [[noreturn]] void refuse(const std::string& what) const;

  std::string log_, hint_;
  std::vector<ColumnPlan> key_;
};

}  // namespace connectors::odbc
