// Reading the arguments of a SQL function and giving its result.
#pragma once

#include <optional>
#include <string>
#include <string_view>

struct sqlite3_context;
struct sqlite3_value;

namespace engine::map {

struct FunctionState;
class Decimal;

bool is_null(sqlite3_value* value);
/// Text or blob as it is, without a copy; numbers as SQLite writes them. Valid until the function returns.
std::string_view text_of(sqlite3_value* value);
bool is_integer(sqlite3_value* value);
std::int64_t integer_of(sqlite3_value* value);
/// Integers exactly, reals by the shortest text that reads back the same, text as Decimal::parse. nullopt: no number.
std::optional<Decimal> decimal_of(sqlite3_value* value);

FunctionState& state_of(sqlite3_context* context);

void give_null(sqlite3_context* context);
void give_integer(sqlite3_context* context, std::int64_t value);
void give_text(sqlite3_context* context, std::string_view text);
/// The row fails with this message.
void give_error(sqlite3_context* context, const std::string& message);
/// `value`, or a hint of it, as it may stand in a message.
std::string shown(sqlite3_value* value);

}  // namespace engine::map
