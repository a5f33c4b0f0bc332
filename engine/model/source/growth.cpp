#include "engine/model/source/growth.h"

#include <algorithm>

namespace engine::model {

namespace {

bool is_declared_date(std::string_view source_type) {
  return std::ranges::equal(source_type, std::string_view("date"), [](char one, char other) { return (one | 0x20) == other; });
}

}  // namespace

Growth growth_of(const Column& column) {
  switch (column.type) {
    case ColumnType::integer:
    case ColumnType::decimal: return Growth::counter;
    case ColumnType::date: return Growth::day;
    case ColumnType::timestamp: return Growth::moment;
    case ColumnType::text: return is_declared_date(column.source_type) ? Growth::day : Growth::moment;
    case ColumnType::real:
    case ColumnType::binary:
    case ColumnType::time: return Growth::none;
  }
  return Growth::none;
}

}  // namespace engine::model
