#include "engine/operate/check/key_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"

namespace engine::operate {

namespace {

std::string from_clause(const settings::TableDefinition& table) {
  return table.request.query.empty() ? table.request.from + " k" : "(" + table.request.query + ") k";
}

/// Those that the source has: what `for_each` adds is the same in all rows.
std::vector<std::string> key_names(const settings::TableDefinition& table, const model::Layout& layout) {
  std::vector<std::string> names;
  for (std::size_t part = table.request.constants.size(); part < layout.key.size(); ++part) names.push_back(layout.columns[layout.key[part]].name);
  return names;
}

// A unique index over columns of the key, all of them without NULL, proves the key.
bool proved_by_index(Look& look, const settings::TableDefinition& table, const model::TableShape& shape) {
  if (!table.request.query.empty()) return false;
  const auto is_solid = [&shape](const std::string& name) {
    const auto position = shape.layout.find(name);
    const bool in_key = position && std::find(shape.layout.key.begin(), shape.layout.key.end(), *position) != shape.layout.key.end();
    return in_key && !shape.layout.columns[*position].nullable;
  };
  const auto indexes = look.catalogue->indexes(table.request.from);
  return std::any_of(indexes.begin(), indexes.end(), [&](const model::CatalogueIndex& index) {
    return index.unique && std::all_of(index.columns.begin(), index.columns.end(), is_solid);
  });
}

bool any_row(Look& look, const std::string& sql) { return look.ask(look.limited(sql, 1)).has_value(); }

bool holds_null(Look& look, const settings::TableDefinition& table, const std::vector<std::string>& key) {
  std::string nulls;
  for (const std::string& name : key) nulls += (nulls.empty() ? "" : " OR ") + fmt::format("k.{} IS NULL", look.quoted(name));
  return any_row(look, fmt::format("SELECT 1 AS {} FROM {} WHERE {}", look.quoted("n"), from_clause(table), nulls));
}

bool holds_double(Look& look, const settings::TableDefinition& table, const std::vector<std::string>& key) {
  std::string columns;
  for (const std::string& name : key) columns += (columns.empty() ? "" : ", ") + fmt::format("k.{}", look.quoted(name));
  return any_row(look, fmt::format("SELECT count(*) AS {} FROM {} GROUP BY {} HAVING count(*) > 1", look.quoted("n"), from_clause(table), columns));
}

}  // namespace

void check_key(Look& look, const settings::TableDefinition& table, const model::TableShape& shape, settings::Diagnostics& diagnostics) {
  const std::vector<std::string> key = key_names(table, shape.layout);
  const std::string named = settings::listed(key, "and");
  try {
    if (proved_by_index(look, table, shape)) return;
    if (holds_null(look, table, key)) {
      diagnostics.error("table.key_null", table.origin, fmt::format("table {} has rows whose key ({}) holds NULL", table.name, named),
                        "choose columns that are never NULL, or leave such rows out with `query:`");
    }
    if (holds_double(look, table, key)) {
      diagnostics.error("table.key_not_unique", table.origin, fmt::format("table {} has rows that share one key ({})", table.name, named),
                        "add the columns that tell them apart to `key:`; `datapicker inspect` proposes some");
    }
  } catch (const Error& error) {
    diagnostics.warning("table.key_unproved", table.origin,
                        fmt::format("no unique index proves the key of table {} ({}), and its rows could not be looked at: {}", table.name, named,
                                    error.what()),
                        "make sure that it is unique and never NULL: a doubled key stops the table");
  }
}

}  // namespace engine::operate
