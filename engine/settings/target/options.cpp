#include "engine/settings/target/options.h"

#include <fmt/format.h>

#include "engine/model/row_json.h"

namespace engine::settings {
namespace {

/// Walks one definition; each problem is told at the template that holds the placeholder.
class OptionsFilling {
 public:
  OptionsFilling(const std::map<std::string, std::string>& options, Diagnostics& diagnostics)
      : options_(options), diagnostics_(diagnostics) {}

  void fill(RequestTemplate& request) {
    origin_ = request.origin;
    fill(request.path);
    fill(request.query);
    fill(request.headers);
    fill_json(request.body);
    for (auto& [name, value] : request.form) fill_json(value);
  }
  void fill(AuthDefinition& auth) {
    origin_ = auth.origin;
    fill(auth.headers);
    fill(auth.query);
    for (auto& [name, derived] : auth.derive) fill(derived.text);
    for (LoginRequest& login : auth.login) fill(login.request);
    if (!auth.oauth2) return;
    origin_ = auth.oauth2->origin;
    for (std::string* text : {&auth.oauth2->token_url, &auth.oauth2->scope, &auth.oauth2->audience}) fill(*text);
    fill(auth.oauth2->parameters);
  }
  void fill(CallDefinition& call) {
    fill(call.request);
    fill_set(call.set);
    if (call.job) fill(call.job->request);
  }
  void fill(FindDefinition& find) {
    fill(find.request);
    fill_both(find.where);
  }
  /// Names may hold options: the key field is the connection's choice.
  void fill(std::map<std::string, FieldDefinition>& fields) {
    std::map<std::string, FieldDefinition> filled;
    for (auto& [name, field] : fields) filled.insert_or_assign(filled_text(name, false), std::move(field));
    fields = std::move(filled);
  }
  void fill_both(std::map<std::string, std::string>& texts) {
    std::map<std::string, std::string> filled;
    for (const auto& [name, text] : texts) filled.insert_or_assign(filled_text(name, false), filled_text(text, false));
    texts = std::move(filled);
  }
  void fill(ReadBackDefinition& read_back) {
    fill(read_back.request);
    fill(read_back.fields);
  }
  void fill(BatchDefinition& batch) {
    fill(batch.request);
    fill_json(batch.record);
    fill_set(batch.set);
    if (batch.job) fill(batch.job->request);
  }
  void fill(std::map<std::string, std::string>& texts) {
    std::map<std::string, std::string> filled;
    for (const auto& [name, text] : texts) filled.emplace(filled_text(name, false), filled_text(text, false));
    texts = std::move(filled);
  }

 private:
  void fill(std::string& text) { text = filled_text(text, false); }
  void fill_set(model::FieldMap& set) {
    model::FieldMap filled;
    for (auto& [name, value] : set) {
      auto* scalar = std::get_if<model::FieldScalar>(&value);
      if (auto* text = scalar != nullptr ? std::get_if<std::string>(scalar) : nullptr) fill(*text);
      filled.insert_or_assign(filled_text(name, false), std::move(value));
    }
    set = std::move(filled);
  }
  void fill_json(std::string& json) { json = filled_text(json, true); }

  /// An option has no options inside: what was filled in is not looked through again.
  std::string filled_text(const std::string& text, bool is_json) {
    static constexpr std::string_view opening = "{{options.";
    std::string out;
    std::size_t at = 0;
    while (true) {
      const std::size_t begin = text.find(opening, at);
      const std::size_t end = begin == std::string::npos ? begin : text.find("}}", begin);
      if (end == std::string::npos) return out += text.substr(at);
      out.append(text, at, begin - at);
      const std::string value = value_of(text.substr(begin + opening.size(), end - begin - opening.size()));
      append(value, is_json, out);
      at = end + 2;
    }
  }

  /// Templates of bodies are JSON text, and options stand inside its strings.
  static void append(const std::string& value, bool is_json, std::string& out) {
    if (!is_json) {
      out += value;
      return;
    }
    std::string quoted;
    model::append_json_string(value, quoted);
    out.append(quoted, 1, quoted.size() - 2);
  }

  std::string value_of(const std::string& name) {
    const auto found = options_.find(name);
    if (found != options_.end() && !found->second.empty()) return found->second;
    diagnostics_.error(
        found == options_.end() ? "reference.unknown" : "value.missing", origin_,
        fmt::format("the option '{}' {}", name, found == options_.end() ? "is not declared" : "has no value"),
        found == options_.end() ? "declare it under 'options:' of the definition"
                                : fmt::format("write options: {{ {}: … }} in the connection", name));
    return {};
  }

  const std::map<std::string, std::string>& options_;
  Diagnostics& diagnostics_;
  Origin origin_;
};

}  // namespace

void apply_options(TargetDefinition& definition, Diagnostics& diagnostics) {
  OptionsFilling filling(definition.options, diagnostics);
  filling.fill(definition.headers);
  filling.fill(definition.auth);
  for (auto& [name, object] : definition.objects) {
    if (object.find) filling.fill(*object.find);
    filling.fill(object.fields);
    if (object.read_back) filling.fill(*object.read_back);
    if (object.comment_history) filling.fill(*object.comment_history);
    for (auto& [kind, call] : object.calls) filling.fill(call);
    for (auto& [kind, batch] : object.batch) filling.fill(batch);
  }
}

}  // namespace engine::settings
