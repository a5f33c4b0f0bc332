#include "connectors/http/request/form_template.h"

#include <boost/json/parse.hpp>

namespace connectors::http {

namespace json = boost::json;

namespace {

/// Which of both it is, is seen once, when the definition is read.
std::variant<TextTemplate, JsonTemplate> parameter_template(const std::string& text,
                                                            const engine::settings::Origin& origin) {
  const json::value value = json::parse(text);
  if (value.is_structured()) return JsonTemplate(text, origin);
  const std::string plain = value.is_string() ? std::string(value.get_string()) : value.is_null() ? "" : text;
  const bool is_whole_json = plain == "fields" || plain == "changed_fields" || plain == "{records}";
  if (is_whole_json) return JsonTemplate(text, origin);
  return TextTemplate(plain, TextTemplate::Place::query, origin);
}

}  // namespace

FormTemplate::FormTemplate(const std::vector<std::pair<std::string, std::string>>& form,
                           const engine::settings::Origin& origin) {
  for (const auto& [name, text] : form) {
    std::string encoded;
    append_percent_encoded(name, encoded);
    parameters_.emplace_back(std::move(encoded), parameter_template(text, origin));
  }
}

void FormTemplate::render(const CallValues& values, std::string& into) const {
  for (const auto& [name, value] : parameters_) {
    if (&name != &parameters_.front().first) into += '&';
    into.append(name).append(1, '=');
    if (const auto* text = std::get_if<TextTemplate>(&value)) {
      into += text->render(values);
      continue;
    }
    std::string body;
    std::get<JsonTemplate>(value).render(values, body);
    append_percent_encoded(body, into);
  }
}

std::vector<std::string> FormTemplate::auth_names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : parameters_) {
    const auto own = std::visit([](const auto& each) { return each.auth_names(); }, value);
    names.insert(names.end(), own.begin(), own.end());
  }
  return names;
}

}  // namespace connectors::http
