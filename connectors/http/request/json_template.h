// Templates of JSON bodies: a tree whose strings hold placeholders, flattened to text with holes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectors/http/request/placeholder.h"

namespace connectors::http {

/// A string that is one placeholder becomes the value with its JSON type; inside a longer string the value becomes
/// text. The strings `fields`, `changed_fields` and `{records}` become whole JSON. The order of members is the
/// template's: equal calls have equal bodies. An {auth.x} of a call, whose body is frozen without secrets, becomes a mark
/// (auth_marks.h) that `send` fills.
class JsonTemplate {
 public:
  /// `json` is the template's JSON text. Throws Error config_invalid.
  JsonTemplate(std::string_view json, const engine::settings::Origin& origin);
  void render(const CallValues& values, std::string& into) const;
  /// The x of its {auth.x}.
  std::vector<std::string> auth_names() const;
  /// Whether one of them stands inside a longer text or has a filter, where no mark can stand for it.
  bool has_auth_inside_text() const;

 private:
  class Flattening;
  struct Hole {
    std::string before;  ///< JSON text in front of the hole
    std::optional<Placeholder> placeholder;
    bool inside_string = false;
  };
  std::vector<Hole> holes_;
};

}  // namespace connectors::http
