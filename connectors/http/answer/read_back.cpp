#include "connectors/http/answer/read_back.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>

#include "connectors/http/request/field_text.h"
#include "engine/model/json_text.h"

namespace connectors::http {

namespace json = boost::json;
using engine::model::FieldMap;
using engine::model::FieldScalar;
using engine::model::FieldValue;

namespace {

/// Members by which an object that stands for another record can be named.
constexpr std::string_view reference_members[] = {"id", "Name", "name", "key", "value"};

bool is_nothing(const json::value* stored) {
  if (stored == nullptr || stored->is_null()) return true;
  if (stored->is_string()) return stored->get_string().empty();
  if (!stored->is_array()) return false;
  const json::array& items = stored->get_array();
  return std::all_of(items.begin(), items.end(), [](const json::value& item) { return is_nothing(&item); });
}

/// A number without the zeros that say nothing, so that all its digits count: "1.50" is 1.5, and of 64 bits none is lost. With an
/// exponent as it stands.
std::string plain_number(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos || text.find_first_of("eE") != std::string_view::npos) return std::string(text == "-0" ? "0" : text);
  std::string_view digits = text.substr(0, text.find_last_not_of('0') + 1);
  if (digits.ends_with('.')) digits.remove_suffix(1);
  return std::string(digits == "-0" ? "0" : digits);
}

std::optional<double> number_of(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// "05" is no number of JSON, and so not the same as "5".
bool same_number(const std::string& sent, const std::string& stored) {
  if (!engine::model::is_json_number(sent) || !engine::model::is_json_number(stored)) return false;
  if (plain_number(sent) == plain_number(stored)) return true;
  const bool has_exponent = (sent + stored).find_first_of("eE") != std::string::npos;
  return has_exponent && number_of(sent) == number_of(stored);
}

/// "2026-12-24T10:00:00.250Z" and "2026-12-24 10:00:00.25" both give the digits of date, time and fraction; "" is no
/// time.
std::string time_digits(std::string_view text) {
  static constexpr std::string_view shape = "dddd-dd-dd dd:dd:dd";
  if (text.size() < 10) return {};
  for (const std::string_view zone : {"Z", "+00:00", "+0000"}) {
    if (text.ends_with(zone)) text.remove_suffix(zone.size());
  }
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_digit = c >= '0' && c <= '9';
    const char expected = i < shape.size() ? shape[i] : i == shape.size() ? '.' : 'd';
    const bool fits = expected == 'd' ? is_digit : c == expected || (expected == ' ' && c == 'T');
    if (!fits) return {};
    if (is_digit) digits += c;
  }
  if (text.size() != 10 && text.size() < 16) return {};
  digits.resize(std::max<std::size_t>(digits.size(), 14), '0');
  while (digits.size() > 14 && digits.back() == '0') digits.pop_back();
  return digits;
}

std::string without_carriage_returns(std::string_view text) {
  std::string out;
  std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char c) { return c != '\r'; });
  return out;
}

bool same_text(const std::string& sent, const std::string& stored) {
  if (sent == stored || without_carriage_returns(sent) == without_carriage_returns(stored)) return true;
  const std::string sent_time = time_digits(sent);
  return !sent_time.empty() && sent_time == time_digits(stored);
}

/// Numbers by value, since 5 may come back as "5" or 5.0; true may come back as 1, and 1 as true.
bool same_scalar(const FieldScalar& sent, const json::value& stored) {
  const std::string sent_text = text_of(sent);
  const std::string stored_text = scalar_text(&stored);
  if (const auto* boolean = std::get_if<bool>(&sent)) {
    return stored_text == sent_text || stored_text == (*boolean ? "1" : "0");
  }
  if (const bool* boolean = stored.if_bool()) return stored_text == sent_text || sent_text == (*boolean ? "1" : "0");
  return same_text(sent_text, stored_text) || same_number(sent_text, stored_text);
}

bool same_reference(const FieldScalar& sent, const json::object& stored) {
  return std::any_of(std::begin(reference_members), std::end(reference_members), [&](std::string_view member) {
    const json::value* value = stored.if_contains({member.data(), member.size()});
    return value != nullptr && !value->is_structured() && same_scalar(sent, *value);
  });
}

bool same_one(const FieldScalar& sent, const json::value& stored) {
  return stored.is_object() ? same_reference(sent, stored.get_object()) : same_scalar(sent, stored);
}

