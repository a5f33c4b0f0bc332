#include "engine/operate/check/watermark_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/model/source/growth.h"

namespace engine::operate {

namespace {

class WatermarkCheck {
 public:
  WatermarkCheck(Look& look, const settings::TableDefinition& table, const model::TableShape& shape, settings::Diagnostics& diagnostics)
      : look_(look), table_(table), shape_(shape), diagnostics_(diagnostics) {
    if (table.request.query.empty()) indexes_ = look.catalogue->indexes(table.request.from);
  }

  void run() {
    for (const settings::GrowingColumn& named : table_.capture.columns) {
      // A nested table is looked at by itself.
      const bool is_nested = std::any_of(table_.request.nested.begin(), table_.request.nested.end(), [&](const model::NestedTable& nested) { return named.name.starts_with(nested.name + "."); });
      if (is_nested) continue;
      if (const auto position = shape_.layout.find(named.name)) {
        look_at(named, shape_.layout.columns[*position]);
      } else {
        unknown(named);
      }
    }
  }

 private:
  void unknown(const settings::GrowingColumn& named) {
    std::vector<std::string> names;
    for (const model::Column& column : shape_.layout.columns) names.push_back(column.name);
    diagnostics_.error("table.unknown_column", named.origin, fmt::format("table {} has no column '{}', which is to be its watermark", table_.name, named.name),
                       settings::did_you_mean(named.name, names, "it has " + settings::listed(names, "and")));
  }

  void look_at(const settings::GrowingColumn& named, const model::Column& column) {
    const model::Growth growth = model::growth_of(column);
    if (growth == model::Growth::none) {
      return refuse(named, column, "name a date, a time with its date, an integer or an exact decimal; a `query:` may make one of it");
    }
    try {
      if (growth != model::Growth::counter) look_.source->now(table_.request, column);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::source_refused) throw;
      return refuse(named, column, error.hint());
    }
    remark_on_null(named, column);
    if (indexes_.empty() || has_index(column.name)) return;
    diagnostics_.warning("table.watermark_not_indexed", named.origin,
                         fmt::format("no index of {} leads with {}: the server looks through all rows in every cycle", table_.request.from, column.name),
                         fmt::format("let an index be made: CREATE INDEX ON {} ({}); or choose a longer `every:`", table_.request.from, column.name));
  }

  void remark_on_null(const settings::GrowingColumn& named, const model::Column& column) {
    if (!column.nullable) return;
    const bool holds = holds_null(column.name);
    // A driver that calls every column nullable tells nothing.
    const auto is_told = [](const model::Column& each) { return !each.nullable; };
    if (!holds && std::none_of(shape_.layout.columns.begin(), shape_.layout.columns.end(), is_told)) return;
    diagnostics_.warning("table.watermark_null", named.origin,
                         fmt::format("column {} of table {} {}: rows without a value are only seen by the reading of all rows", column.name, table_.name,
                                     holds ? "is NULL in some rows" : "may be NULL"),
                         "let it be declared NOT NULL with a default, or name a second column that is never NULL");
  }

  bool holds_null(const std::string& column) {
    const std::string rows = table_.request.query.empty() ? table_.request.from : "(" + table_.request.query + "\n)";
    try {
      const std::string sql = fmt::format("SELECT 1 AS {} FROM {} w WHERE w.{} IS NULL", look_.quoted("n"), rows, look_.quoted(column));
      return look_.ask(look_.limited(sql, 1)).has_value();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::source_busy) throw;
      return false;  // not looked at in time
    }
  }

  void refuse(const settings::GrowingColumn& named, const model::Column& column, const std::string& hint) {
    diagnostics_.error("table.watermark_type", named.origin,
                       fmt::format("column {} of table {} is a {} and cannot be a watermark", column.name, table_.name,
                                   column.source_type.empty() ? std::string(name_of(column.type)) : column.source_type),
                       hint);
  }

  bool has_index(const std::string& column) const {
    return std::any_of(indexes_.begin(), indexes_.end(), [&](const model::CatalogueIndex& index) { return !index.columns.empty() && index.columns.front() == column; });
  }

  Look& look_;
  const settings::TableDefinition& table_;
  const model::TableShape& shape_;
  settings::Diagnostics& diagnostics_;
  std::vector<model::CatalogueIndex> indexes_;  ///< none: the driver does not tell
};

}  // namespace

void check_watermark(Look& look, const settings::TableDefinition& table, const model::TableShape& shape, settings::Diagnostics& diagnostics) {
  if (table.capture.mode == "watermark") WatermarkCheck(look, table, shape, diagnostics).run();
}

}  // namespace engine::operate
