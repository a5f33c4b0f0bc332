#include "connectors/odbc/growth/growth_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace connectors::odbc {

using engine::model::Column;
using engine::model::ColumnType;
using engine::model::GrowthBound;
using engine::model::GrowthRange;
using engine::model::Layout;
using engine::model::SourceKey;

namespace {

/// The order of a range: its column, then the key, each column once.
std::vector<std::size_t> order_of(const Layout& layout, const GrowthRange& range) {
  std::vector<std::size_t> order{range.within.column};
  for (const std::size_t part : layout.key) {
    if (part != range.within.column) order.push_back(part);
  }
  return order;
}

bool has_lower_end(const GrowthRange& range) { return !range.behind && range.within.from; }

}  // namespace

KeyedSql GrowthText::range(const Layout& layout, const GrowthRange& range, std::size_t limit) const {
  KeyedSql sql;
  std::size_t parts = 0;
  const auto bind = [&](std::size_t position) {
    sql.columns.push_back(position);
    sql.markers.push_back({0, parts++});
  };
  const std::string growing = column(layout.columns[range.within.column]);
  std::string condition;
  if (has_lower_end(range)) {
    condition = growing + " >= ?";
    bind(range.within.column);
  } else if (!range.behind) {
    condition = growing + " IS NOT NULL";
  }
  Layout ordered_layout = layout;
  ordered_layout.key = order_of(layout, range);
  if (range.behind) {
    condition = beyond(ordered_layout, 0, ">", ">", sql);
    sql.columns = ordered_layout.key;
    parts = sql.columns.size();
  }
  for (const GrowthBound& other : range.without) {
    const std::string name = column(layout.columns[other.column]);
    condition += other.from ? fmt::format(" AND ({0} < ? OR {0} IS NULL)", name) : fmt::format(" AND {} IS NULL", name);
    if (other.from) bind(other.column);
  }
  sql.text = limited(fmt::format("{} WHERE {}{}", selected(layout), condition, ordered(ordered_layout)), limit);
  return sql;
}

SourceKey growth_values(const Layout& layout, const GrowthRange& range) {
  SourceKey values;
  if (range.behind) {
    values.parts.push_back(range.behind->value);
    for (std::size_t part = 0; part < layout.key.size(); ++part) {
      if (layout.key[part] != range.within.column) values.parts.push_back(range.behind->key.parts[part]);
    }
  } else if (has_lower_end(range)) {
    values.parts.push_back(*range.within.from);
  }
  for (const GrowthBound& other : range.without) {
    if (other.from) values.parts.push_back(*other.from);
  }
  return values;
}

KeyedSql GrowthText::highest(const Column& growing, bool is_bounded) const {
  KeyedSql sql;
  const std::string name = column(growing);
  if (is_bounded) {
    sql.columns = {0};
    sql.markers = {{0, 0}};
  }
  // An index on the column is read from its end; MAX() would lose the type that some drivers tell values by.
  Layout alone{.columns = {growing}, .key = {}};
  sql.text = limited(fmt::format("{} WHERE {} {} ORDER BY {} DESC", selected(alone), name, is_bounded ? "<= ?" : "IS NOT NULL", name), 1);
  return sql;
}

std::string GrowthText::now(const Column& stamped) const {
  std::vector<std::string> names{plain_type_name(stamped.source_type)};
  // Text is a time only where the dialect names its declared type.
  if (stamped.type != ColumnType::text) names.emplace_back(name_of(stamped.type));
  if (stamped.type == ColumnType::date) names.emplace_back(name_of(ColumnType::timestamp));
  for (const std::string& name : names) {
    const auto found = dialect_.now.find(name);
    if (found != dialect_.now.end()) return replaced(found->second, "{from}", from_);
  }
  return {};
}

}  // namespace connectors::odbc
