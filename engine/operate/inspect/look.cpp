#include "engine/operate/inspect/look.h"

#include <algorithm>
#include <charconv>

#include "connectors/catalog/catalog.h"
#include "engine/base/error.h"

namespace engine::operate {

namespace {

// A thousand short rows tell a key from a column that repeats; of long ones a hundred are enough to wait for.
constexpr std::size_t rows_max = 1'000, long_rows_max = 100;

settings::SourceConnection shortened(settings::SourceConnection connection, std::int64_t statement_ms_max) {
  connection.query_timeout_ms = std::min(connection.query_timeout_ms, statement_ms_max);
  return connection;
}

void replace(std::string& text, std::string_view from, const std::string& to) {
  if (const std::size_t at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
}

bool is_unbounded(const model::Column& column) {
  return column.size == 0 && (column.type == model::ColumnType::text || column.type == model::ColumnType::binary);
}

std::optional<std::uint64_t> number_of(const std::optional<std::string>& text) {
  std::uint64_t number = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc()) return std::nullopt;
  return number;
}

}  // namespace

Look::Look(const settings::Instance& instance, const settings::SourceConnection& named, std::int64_t statement_ms_max)
    : connection(shortened(named, statement_ms_max)),
      dialect(instance.dialects.at(named.dialect)),
      source(connectors::catalog::make_source(connection, dialect)),
      catalogue(connectors::catalog::make_catalogue(connection, dialect)) {}

std::string Look::quoted(const std::string& name) const { return dialect.quote_open + name + dialect.quote_close; }

std::string Look::limited(std::string sql, std::size_t rows) const {
  if (dialect.limit.empty()) return sql;
  // SQL Server's form belongs to an ORDER BY; this one orders by nothing.
  if (dialect.limit.find("OFFSET") != std::string::npos) sql += " ORDER BY (SELECT NULL)";
  std::string text = dialect.limit;
  replace(text, "{n}", std::to_string(rows));
  replace(text, "{sql}", sql);
  return text;
}

std::optional<std::string> Look::ask(const std::string& sql) {
  model::TableShape shape;
  shape.layout.columns.push_back({.name = "n", .type = model::ColumnType::integer, .size = 20});
  const auto stream = source->open_whole({.query = sql}, shape);
  model::RowBatch batch;
  if (!stream->next(batch) || batch.rows() == 0 || batch.row(0).is_null(0)) return std::nullopt;
  return std::string(batch.row(0).text(0));
}

RowCount count_rows(Look& look, const std::string& from) {
  if (const auto estimate = look.catalogue->estimated_rows(from); estimate && *estimate > 100'000) return {estimate, true};
  if (look.dialect.whole_only) return {};
  try {
    return {number_of(look.ask("SELECT count(*) AS " + look.quoted("n") + " FROM " + from)), false};
  } catch (const Error& error) {
    // Too long to wait for, or a table this user may see and not read: inspecting the table says which.
    if (error.code() != ErrorCode::source_busy && error.code() != ErrorCode::source_refused) throw;
    return {};
  }
}

std::vector<SampleRow> sample_rows(Look& look, const std::string& from, const model::Layout& layout) {
  model::TableShape shape;
  std::vector<std::size_t> positions;
  bool long_rows = false;
  for (std::size_t i = 0; i < layout.columns.size(); ++i) {
    const model::Column& column = layout.columns[i];
    if (column.type == model::ColumnType::binary && is_unbounded(column)) continue;
    long_rows |= is_unbounded(column);
    positions.push_back(i);
    shape.layout.columns.push_back(column);
  }
  const std::size_t wanted = long_rows ? long_rows_max : rows_max;
  std::vector<SampleRow> rows;
  if (positions.empty()) return rows;
  // Without a limit in SQL the reading is broken off after enough rows.
  const bool by_query = !look.dialect.whole_only;
  const model::TableRequest request{.from = by_query ? "" : from, .query = by_query ? look.limited("SELECT * FROM " + from, wanted) : ""};
  const auto stream = look.source->open_whole(request, shape);
  model::RowBatch batch;
  while (rows.size() < wanted && stream->next(batch)) {
    for (std::size_t row = 0; row < batch.rows() && rows.size() < wanted; ++row) {
      SampleRow& cells = rows.emplace_back(layout.columns.size());
      for (std::size_t i = 0; i < positions.size(); ++i) {
        if (!batch.row(row).is_null(i)) cells[positions[i]] = std::string(batch.row(row).text(i));
      }
    }
  }
  return rows;
}

}  // namespace engine::operate
