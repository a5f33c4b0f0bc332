#include "engine/map/result_writer.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <charconv>
#include <cmath>

#include "engine/base/text/base64.h"
#include "engine/map/functions/arguments.h"
#include "engine/map/functions/decimal.h"
#include "engine/model/json_text.h"
#include "engine/model/reference.h"
#include "engine/model/row_json.h"

namespace engine::map {
namespace {

void append_integer(std::int64_t value, std::string& into) {
  char text[24];
  into.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

/// As model::fields_json writes doubles: the shortest digits, and ".0" where they would read as an integer.
void append_real(double value, std::string& into) {
  char text[40];
  const std::string_view digits(text,
                                static_cast<std::size_t>(std::to_chars(text, text + sizeof text, value).ptr - text));
  into += digits;
  if (digits.find_first_of(".e") == std::string_view::npos) into += ".0";
}

}  // namespace

void ResultWriter::begin() {
  json_.reserve(size_last_ + 32);
  json_ = "{";
  slot_ = 0;
  element_ = 0;
  missing_.clear();
  pass_constants();
}

void ResultWriter::separate() {
  if (json_.size() > 1) json_ += ',';
}

void ResultWriter::pass_constants() {
  for (; slot_ < slots_.size() && slots_[slot_].expressions.empty(); ++slot_) {
    const Slot& slot = slots_[slot_];
    if (slot.kind == Slot::Kind::constant && slot.member.empty()) continue;
    separate();
    json_ += slot.kind == Slot::Kind::constant ? slot.member : slot.opening + "[]";
  }
}

std::string ResultWriter::take(sqlite3_value* value) {
  const Slot& slot = slots_[slot_];
  std::string failure;
  if (slot.kind == Slot::Kind::values) {
    failure = take_enumerated(slot, value);
  } else if (slot.kind == Slot::Kind::list) {
    if (element_ == 0) {
      separate();
      json_ += slot.opening;
    }
    json_ += element_ == 0 ? '[' : ',';
    failure = append_value(slot, value);
    if (element_ + 1 == slot.expressions.size()) json_ += ']';
  } else {
    const bool null = is_null(value);
    if (slot.required && missing_.empty() && (null || text_of(value).empty())) missing_ = slot.field;
    if (!null || !omit_nulls_) {
      separate();
      json_ += slot.opening;
      failure = append_value(slot, value);
    }
  }
  if (!failure.empty()) return fmt::format("{}: {}", slot.expressions[element_].named, failure);
  if (++element_ == slot.expressions.size()) {
    ++slot_;
    element_ = 0;
    pass_constants();
  }
  return {};
}

std::string ResultWriter::take_enumerated(const Slot& slot, sqlite3_value* value) {
  const auto found = is_null(value) ? slot.members.end() : slot.members.find(text_of(value));
  if (found == slot.members.end() && slot.otherwise == settings::Otherwise::dead_letter) {
    return fmt::format("{} is none of its values", is_null(value) ? "NULL" : shown(value));
  }
  const std::string& member = found == slot.members.end() ? slot.otherwise_member : found->second;
  if (member.empty()) return {};
  separate();
  json_ += member;
  return {};
}

std::string ResultWriter::append_value(const Slot& slot, sqlite3_value* value) {
  const int type = sqlite3_value_type(value);
  if (type == SQLITE_NULL) return json_ += "null", std::string{};
  if (type == SQLITE_INTEGER) return append_integer(sqlite3_value_int64(value), json_), std::string{};
  if (type == SQLITE_FLOAT) {
    const double real = sqlite3_value_double(value);
    if (!std::isfinite(real)) return "the result is not a finite number";
    return append_real(real, json_), std::string{};
  }
  const std::string_view text = text_of(value);
  if (text.size() > value_bytes_max_) {
    return fmt::format("the result has {} bytes, more than {}", text.size(), value_bytes_max_);
  }
  if (slot.as_json) return append_json(value, text);
  if (const auto reference = slot.as_number ? model::number_reference(text) : std::nullopt) {
    model::append_json_string(*reference, json_);
  } else if (slot.as_number) {
    const auto number = type == SQLITE_TEXT ? Decimal::parse(text) : std::nullopt;
    if (!number) return fmt::format("{} is not a number", type == SQLITE_TEXT ? shown(value) : "binary");
    json_ += number->text();
  } else if (type == SQLITE_BLOB) {
    json_ += '"';
    append_base64(text, json_);
    json_ += '"';
  } else {
    model::append_json_string(text, json_);
  }
  return {};
}

std::string ResultWriter::append_json(sqlite3_value* value, std::string_view text) {
  const bool is_text = sqlite3_value_type(value) == SQLITE_TEXT;
  if (is_text && model::append_compact_json(text, json_)) return {};
  return fmt::format("{} is no JSON", is_text ? shown(value) : "binary");
}

std::string ResultWriter::finish() {
  json_ += '}';
  size_last_ = json_.size();
  return std::move(json_);
}

}  // namespace engine::map