/// A stored value that differs, as plainly as a field can hold it.
FieldScalar scalar_of(const json::value& stored) {
  if (stored.is_null()) return std::monostate{};
  if (stored.is_bool()) return stored.get_bool();
  if (stored.is_int64()) return stored.get_int64();
  if (stored.is_double()) return stored.get_double();
  if (stored.is_structured()) return json::serialize(stored);
  return scalar_text(&stored);
}

/// A list of one is told as its item: so it was compared.
FieldValue value_of(const json::value& stored) {
  const json::array* list = stored.if_array();
  if (list == nullptr) return scalar_of(stored);
  if (list->size() == 1) return scalar_of(list->front());
  std::vector<FieldScalar> values;
  for (const json::value& item : *list) values.push_back(scalar_of(item));
  return values;
}

const json::value* nested(const json::value& root, std::string_view dotted) {
  const json::value* now = &root;
  while (now != nullptr && !dotted.empty()) {
    const json::object* object = now->if_object();
    if (object == nullptr) return nullptr;
    const std::size_t dot = std::min(dotted.find('.'), dotted.size());
    now = object->if_contains({dotted.data(), dot});
    dotted.remove_prefix(std::min(dot + 1, dotted.size()));
  }
  return now;
}

/// Where the definition says; else under the field's own dotted name.
const json::value* find_stored(const ReadBackPlan& plan, const std::string& field, const json::value& answer) {
  if (const auto exact = plan.exact.find(field); exact != plan.exact.end()) return exact->second.first(answer);
  for (const auto& [prefix, path] : plan.prefixes) {
    if (field.starts_with(prefix)) return path.with_name(field.substr(prefix.size())).first(answer);
  }
  return nested(answer, field);
}

/// In any order: many a target sorts what it keeps.
bool same_list(const std::vector<FieldScalar>& sent, const json::array& stored) {
  std::vector<const json::value*> left;
  for (const json::value& item : stored) {
    if (!is_nothing(&item)) left.push_back(&item);
  }
  for (const FieldScalar& wanted : sent) {
    if (text_of(wanted).empty()) continue;
    const auto found = std::find_if(left.begin(), left.end(), [&wanted](const json::value* item) { return same_one(wanted, *item); });
    if (found == left.end()) return false;
    left.erase(found);
  }
  return left.empty();
}

FieldMap expected_fields(const std::string& expect, json::string_view member) {
  const json::value expected = json::parse(expect);
  const json::value* fields = expected.as_object().if_contains(member);
  return fields == nullptr ? FieldMap{} : engine::model::fields_from_json(scalar_text(fields));
}

}  // namespace

bool means_the_same(const FieldValue& sent, const json::value* stored) {
  if (const auto* list = std::get_if<std::vector<FieldScalar>>(&sent)) {
    if (list->empty()) return is_nothing(stored);
    if (stored != nullptr && stored->is_array()) return same_list(*list, stored->get_array());
    return list->size() == 1 && means_the_same(list->front(), stored);
  }
  const auto& scalar = std::get<FieldScalar>(sent);
  if (text_of(sent).empty()) return is_nothing(stored);
  if (is_nothing(stored)) return false;
  if (!stored->is_array()) return same_one(scalar, *stored);
  return stored->get_array().size() == 1 && same_one(scalar, stored->get_array().front());
}

StoredRecord stored_record(const ReadBackPlan& plan, const std::string& expect, const json::value& answer) {
  StoredRecord record;
  const FieldMap all_wanted = expected_fields(expect, "wanted");
  for (const auto& [field, sent] : expected_fields(expect, "fields")) {
    const json::value* stored = find_stored(plan, field, answer);
    const bool is_hidden = std::find(plan.write_only.begin(), plan.write_only.end(), field) != plan.write_only.end();
    if (is_hidden || means_the_same(sent, stored)) {
      record.fields.emplace(field, sent);
    } else if (const auto wanted = all_wanted.find(field); wanted != all_wanted.end() && means_the_same(wanted->second, stored)) {
      record.fields.insert(*wanted);
    } else if (stored != nullptr) {
      record.fields.emplace(field, value_of(*stored));
    }
  }
  for (const auto& [field, sent] : expected_fields(expect, "key")) {
    if (!means_the_same(sent, find_stored(plan, field, answer))) record.lost_keys.push_back(field);
  }
  return record;
}

}  // namespace connectors::http
