// One request template, flat as it stands in the YAML.
#include <fmt/format.h>

#include <algorithm>

#include "engine/settings/target/object_reader.h"

namespace engine::settings {
namespace {

/// `404`, or `[404, 410]`.
std::vector<int> take_statuses(MapReader& reader, const char* key) {
  std::vector<int> statuses;
  const YamlNode* value = reader.take(key);
  if (value == nullptr) return statuses;
  const auto add = [&](const YamlNode& item) {
    const model::FieldScalar scalar = item.is_scalar() ? core_scalar(item) : model::FieldScalar{};
    const auto* status = std::get_if<std::int64_t>(&scalar);
    if (status != nullptr && *status >= 100 && *status <= 599) {
      statuses.push_back(static_cast<int>(*status));
    } else {
      refuse_kind(item, reader.named(key), "an HTTP status or a list of them", reader.diagnostics());
    }
  };
  if (value->is_sequence()) {
    for (const YamlNode& item : value->items()) add(item);
  } else {
    add(*value);
  }
  return statuses;
}

/// In the order of the definition: equal calls have equal bodies.
std::vector<std::pair<std::string, std::string>> form_of(const YamlNode& map, MapReader& reader) {
  std::vector<std::pair<std::string, std::string>> form;
  if (!map.is_map()) refuse_kind(map, reader.named("form"), "a map of parameters", reader.diagnostics());
  for (const YamlEntry& entry : map.entries()) form.emplace_back(entry.key, json_of(entry.value));
  if (reader.has("body")) {
    reader.diagnostics().error("key.conflict", map.origin(), "a request has either a 'body' or a 'form'");
  }
  return form;
}

}  // namespace

RequestTemplate read_request(MapReader& reader) {
  RequestTemplate request;
  request.origin = reader.node().origin();
  request.method = reader.one_of<const char*>(
      "method", "GET", {{"GET", "GET"}, {"POST", "POST"}, {"PUT", "PUT"}, {"PATCH", "PATCH"}, {"DELETE", "DELETE"}});
  if (!reader.has("method")) reader.require("method");
  request.path = reader.required_text("path");
  if (!request.path.empty() && request.path.front() != '/') {
    reader.diagnostics().error(
        "value.type", reader.node().find("path")->origin(),
        fmt::format("{} must begin with '/': it stands behind the connection's url", reader.named("path")));
  }
  request.query = reader.named_texts("query");
  request.headers = reader.headers("headers");
  if (const YamlNode* body = reader.take("body")) request.body = json_of(*body);
  if (const YamlNode* form = reader.take("form")) request.form = form_of(*form, reader);
  request.gone = take_statuses(reader, "gone");
  request.absent = take_statuses(reader, "absent");
  return request;
}

std::string take_pointer(MapReader& reader, const char* key) {
  std::string pointer = reader.text(key);
  if (pointer.empty() || pointer.front() == '/') return pointer;
  reader.diagnostics().error("value.type", reader.node().find(key)->origin(),
                             fmt::format("{} is '{}', but a JSON pointer begins with '/'", reader.named(key), pointer));
  return {};
}

}  // namespace engine::settings
