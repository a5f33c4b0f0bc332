// Templates of JSON bodies: a tree whose strings hold placeholders, flattened to text with holes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/http/request/field_pattern.h"
#include "connectors/http/request/placeholder.h"

namespace connectors::http {

struct JsonChoice;

/// A piece of flattened JSON: text, then perhaps a comma, then a value or a choice.
struct JsonPart {
  std::string before;
  bool comma = false;  ///< unless the object or list has no member yet
  std::optional<Placeholder> placeholder;
  bool inside_string = false;
  std::shared_ptr<const JsonChoice> choice;
};
using JsonParts = std::vector<JsonPart>;

/// One form that a part of the body may have.
struct JsonForm {
  std::vector<FieldPattern> when;    ///< all hold
  std::vector<FieldPattern> unless;  ///< not all hold, where there are any
  std::optional<FieldPattern> each;  ///< once for each value
  std::string refusal;               ///< not empty: a call that comes here is refused with these words
  JsonParts parts;
};

/// The first form that fits; none where none does.
struct JsonChoice {
  std::vector<JsonForm> forms;
  bool is_needed = false;  ///< something must stand here
};

/// A string that is one placeholder becomes the value with its JSON type; inside a longer string the value becomes
/// text. The strings `fields`, `changed_fields` and `{records}` become whole JSON. The order of members is the
/// template's: equal calls have equal bodies. An {auth.x} of a call, whose body is frozen without secrets, becomes a mark
/// (auth_marks.h) that `send` fills.
///
/// An object with `$when` or `$unless` (a condition or a list of them) is left out of its list or object where they do
/// not fit, a text "{field.x?}" where the call lacks the field. `$each: field.x` repeats an object of a list for each
/// value, which is {item}, with {name} and {index}. `$value` is what such an object stands for, where that is no object.
/// `$first: [ … ]` is the first of its items that fits; beside other members its members join them. `$refuse: why`
/// refuses the call. "$$x" is a member "$x".
class JsonTemplate {
 public:
  /// `json` is the template's JSON text. Throws Error config_invalid.
  JsonTemplate(std::string_view json, const engine::settings::Origin& origin);
  /// Throws Error config_invalid when a value is missing, or the template refuses the call.
  void render(const CallValues& values, std::string& into) const;
  /// The x of its {auth.x}.
  std::vector<std::string> auth_names() const;
  /// Whether one of them stands inside a longer text or has a filter, where no mark can stand for it.
  bool has_auth_inside_text() const;

 private:
  JsonParts parts_;
};

}  // namespace connectors::http
