// Mapped fields: what a pipeline wants a target record to hold.
#pragma once

#include <boost/container/flat_map.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace engine::model {

/// A number whose digits are kept as text (`types: number` on an exact decimal).
struct NumberText {
  std::string digits;
  bool operator==(const NumberText&) const = default;
};

/// JSON as it is sent (`types: json`): without blanks, an object or a list that holds more than plain values.
struct JsonText {
  std::string json;
  bool operator==(const JsonText&) const = default;
};

/// null, integer, real, exact number, text, boolean (only from `set:`), or JSON, which nothing here looks into.
using FieldScalar = std::variant<std::monostate, std::int64_t, double, NumberText, std::string, bool, JsonText>;
/// What a field may hold: a scalar or a list of them.
using FieldValue = std::variant<FieldScalar, std::vector<FieldScalar>>;

/// Fields by dotted name ("address.city"), in name order: equal maps have equal JSON. A few values in one piece of memory: they are
/// copied and freed for each delivery, by several threads, where a tree's nodes cost more than all the rest of it.
using FieldMap = boost::container::flat_map<std::string, FieldValue, std::less<>>;

/// Flat: {"address.city":"Roma","credit":1000.00,"name":"Rossi Srl"}. Equal fields give equal text.
std::string fields_json(const FieldMap& fields);
/// Nested: {"address":{"city":"Roma"},"credit":1000.00,…}: what goes into a request body. Behind an '@' a dot is a dot.
std::string nested_json(const FieldMap& fields);
/// One value, as `fields_json` writes it.
std::string value_json(const FieldValue& value);
/// What `fields_json` wrote; throws Error journal_failed for anything else. A number is an integer or a double where
/// that has the same text, else it keeps its digits.
FieldMap fields_from_json(std::string_view json);

/// Relations to other records travel among the fields under names of their own, "->company": so they are compared, skipped
/// and replayed as fields are. Sorted, they stand together.
inline constexpr std::string_view association_prefix = "->";
inline bool is_association(std::string_view field) { return field.starts_with(association_prefix); }
bool has_associations(const FieldMap& fields);
/// Without any, it is a copy.
FieldMap without_associations(const FieldMap& fields);

/// The fields of `now` that are absent from or different in `before`, and (as null) those of `before` absent from `now`.
FieldMap differing_fields(const FieldMap& now, const FieldMap& before);

}  // namespace engine::model
