#include "connectors/documents/assembly.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/text/characters.h"
#include "engine/model/row_json.h"

namespace connectors::documents {

namespace model = engine::model;
using engine::Error;
using engine::ErrorCode;
using model::Layout;
using model::RowBatch;
using model::RowView;
using model::SourceKey;

namespace {

std::string encoded(const Layout& layout, RowView row) {
  std::string key;
  model::encode_key(layout, row, key);
  return key;
}

bool belongs_to_none(const Layout& linked, RowView row) {
  return std::any_of(linked.key.begin(), linked.key.end(), [&](std::size_t column) { return row.is_null(column); });
}

std::int64_t whole_part(std::string_view number) {
  std::int64_t value = 0;
  std::from_chars(number.data(), number.data() + number.size(), value);
  return value;
}

/// Whether a column's value stands higher than another one: numbers by their whole part, which is what a mark counts; times as text.
bool is_higher(model::ColumnType type, std::string_view value, std::string_view than) {
  const bool is_number = type == model::ColumnType::integer || type == model::ColumnType::decimal;
  return is_number ? whole_part(value) > whole_part(than) : value > than;
}

}  // namespace

void append_row(RowView row, RowBatch& into) {
  for (std::size_t column = 0; column < row.size(); ++column) row.is_null(column) ? into.append_null() : into.append(row.text(column));
  into.end_row();
}

void append_rows(model::RowStream& stream, KeyedRows& into) {
  RowBatch batch;
  while (stream.next(batch)) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      append_row(batch.row(row), into.rows);
      into.keys.push_back(batch.source_key(row));
    }
  }
}

void Assembly::assemble(const RowBatch& roots, std::span<const SourceKey> keys, RowBatch& into) {
  ENGINE_ASSERT(roots.rows() == keys.size() && keys.size() <= source_.keys_max());
  highest_.assign(roots.rows(), std::vector<std::string>(document_.columns));
  root_of_.assign(document_.parts.size(), {});
  for (std::size_t part = 1; part < document_.parts.size(); ++part) {
    read_part(part, roots, keys);
    take_highest(part);
  }
  const std::vector<std::size_t>& nested = document_.parts.front().children;
  std::string json;
  for (std::size_t row = 0; row < roots.rows(); ++row) {
    const RowView root = roots.row(row);
    for (std::size_t column = 0; column < root.size(); ++column) root.is_null(column) ? into.append_null() : into.append(root.text(column));
    for (const std::size_t part : nested) {
      json.clear();
      append_json(part, row, json);
      into.append(json);
    }
    for (std::size_t column = root.size() + nested.size(); column < document_.columns; ++column) {
      highest_[row][column].empty() ? into.append_null() : into.append(highest_[row][column]);
    }
    into.end_row();
  }
}

void Assembly::read_part(std::size_t part, const RowBatch& roots, std::span<const SourceKey> keys) {
  const Part& wanted = document_.parts[part];
  const Part& above = document_.parts[wanted.of];
  const RowBatch& rows_above = wanted.of == 0 ? roots : read_[wanted.of].rows;
  Rows places_above;
  for (std::size_t row = 0; row < rows_above.rows(); ++row) places_above.emplace_back(encoded(above.rows, rows_above.row(row)), row);
  std::sort(places_above.begin(), places_above.end());
  Read& read = read_[part];
  read.rows.begin(wanted.rows.columns.size());
  read.places.clear();
  const std::vector<SourceKey> by = keys_for(wanted, keys);
  RowBatch batch;
  for (std::span<const SourceKey> rest(by); !rest.empty();) {
    const std::size_t count = std::min(rest.size(), source_.keys_max());
    const auto stream = source_.open_keys(wanted.request, wanted.shape, rest.first(count));
    while (stream->next(batch)) take(part, batch, places_above);
    rest = rest.subspan(count);
  }
  std::sort(read.places.begin(), read.places.end(),
            [](const Place& one, const Place& other) { return std::tie(one.of, one.key) < std::tie(other.of, other.key); });
  const auto twice = std::adjacent_find(read.places.begin(), read.places.end(),
                                        [](const Place& one, const Place& other) { return one.of == other.of && one.key == other.key; });
  if (twice == read.places.end()) return;
  const std::string key = model::key_json(wanted.rows, read.rows.row(twice->row));
  throw Error(ErrorCode::source_bad_data, fmt::format("the key of '{}' is not unique: two rows of one document have {}", wanted.name, key),
              {{"key", key}}, "add the columns to its `key:` that tell such rows apart");
}

