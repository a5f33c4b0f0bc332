#include "test/support/random_rows.h"

#include <algorithm>
#include <charconv>

namespace test {

using engine::model::ColumnType;

namespace {

std::string padded(int value, std::size_t width) {
  std::string text = std::to_string(value);
  return std::string(width - std::min(width, text.size()), '0') + text;
}

std::string fraction(int micros) {
  if (micros == 0) return {};
  std::string text = "." + padded(micros, 6);
  while (text.back() == '0') text.pop_back();
  return text;
}

rc::Gen<std::string> digits_of_real() {
  return rc::gen::map(rc::gen::arbitrary<double>(), [](double value) {
    char buffer[40];
    return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
  });
}

rc::Gen<std::string> utf8_text() {
  const auto piece = rc::gen::element<std::string>("a", "B", "\"", "\\", "\n", "\x01", std::string(1, '\0'), " ", "è", "€", "😀", "z",
                                                   "/", "\x7f", "\t", "0");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece), [](const std::vector<std::string>& pieces) {
    std::string text;
    for (const auto& one : pieces) text += one;
    return text;
  });
}

rc::Gen<std::string> date_text() {
  return rc::gen::map(rc::gen::tuple(rc::gen::inRange(1, 10000), rc::gen::inRange(1, 13), rc::gen::inRange(1, 29)), [](auto parts) {
    return padded(std::get<0>(parts), 4) + "-" + padded(std::get<1>(parts), 2) + "-" + padded(std::get<2>(parts), 2);
  });
}

rc::Gen<std::string> time_text() {
  const auto micros = rc::gen::weightedOneOf<int>({{1, rc::gen::just(0)}, {3, rc::gen::inRange(0, 1000000)}, {1, rc::gen::just(500000)}});
  return rc::gen::map(rc::gen::tuple(rc::gen::inRange(0, 24), rc::gen::inRange(0, 60), rc::gen::inRange(0, 60), micros), [](auto parts) {
    return padded(std::get<0>(parts), 2) + ":" + padded(std::get<1>(parts), 2) + ":" + padded(std::get<2>(parts), 2) +
           fraction(std::get<3>(parts));
  });
}

}  // namespace

engine::model::Layout layout_of(const std::vector<ColumnType>& types, std::size_t key_parts) {
  engine::model::Layout layout;
  for (std::size_t i = 0; i < types.size(); ++i) {
    engine::model::Column column;
    column.name = "C\"" + std::to_string(i);
    column.type = types[i];
    layout.columns.push_back(column);
    if (i < key_parts) layout.key.push_back(i);
  }
  return layout;
}

rc::Gen<std::string> cell_of(ColumnType type) {
  switch (type) {
    case ColumnType::integer:
      return rc::gen::map(rc::gen::oneOf(rc::gen::arbitrary<std::int64_t>(), rc::gen::inRange<std::int64_t>(-20, 20)),
                          [](std::int64_t value) { return std::to_string(value); });
    case ColumnType::real: return digits_of_real();
    case ColumnType::decimal:
      return rc::gen::map(rc::gen::tuple(rc::gen::arbitrary<std::int64_t>(), rc::gen::inRange(0, 100)), [](auto parts) {
        return std::to_string(std::get<0>(parts)) + "." + padded(std::get<1>(parts), 2);
      });
    case ColumnType::binary: return rc::gen::container<std::string>(rc::gen::arbitrary<char>());
    case ColumnType::date: return date_text();
    case ColumnType::time: return time_text();
    case ColumnType::timestamp:
      return rc::gen::map(rc::gen::pair(date_text(), time_text()), [](auto parts) { return parts.first + " " + parts.second; });
    case ColumnType::text: break;
  }
  return utf8_text();
}

Cells random_cells(const engine::model::Layout& layout) {
  Cells cells;
  for (std::size_t column = 0; column < layout.columns.size(); ++column) {
    const bool key = std::ranges::find(layout.key, column) != layout.key.end();
    if (!key && *rc::gen::inRange(0, 6) == 0) {
      cells.push_back(std::nullopt);
    } else {
      cells.push_back(*cell_of(layout.columns[column].type));
    }
  }
  return cells;
}

void append(const Cells& cells, engine::model::RowBatch& into) {
  for (const auto& cell : cells) cell ? into.append(*cell) : into.append_null();
  into.end_row();
}

Cells cells_of(engine::model::RowView row) {
  Cells cells;
  for (std::size_t column = 0; column < row.size(); ++column) {
    cells.push_back(row.is_null(column) ? std::nullopt : std::optional<std::string>(row.text(column)));
  }
  return cells;
}

}  // namespace test
