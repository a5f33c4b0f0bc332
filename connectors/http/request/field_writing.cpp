#include "connectors/http/request/field_writing.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include "connectors/http/request/field_text.h"
#include "engine/base/error.h"
#include "engine/base/text/durations.h"
#include "engine/model/json_text.h"

namespace connectors::http {

using engine::model::FieldScalar;
using engine::model::FieldValue;
using engine::model::NumberText;
using engine::settings::FieldDefinition;
using engine::settings::FieldType;
using engine::settings::TimeForm;

namespace {

/// Digits at `at`; moves behind them.
std::optional<int> digits(std::string_view text, std::size_t& at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int number = 0;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + count, number);
  if (error != std::errc{} || end != text.data() + at + count || text[at] == '-') return std::nullopt;
  at += count;
  return number;
}

bool passes(std::string_view text, std::size_t& at, char c) { return at < text.size() && text[at] == c && ++at > 0; }

std::optional<std::int64_t> date_ms(std::string_view text, std::size_t& at) {
  const auto year = digits(text, at, 4);
  if (!year || !passes(text, at, '-')) return std::nullopt;
  const auto month = digits(text, at, 2);
  if (!month || !passes(text, at, '-')) return std::nullopt;
  const auto day = digits(text, at, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * engine::day_ms;
}

std::optional<std::int64_t> clock_ms(std::string_view text, std::size_t& at) {
  const auto hour = digits(text, at, 2);
  if (!hour || *hour > 23 || !passes(text, at, ':')) return std::nullopt;
  const auto minute = digits(text, at, 2);
  if (!minute || *minute > 59) return std::nullopt;
  std::int64_t ms = (std::int64_t{*hour} * 60 + *minute) * engine::minute_ms;
  if (!passes(text, at, ':')) return ms;
  const auto second = digits(text, at, 2);
  if (!second || *second > 60) return std::nullopt;
  ms += std::int64_t{*second} * engine::second_ms;
  if (!passes(text, at, '.')) return ms;
  for (std::int64_t unit = 100; at < text.size() && text[at] >= '0' && text[at] <= '9'; unit /= 10, ++at) {
    ms += (text[at] - '0') * unit;
  }
  return ms;
}

/// What a zone behind a time takes away: "Z", "+01:00", "+0100"; nothing where there is none.
std::optional<std::int64_t> zone_ms(std::string_view text, std::size_t& at) {
  if (at == text.size() || passes(text, at, 'Z')) return 0;
  const int sign = text[at] == '-' ? -1 : 1;
  if (!passes(text, at, '+') && !passes(text, at, '-')) return std::nullopt;
  const auto hours = digits(text, at, 2);
  passes(text, at, ':');
  const auto minutes = at == text.size() ? std::optional(0) : digits(text, at, 2);
  if (!hours || !minutes) return std::nullopt;
  return sign * (std::int64_t{*hours} * 60 + *minutes) * engine::minute_ms;
}

/// Always in UTC: the value brought its zone, or had none.
FieldScalar time_value(std::int64_t ms, const FieldDefinition& field) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(ms)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const std::string date_text =
      fmt::format("{:04}-{:02}-{:02}", int{date.year()}, unsigned{date.month()}, unsigned{date.day()});
  const bool date_only = field.type == FieldType::date;
  if (field.form == TimeForm::epoch_ms) return date_only ? floor<days>(time).time_since_epoch().count() * engine::day_ms : ms;
  if (field.form == TimeForm::epoch_s)
    return (date_only ? std::int64_t{day.time_since_epoch().count()} * engine::day_ms : ms) / 1'000;
  if (date_only) return date_text;
  const hh_mm_ss clock(time - day);
  const std::string clock_text =
      fmt::format("{:02}:{:02}:{:02}", clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (field.form == TimeForm::iso) return fmt::format("{}T{}Z", date_text, clock_text);
  return fmt::format("{}T{}.{:03}+0000", date_text, clock_text, clock.subseconds().count());
}

std::optional<FieldScalar> as_boolean(const FieldScalar& value) {
  if (std::holds_alternative<bool>(value)) return value;
  const std::string text = text_of(value);
  if (text == "1" || text == "true" || text == "TRUE" || text == "True") return FieldScalar(true);
  if (text == "0" || text == "false" || text == "FALSE" || text == "False") return FieldScalar(false);
  return std::nullopt;
}

/// Digits, with nothing but zeros behind a point: ids of 64 bits pass unrounded, larger ones with the digits they have.
std::optional<FieldScalar> exact_integer(std::string_view text) {
  const std::string_view digits = text.substr(0, text.find('.'));
  const std::string_view behind = text.substr(std::min(digits.size() + 1, text.size()));
  if (!std::all_of(behind.begin(), behind.end(), [](char c) { return c == '0'; })) return std::nullopt;
  std::int64_t whole = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
  if (digits.empty() || rest != digits.data() + digits.size() || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc{}) return FieldScalar(whole);
  return engine::model::is_json_number(digits) ? std::optional(FieldScalar(NumberText{std::string(digits)})) : std::nullopt;
}

std::optional<FieldScalar> as_integer(const FieldScalar& value) {
  if (std::holds_alternative<std::int64_t>(value)) return value;
  const std::string text = text_of(value);
  if (auto whole = exact_integer(text)) return whole;
  double real = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), real);
  const bool is_whole = error == std::errc{} && end == text.data() + text.size() && std::trunc(real) == real;
  // Beyond it a double cannot tell neighbouring integers apart.
  if (!is_whole || std::fabs(real) > 9e15) return std::nullopt;
  return FieldScalar(static_cast<std::int64_t>(real));
}

