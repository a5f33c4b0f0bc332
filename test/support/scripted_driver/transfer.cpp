#include "test/support/scripted_driver/transfer.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace scripted {

namespace {

std::string bytes_of_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) bytes += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
  return bytes;
}

std::string hex_of(const std::string& bytes) {
  std::string hex;
  char digits[3];
  for (const unsigned char byte : bytes) {
    std::snprintf(digits, sizeof digits, "%02X", byte);
    hex += digits;
  }
  return hex;
}

bool is_binary(const Column& column) { return column.code == SQL_VARBINARY || column.code == SQL_BINARY; }

SQL_TIMESTAMP_STRUCT timestamp_of(const std::string& text) {
  SQL_TIMESTAMP_STRUCT stamp{};
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
  char fraction[10] = {};
  std::sscanf(text.c_str(), "%d-%u-%u %u:%u:%u.%9s", &year, &month, &day, &hour, &minute, &second, fraction);
  std::string digits = fraction;
  digits.resize(9, '0');
  stamp.year = static_cast<SQLSMALLINT>(year);
  stamp.month = static_cast<SQLUSMALLINT>(month);
  stamp.day = static_cast<SQLUSMALLINT>(day);
  stamp.hour = static_cast<SQLUSMALLINT>(hour);
  stamp.minute = static_cast<SQLUSMALLINT>(minute);
  stamp.second = static_cast<SQLUSMALLINT>(second);
  stamp.fraction = static_cast<SQLUINTEGER>(std::strtoul(digits.c_str(), nullptr, 10));
  return stamp;
}

std::string text_of(const SQL_TIMESTAMP_STRUCT& stamp) {
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02u:%02u:%02u.%09u", stamp.year, stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second,
                static_cast<unsigned>(stamp.fraction));
  return text;
}

template <class Value>
Put put_fixed(const Value& value, const Buffer& buffer) {
  std::memcpy(buffer.data, &value, sizeof value);
  if (buffer.indicator != nullptr) *buffer.indicator = sizeof value;
  return Put::whole;
}

/// A text ends with a zero byte, bytes do not.
Put put_bytes(const std::string& bytes, bool is_text, const Buffer& buffer, std::size_t& given) {
  const std::size_t left = bytes.size() - std::min(bytes.size(), given);
  const std::size_t room = static_cast<std::size_t>(std::max<SQLLEN>(0, buffer.size - (is_text ? 1 : 0)));
  const std::size_t count = std::min(left, room);
  std::memcpy(buffer.data, bytes.data() + given, count);
  if (is_text && buffer.size > 0) static_cast<char*>(buffer.data)[count] = '\0';
  if (buffer.indicator != nullptr) *buffer.indicator = static_cast<SQLLEN>(left);
  given += count;
  return count < left ? Put::cut : Put::whole;
}

}  // namespace

Put put_cell(const Column& column, const Cell& cell, const Buffer& buffer, std::size_t& given) {
  if (!cell) {
    if (buffer.indicator != nullptr) *buffer.indicator = SQL_NULL_DATA;
    return Put::whole;
  }
  switch (buffer.c_type) {
    case SQL_C_CHAR: {
      std::string text = *cell;
      // As every server does with CHAR(n).
      if (column.code == SQL_CHAR && text.size() < column.size) text.resize(column.size, ' ');
      return put_bytes(text, true, buffer, given);
    }
    case SQL_C_BINARY: return put_bytes(is_binary(column) ? bytes_of_hex(*cell) : *cell, false, buffer, given);
    case SQL_C_DOUBLE: return put_fixed(std::strtod(cell->c_str(), nullptr), buffer);
    case SQL_C_SBIGINT: return put_fixed(static_cast<SQLBIGINT>(std::strtoll(cell->c_str(), nullptr, 10)), buffer);
    case SQL_C_TYPE_TIMESTAMP: return put_fixed(timestamp_of(*cell), buffer);
    case SQL_C_TYPE_DATE: {
      const SQL_TIMESTAMP_STRUCT stamp = timestamp_of(*cell);
      return put_fixed(SQL_DATE_STRUCT{stamp.year, stamp.month, stamp.day}, buffer);
    }
    default: return Put::no_such_type;
  }
}

Cell taken_value(const Buffer& buffer) {
  if (buffer.indicator != nullptr && *buffer.indicator == SQL_NULL_DATA) return std::nullopt;
  switch (buffer.c_type) {
    case SQL_C_SBIGINT: return std::to_string(*static_cast<const SQLBIGINT*>(buffer.data));
    case SQL_C_DOUBLE: return std::to_string(*static_cast<const double*>(buffer.data));
    case SQL_C_TYPE_TIMESTAMP: return text_of(*static_cast<const SQL_TIMESTAMP_STRUCT*>(buffer.data));
    case SQL_C_TYPE_DATE: {
      const auto* date = static_cast<const SQL_DATE_STRUCT*>(buffer.data);
      return text_of({date->year, date->month, date->day, 0, 0, 0, 0}).substr(0, 10);
    }
    default: break;
  }
  const bool counted = buffer.indicator != nullptr && *buffer.indicator >= 0;
  const auto* bytes = static_cast<const char*>(buffer.data);
  std::string text = counted ? std::string(bytes, static_cast<std::size_t>(*buffer.indicator)) : std::string(bytes);
  return buffer.c_type == SQL_C_BINARY ? hex_of(text) : text;
}

}  // namespace scripted
