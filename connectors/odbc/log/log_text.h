// The SQL of a change log: making and removing it by the dialect's templates, reading it, deleting from it. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/odbc/statement_text.h"
#include "connectors/odbc/text_query.h"
#include "engine/model/source/change_log.h"
#include "engine/settings/dialect_definition.h"

namespace connectors::odbc {

class LogText {
 public:
  /// `from` is the table whose changes are logged.
  LogText(const engine::settings::DialectDefinition& dialect, engine::model::LogName name, std::string from);

  // A template of the dialect with its names put in.
  std::string filled(const std::string& statement) const;
  std::vector<std::string> filled(const std::vector<std::string>& statements) const;
  /// The same where the key's expressions are needed, too.
  std::vector<std::string> triggers(const engine::model::Layout& layout) const;

  /// Markers: key 0 is (table), or (table, id behind which to go on).
  KeyedSql any_entry() const;
  KeyedSql counts() const;
  KeyedSql without_key(std::size_t limit) const;
  KeyedSql page(std::size_t limit) const;
  /// Keys 1 to `ids` are ids.
  KeyedSql erase(std::size_t ids) const;
  KeyedSql erase_all() const;
  /// Deletes nothing, and fails like what does.
  KeyedSql erase_none() const;

 private:
  std::string limited(std::string sql, std::size_t limit) const;

  const engine::settings::DialectDefinition& dialect_;
  engine::model::LogName name_;
  std::string from_;
};

/// Each of the `names` in a statement becomes a marker; its place among them is the part of the one key that is bound.
KeyedSql with_markers(std::string_view statement, std::span<const std::string_view> names);

/// The texts that the statements give. What may not be asked is left out: a remark is no reason to stop.
std::vector<std::string> remarks_by(const std::vector<std::string>& statements, const std::function<std::vector<TextQuery::Row>(const std::string&)>& ask);

/// The key of the alias `dp`, in the forms that rows are read in, and as names to sort by.
struct KeyColumns {
  std::string selected, names;
};
KeyColumns key_columns(const engine::model::Layout& layout, const engine::settings::DialectDefinition& dialect);

/// What the triggers of a table are called or begin with: the log's name and the table's, in letters, digits and '_'; one that is too
/// long, or was spelled otherwise, ends with a number made of it.
std::string trigger_name(const engine::model::LogName& name, std::size_t size_max);

}  // namespace connectors::odbc
