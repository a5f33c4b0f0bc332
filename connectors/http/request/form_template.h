// Templates of form-encoded bodies (application/x-www-form-urlencoded).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "connectors/http/request/json_template.h"
#include "connectors/http/request/text_template.h"

namespace connectors::http {

/// A parameter whose template is a text holds that text; one whose template is a map or a list, or one of the strings
/// that stand for whole JSON, holds JSON text. All of it is percent-encoded.
class FormTemplate {
 public:
  /// Parameters to JSON texts of their templates. Throws Error config_invalid.
  FormTemplate(const std::vector<std::pair<std::string, std::string>>& form, const engine::settings::Origin& origin);
  void render(const CallValues& values, std::string& into) const;
  /// The x of its {auth.x}.
  std::vector<std::string> auth_names() const;

 private:
  std::vector<std::pair<std::string, std::variant<TextTemplate, JsonTemplate>>> parameters_;  ///< names percent-encoded
};

}  // namespace connectors::http
