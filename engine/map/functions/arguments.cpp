#include "engine/map/functions/arguments.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <charconv>
#include <cmath>

#include "engine/base/text/characters.h"
#include "engine/map/functions/decimal.h"
#include "engine/map/functions/state.h"

namespace engine::map {

bool is_null(sqlite3_value* value) { return sqlite3_value_type(value) == SQLITE_NULL; }

std::string_view text_of(sqlite3_value* value) {
  // sqlite3_value_text would copy every cell to put a zero behind it; the blob accessor gives the same bytes in place.
  const int type = sqlite3_value_type(value);
  const void* bytes =
      type == SQLITE_TEXT || type == SQLITE_BLOB ? sqlite3_value_blob(value) : sqlite3_value_text(value);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

bool is_integer(sqlite3_value* value) { return sqlite3_value_type(value) == SQLITE_INTEGER; }
std::int64_t integer_of(sqlite3_value* value) { return sqlite3_value_int64(value); }

std::optional<Decimal> decimal_of(sqlite3_value* value) {
  if (sqlite3_value_type(value) != SQLITE_FLOAT) return Decimal::parse(text_of(value));
  const double real = sqlite3_value_double(value);
  if (!std::isfinite(real)) return std::nullopt;
  char text[400];
  const auto end = std::to_chars(text, text + sizeof text, real, std::chars_format::fixed);
  return Decimal::parse({text, static_cast<std::size_t>(end.ptr - text)});
}

FunctionState& state_of(sqlite3_context* context) { return *static_cast<FunctionState*>(sqlite3_user_data(context)); }

void give_null(sqlite3_context* context) { sqlite3_result_null(context); }
void give_integer(sqlite3_context* context, std::int64_t value) { sqlite3_result_int64(context, value); }

void give_text(sqlite3_context* context, std::string_view text) {
  sqlite3_result_text64(context, text.data() == nullptr ? "" : text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void give_error(sqlite3_context* context, const std::string& message) {
  sqlite3_result_error(context, message.data(), static_cast<int>(message.size()));
}

std::string shown(sqlite3_value* value) {
  constexpr std::size_t shown_max = 40;
  const std::string_view text = text_of(value);
  return text.size() <= shown_max ? fmt::format("'{}'", text) : fmt::format("'{}…'", cut(text, shown_max));
}

}  // namespace engine::map
