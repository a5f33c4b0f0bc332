#include "connectors/odbc/rows/row_stream.h"

#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sql.h>
#include <sqlext.h>

#include "connectors/odbc/canonical_text.h"
#include "engine/model/json_text.h"

namespace connectors::odbc {

using engine::Error;
using engine::ErrorCode;
using engine::model::ColumnType;
using engine::model::RowBatch;
using engine::model::SourceKey;

namespace {

constexpr std::size_t batch_rows_max = 1000;
constexpr std::size_t batch_bytes_max = 4'000'000;
constexpr std::size_t shown_bytes_max = 60;

void append_hex(std::string_view bytes, std::string& into) {
  for (const char c : bytes) into += fmt::format("{:02x}", static_cast<unsigned char>(c));
}

/// For a message: short, and without bytes that a terminal would obey.
std::string shown(std::string_view raw) {
  std::string text;
  for (const char c : raw.substr(0, shown_bytes_max)) text += static_cast<unsigned char>(c) < ' ' ? '?' : c;
  return raw.size() > shown_bytes_max ? text + "…" : text;
}

template <class Value>
Value value_of(std::string_view raw) {
  Value value;
  std::memcpy(&value, raw.data(), sizeof value);
  return value;
}

/// mdbtools gives a float where a double was asked for, and says so by its size alone.
std::size_t write_real_cell(std::string_view raw, Wire wire, char* into) {
  if (raw.size() == sizeof(float)) return write_real(value_of<float>(raw), into);
  const auto value = value_of<double>(raw);
  return wire == Wire::real4 ? write_real(static_cast<float>(value), into) : write_real(value, into);
}

/// mdbtools gives day 0 for days that it cannot count.
template <class Struct>
bool is_day(const Struct& date) {
  return date.year >= 0 && date.year <= 9999 && date.month > 0 && date.day > 0;
}

}  // namespace

OdbcRowStream::OdbcRowStream(std::shared_ptr<PreparedRead> read, engine::model::Layout layout, Options options)
    : read_(std::move(read)), layout_(std::move(layout)), options_(std::move(options)), is_key_(layout_.columns.size()) {
  for (const std::size_t column : layout_.key) is_key_[column] = true;
  scratch_.reserve(64);
}

OdbcRowStream::~OdbcRowStream() { read_->close(); }

bool OdbcRowStream::fetch_more() {
  if (ended_) return false;
  if (limit_reached()) {
    ended_ = true;
  } else {
    converted_ = 0;
    fetched_ = read_->fetch();
    ended_ = fetched_ == 0;
  }
  // The server keeps its locks and the driver its copy of the result until the cursor is closed.
  if (ended_) read_->close();
  return !ended_;
}

bool OdbcRowStream::next(RowBatch& into) {
  try {
    fill(into);
  } catch (const LongerThanDescribed& longer) {
    if (options_.on_longer_than_described) options_.on_longer_than_described();
    throw Error(ErrorCode::source_busy,
                fmt::format("column {} of {} holds a value longer than described: the table is read row by row from now on",
                            layout_.columns[longer.column].name, options_.table));
  }
  return into.rows() != 0;
}

void OdbcRowStream::fill(RowBatch& into) {
  into.begin(layout_.columns.size());
  const Watched now = read_->watched();
  while (into.rows() < batch_rows_max && into.bytes() < batch_bytes_max && !limit_reached()) {
    if (converted_ == fetched_ && !fetch_more()) break;
    convert_row(converted_++, into);
    ++delivered_;
  }
  // Asked again behind its last row, the statement is ended here.
  if (into.rows() == 0) fetch_more();
}

void OdbcRowStream::convert_row(std::size_t row, RowBatch& into) {
  const std::size_t columns = layout_.columns.size();
  for (std::size_t column = 0; column < columns; ++column) convert_cell(row, column, into);
  into.end_row();
  keep_key(row, into);
}

void OdbcRowStream::convert_cell(std::size_t row, std::size_t column, RowBatch& into) {
  const std::optional<std::string_view> raw = read_->cell(row, column);
  const ColumnPlan& plan = read_->plan().columns[column];
  if (!raw || (plan.empty_is_null && raw->empty())) {
    if (is_key_[column]) refuse_null_key(row);
    into.append_null();
    return;
  }
  if (plan.type == ColumnType::text && raw->size() > plan.bytes_max) refuse_cut_text(row, column);
  if (plan.type == ColumnType::text && !engine::model::is_utf8(*raw)) refuse_text(row, column);
  if (plan.type == ColumnType::text || plan.type == ColumnType::binary) {
    into.append(plan.trims ? without_trailing_blanks(*raw) : *raw);
  } else {
    into.append(canonical(row, column, *raw));
  }
}

std::string_view OdbcRowStream::canonical(std::size_t row, std::size_t column, std::string_view raw) {
  const ColumnPlan& plan = read_->plan().columns[column];
  scratch_.resize(64);
  switch (plan.wire) {
    case Wire::real8:
    case Wire::real4: return {scratch_.data(), write_real_cell(raw, plan.wire, scratch_.data())};
    case Wire::date: {
      const auto date = value_of<SQL_DATE_STRUCT>(raw);
      if (!is_day(date)) refuse_value(row, column, fmt::format("{}-{}-{}", date.year, date.month, date.day));
      return {scratch_.data(), write_date(date.year, date.month, date.day, scratch_.data())};
    }
    case Wire::timestamp: {
      const auto stamp = value_of<SQL_TIMESTAMP_STRUCT>(raw);
      if (!is_day(stamp)) refuse_value(row, column, fmt::format("{}-{}-{}", stamp.year, stamp.month, stamp.day));
      return {scratch_.data(), write_timestamp(stamp.year, stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second, stamp.fraction,
                                               scratch_.data())};
    }
    case Wire::text:
    case Wire::binary: break;
  }
  const auto text = canonical_text(plan.type, raw, scratch_);
  if (!text) refuse_value(row, column, raw);
  return *text;
}

/// For a message about a row that is not converted.
std::string OdbcRowStream::shown_key_part(std::size_t row, std::size_t part) {
  const std::size_t column = layout_.key[part];
  const auto raw = read_->cell(row, column);
  if (!raw) return {};
  const ColumnType type = read_->plan().columns[column].type;
  if (type == ColumnType::text) return shown(*raw);
  if (type != ColumnType::binary) return std::string(canonical(row, column, *raw));
  std::string hex;
  append_hex(*raw, hex);
  return shown(hex);
}

/// What open_range and open_keys bind again: text with its padding, binary as hex digits, all else in canonical form.
void OdbcRowStream::keep_key(std::size_t row, RowBatch& into) {
  bool repeats = options_.after.has_value();
  const engine::model::RowView converted = into.row(into.rows() - 1);
  for (std::size_t part = 0; part < layout_.key.size(); ++part) {
    const std::size_t column = layout_.key[part];
    std::string_view kept = converted.text(column);
    const ColumnType type = read_->plan().columns[column].type;
    if (type == ColumnType::text) kept = *read_->cell(row, column);
    if (type == ColumnType::binary) {
      scratch_.clear();
      append_hex(*read_->cell(row, column), scratch_);
      kept = scratch_;
    }
    into.append_key_part(kept);
    repeats = repeats && kept == options_.after->parts[part];
  }
  if (!repeats) return;
  throw Error(ErrorCode::source_bad_data,
              fmt::format("{} gave a row again that it was asked to go beyond: its key does not compare equal to itself", options_.table),
              {{"table", options_.table}, {"key", fmt::format("{}", fmt::join(options_.after->parts, ", "))}},
              "the key's type does not survive the driver (a float, or mixed types in one column): choose another key");
}

/// The row's key for a message; the part in `column` as it came.
std::string OdbcRowStream::shown_key(std::size_t row, std::size_t column, std::string_view raw) {
  std::string key;
  for (std::size_t part = 0; part < layout_.key.size(); ++part) {
    if (part != 0) key += ", ";
    key += layout_.key[part] == column ? shown(raw) : shown_key_part(row, part);
  }
  return key;
}

/// Passed on, it would reach a target as other characters, and two keys could become one.
void OdbcRowStream::refuse_text(std::size_t row, std::size_t column) {
  const engine::model::Column& what = layout_.columns[column];
  const std::string key = shown_key(row, column, *read_->cell(row, column));
  throw Error(ErrorCode::source_bad_data,
              fmt::format("column {} of {} holds text that is not UTF-8 in the row with key {}", what.name, options_.table, key),
              {{"table", options_.table}, {"column", what.name}, {"key", key}, {"type", what.source_type}},
              "the client's character set in the connection string must be UTF-8; else correct the row, exclude the column, or convert it by `query:`");
}

/// The rest is lost, and how much of it nobody knows.
void OdbcRowStream::refuse_cut_text(std::size_t row, std::size_t column) {
  const engine::model::Column& what = layout_.columns[column];
  const std::string key = shown_key(row, column, *read_->cell(row, column));
  throw Error(ErrorCode::source_bad_data,
              fmt::format("column {} of {} holds a text that the driver cuts at {} bytes, in the row with key {}", what.name, options_.table,
                          read_->plan().columns[column].bytes_max, key),
              {{"table", options_.table}, {"column", what.name}, {"key", key}, {"type", what.source_type}}, "shorten it, or exclude the column");
}

void OdbcRowStream::refuse_value(std::size_t row, std::size_t column, std::string_view raw) {
  const std::string key = shown_key(row, column, raw);
  const engine::model::Column& what = layout_.columns[column];
  const auto type = engine::model::name_of(what.type);
  throw Error(ErrorCode::source_bad_data, fmt::format("column {} of {} holds '{}' in the row with key {}: not a {}", what.name, options_.table, shown(raw), key, type),
              {{"table", options_.table}, {"column", what.name}, {"key", key}, {"type", what.source_type}},
              fmt::format("correct the row, exclude the column, or read it as text by `query:` (CAST({} AS …))", what.name));
}

void OdbcRowStream::refuse_null_key(std::size_t row) {
  std::string key;
  for (const std::size_t column : layout_.key) {
    const auto raw = read_->cell(row, column);
    key += (key.empty() ? "" : ", ") + (raw ? layout_.columns[column].type == ColumnType::text ? shown(*raw) : "…" : std::string("NULL"));
  }
  throw Error(ErrorCode::source_bad_data, fmt::format("{} has a row whose key holds NULL: {}", options_.table, key),
              {{"table", options_.table}, {"key", key}}, "choose a key that is never NULL, or leave such rows out by `query:`");
}

}  // namespace connectors::odbc