std::optional<FieldScalar> as_number(const FieldScalar& value) {
  const bool is_one = std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value) ||
                      std::holds_alternative<NumberText>(value);
  if (is_one) return value;
  std::string text = text_of(value);
  if (!engine::model::is_json_number(text)) return std::nullopt;
  return FieldScalar(NumberText{std::move(text)});
}

std::optional<FieldScalar> as_time(const FieldScalar& value, const FieldDefinition& field) {
  // A number is taken for one that was computed to be sent.
  if (std::holds_alternative<std::int64_t>(value)) return value;
  const auto ms = epoch_ms_of(text_of(value));
  return ms ? std::optional(time_value(*ms, field)) : std::nullopt;
}

std::optional<FieldScalar> converted(const FieldScalar& value, const FieldDefinition& field) {
  switch (field.type) {
    case FieldType::text: return FieldScalar(text_of(value));
    case FieldType::boolean: return as_boolean(value);
    case FieldType::integer: return as_integer(value);
    case FieldType::number: return as_number(value);
    case FieldType::date:
    case FieldType::datetime: return as_time(value, field);
    case FieldType::choices:
    case FieldType::any: break;
  }
  return value;
}

bool is_empty(const FieldScalar& value) {
  const auto* text = std::get_if<std::string>(&value);
  return std::holds_alternative<std::monostate>(value) || (text != nullptr && text->empty());
}

/// An empty text is no date and no number: it becomes NULL.
void convert(const std::string& name, const FieldDefinition& field, FieldScalar& value) {
  if (std::holds_alternative<std::monostate>(value)) return;
  const bool takes_text =
      field.type == FieldType::any || field.type == FieldType::text || field.type == FieldType::choices;
  if (is_empty(value) && !takes_text) {
    value = FieldScalar();
    return;
  }
  auto written = converted(value, field);
  if (!written) {
    static constexpr std::string_view types[] = {"value", "text", "whole number", "number", "true or false",
                                                 "date",  "date and time", "choice"};
    throw engine::Error(engine::ErrorCode::config_invalid,
                        fmt::format("the field '{}' holds '{}', which is no {}", name, text_of(value),
                                    types[static_cast<std::size_t>(field.type)]));
  }
  value = std::move(*written);
}

/// Several choices are a list, or one text.
void join_choices(const FieldDefinition& field, FieldValue& value) {
  auto* list = std::get_if<std::vector<FieldScalar>>(&value);
  if (field.join.empty()) {
    const auto* one = std::get_if<FieldScalar>(&value);
    if (one != nullptr && !is_empty(*one)) value = std::vector<FieldScalar>{*one};
    return;
  }
  if (list == nullptr) return;
  std::string joined;
  for (const FieldScalar& choice : *list) {
    if (is_empty(choice)) continue;
    if (!joined.empty()) joined += field.join;
    joined += text_of(choice);
  }
  value = FieldScalar(std::move(joined));
}

void to_text(FieldScalar& value) {
  if (!std::holds_alternative<std::monostate>(value)) value = FieldScalar(text_of(value));
}

template <class Change>
void each_scalar(FieldValue& value, const Change& change) {
  if (auto* scalar = std::get_if<FieldScalar>(&value)) return change(*scalar);
  for (FieldScalar& item : std::get<std::vector<FieldScalar>>(value)) change(item);
}

}  // namespace

std::optional<std::int64_t> epoch_ms_of(std::string_view text) {
  std::size_t at = 0;
  const auto date = date_ms(text, at);
  if (!date || at == text.size()) return date;
  if (!passes(text, at, ' ') && !passes(text, at, 'T')) return std::nullopt;
  const auto clock = clock_ms(text, at);
  const auto zone = clock ? zone_ms(text, at) : std::nullopt;
  if (!zone || at != text.size()) return std::nullopt;
  return *date + *clock - *zone;
}

FieldWriting::FieldWriting(const engine::settings::ObjectDefinition& object) : values_as_text_(object.values_as_text) {
  for (const auto& [name, field] : object.fields) {
    if (field.type == FieldType::any) continue;
    if (name.ends_with('*')) {
      prefixes_.emplace_back(name.substr(0, name.size() - 1), field);
    } else {
      exact_.emplace(name, field);
    }
  }
}

const FieldDefinition* FieldWriting::field_of(std::string_view name) const {
  if (const auto found = exact_.find(name); found != exact_.end()) return &found->second;
  for (const auto& [prefix, field] : prefixes_) {
    if (name.starts_with(prefix)) return &field;
  }
  return nullptr;
}

void FieldWriting::apply(engine::model::FieldMap& fields) const {
  if (empty()) return;
  for (auto& [name, value] : fields) {
    if (const FieldDefinition* field = field_of(name)) {
      each_scalar(value, [&, &field_name = name](FieldScalar& scalar) { convert(field_name, *field, scalar); });
      if (field->type == FieldType::choices) join_choices(*field, value);
    }
    if (values_as_text_) each_scalar(value, to_text);
  }
}

}  // namespace connectors::http
