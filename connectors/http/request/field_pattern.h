// What the conditions of a JSON template look at: a field, a family of fields, or the state of a conversation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectors/http/request/placeholder.h"

namespace connectors::http {

/// "field.x", "field.x.*.y" (one name in the place of the star) or "window.open".
class FieldPattern {
 public:
  /// Throws Error config_invalid for anything else.
  FieldPattern(std::string_view text, const engine::settings::Origin& origin);

  /// Is there a value? A null, an empty text and an empty list are none.
  bool holds(const CallValues& values) const;
  /// The values, in order: those of a list one by one, those of a family by their names.
  std::vector<TemplateItem> items(const CallValues& values) const;
  bool can_repeat() const { return !window_; }

 private:
  bool window_ = false;
  std::string prefix_;  ///< the whole name where there is no star
  std::string suffix_;
  bool starred_ = false;
};

}  // namespace connectors::http
