// Values as drivers give them → the canonical form of engine/model/layout.h, version 1. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/model/layout.h"

namespace connectors::odbc {

/// The canonical form as a view of `text`, where that holds it already, or of `scratch`; nullopt when `text` cannot be put into
/// the canonical form exactly. Text and binary come back unchanged.
///   integer    takes a leading '+', zeros in front, a boolean's byte 0 or 1, "t" and "f"; refuses what does not fit 64 bits
///   decimal    takes a leading '+', zeros in front, a missing digit before or behind the point, an exponent
///   date       ISO dates of four-digit years; "infinity" and "-infinity", which PostgreSQL keeps as dates, stay as they are
///   time       hours may have a sign and three digits: MariaDB's times are durations
///   timestamp  with a blank or a T between date and time
std::optional<std::string_view> canonical_text(engine::model::ColumnType type, std::string_view text, std::string& scratch);

/// Writes the canonical form and returns its size; `into` has room for 32 characters.
std::size_t write_real(double value, char* into);
std::size_t write_real(float value, char* into);
/// Nanoseconds are written without trailing zeros. Room for 40 characters.
std::size_t write_date(int year, unsigned month, unsigned day, char* into);
std::size_t write_timestamp(int year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second,
                            unsigned nanoseconds, char* into);

std::string_view without_trailing_blanks(std::string_view text);

}  // namespace connectors::odbc