std::vector<SourceKey> Assembly::keys_for(const Part& part, std::span<const SourceKey> keys) const {
  if (part.by_root) return {keys.begin(), keys.end()};
  const Part& above = document_.parts[part.of];
  const RowBatch& rows = read_[part.of].rows;
  std::vector<SourceKey> own;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    SourceKey& key = own.emplace_back();
    for (const std::size_t column : above.rows.key)
      key.parts.push_back(model::source_key_part(above.rows.columns[column].type, rows.row(row).text(column)));
  }
  return own;
}

void Assembly::take(std::size_t part, const RowBatch& rows, const Rows& above) {
  const Part& wanted = document_.parts[part];
  Read& read = read_[part];
  for (std::size_t index = 0; index < rows.rows(); ++index) {
    const RowView row = rows.row(index);
    if (belongs_to_none(wanted.linked, row)) continue;
    const std::string belongs_to = encoded(wanted.linked, row);
    const auto found =
        std::lower_bound(above.begin(), above.end(), belongs_to, [](const auto& one, const std::string& key) { return one.first < key; });
    if (found == above.end() || found->first != belongs_to) {
      // The server found it by the key that it was asked for, which is written otherwise: left out, it would be missed by nobody.
      if (wanted.of == 0) {
        throw Error(ErrorCode::source_bad_data,
                    fmt::format("a row of '{}' belongs to a document whose key it spells otherwise: {}", wanted.name,
                                std::string(engine::cut(model::row_json(wanted.rows, row), 500))),
                    {}, "let a `query:` spell both keys alike, with upper() or trim()");
      }
      continue;
    }
    read.places.push_back({found->second, encoded(wanted.rows, row), read.rows.rows()});
    append_row(row, read.rows);
  }
}

std::span<const Assembly::Place> Assembly::places_of(std::size_t part, std::size_t row) const {
  const std::vector<Place>& all = read_[part].places;
  const auto first = std::lower_bound(all.begin(), all.end(), row, [](const Place& place, std::size_t of) { return place.of < of; });
  return {first, std::upper_bound(first, all.end(), row, [](std::size_t of, const Place& place) { return of < place.of; })};
}

void Assembly::append_json(std::size_t part, std::size_t row, std::string& into) const {
  const Part& shown = document_.parts[part];
  into += '[';
  bool first = true;
  for (const Place& place : places_of(part, row)) {
    if (!first) into += ',';
    first = false;
    model::append_row_json(shown.rows, read_[part].rows.row(place.row), into);
    for (const std::size_t child : shown.children) {
      into.back() = ',';  // in the place of the object's end
      model::append_json_string(document_.parts[child].name, into);
      into += ':';
      append_json(child, place.row, into);
      into += '}';
    }
  }
  into += ']';
}

void Assembly::take_highest(std::size_t part) {
  const Part& read = document_.parts[part];
  const std::vector<Place>& places = read_[part].places;
  std::vector<std::size_t>& roots = root_of_[part];
  roots.resize(read_[part].rows.rows());
  for (const Place& place : places) {
    const std::size_t root = read.of == 0 ? place.of : root_of_[read.of][place.of];
    roots[place.row] = root;
    const RowView row = read_[part].rows.row(place.row);
    for (const Part::Growing& growing : read.growing) {
      if (row.is_null(growing.column)) continue;
      std::string& highest = highest_[root][growing.document];
      const std::string_view value = row.text(growing.column);
      if (highest.empty() || is_higher(read.rows.columns[growing.column].type, value, highest)) highest = std::string(value);
    }
  }
}

}  // namespace connectors::documents
