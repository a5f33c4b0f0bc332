#include "connectors/targets/message/message.h"

#include <cctype>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/model/row_json.h"

namespace connectors::targets {

using namespace engine::model;
namespace json = boost::json;

namespace {

/// A separator in a value would make another subject, a wildcard one that no stream takes.
std::string escaped(std::string_view value) {
  std::string text;
  for (const unsigned char c : value) {
    if (std::isalnum(c) != 0 || c == '-' || c == '_') text += static_cast<char>(c);
    else text += fmt::format("={:02X}", c);
  }
  return text;
}

/// Texts bare, all else as JSON writes it.
std::string text_of(const FieldValue& value) {
  const std::string text = fields_json({{"x", value}}).substr(5);  // behind {"x":
  const std::string bare = text.substr(0, text.size() - 1);
  const auto* scalar = std::get_if<FieldScalar>(&value);
  const auto* string = scalar == nullptr ? nullptr : std::get_if<std::string>(scalar);
  return string == nullptr ? bare : *string;
}

[[noreturn]] void refuse(const std::string& message) { throw engine::Error(engine::ErrorCode::config_invalid, message); }

/// Only values of the match are escaped: object and pipeline are names of the configuration.
std::string value_named(const std::string& name, const Call& call) {
  if (name == "object") return call.object;
  if (name == "pipeline") return call.origin ? call.origin->pipeline : std::string();
  const bool only = name == "match" && call.match.size() == 1;
  const auto found = only ? call.match.begin() : call.match.find(name.substr(std::min(name.size(), std::string("match.").size())));
  if (found == call.match.end()) refuse(fmt::format("the subject names {{{}}}, and the record has no such match value", name));
  const std::string value = escaped(text_of(found->second));
  if (value.empty()) refuse(fmt::format("the subject names {{{}}}, which is empty", name));
  return value;
}

bool is_known(const std::string& name) {
  return name == "object" || name == "pipeline" || name == "match" || (name.starts_with("match.") && name.size() > 6);
}

/// A row as consumers expect it: the key's columns are among the others.
std::string row_json(FieldMap fields, const FieldMap& match) {
  for (const auto& [name, value] : match) fields.try_emplace(name, value);
  return nested_json(fields);
}

/// As Debezium's connectors write it, so that what reads theirs reads ours; what we cannot know is empty.
std::string debezium_value(const Call& call) {
  const CallOrigin origin = call.origin.value_or(CallOrigin{});
  const bool gone = call.kind == CallKind::delete_;
  const std::string before = origin.before ? row_json(*origin.before, call.match) : "null";
  const std::string after = gone ? "null" : row_json(call.fields, call.match);
  std::string source = R"({"version":"1","connector":"datapicker","name":)";
  append_json_string(origin.pipeline, source);
  source += R"(,"db":"","table":)";
  append_json_string(call.object, source);
  source += fmt::format(R"(,"snapshot":"false","ts_ms":{},"seq":{}}})", origin.changed_ms, origin.seq);
  return fmt::format(R"({{"before":{},"after":{},"source":{},"op":"{}","ts_ms":{}}})", before, after, source,
                     gone ? "d" : origin.is_new ? "c" : "u", origin.changed_ms);
}

}  // namespace

SubjectTemplate::SubjectTemplate(std::string text) : text_(std::move(text)) {
  for (std::size_t at = 0; (at = text_.find('{', at)) != std::string::npos; ++at) {
    const std::size_t end = text_.find('}', at);
    const std::string name = text_.substr(at + 1, end == std::string::npos ? end : end - at - 1);
    if (end == std::string::npos || !is_known(name)) refuse(fmt::format("'{{{}}}' is nothing that a subject can name: there are {{object}}, {{pipeline}}, {{match}} and {{match.field}}", name));
  }
}

std::string SubjectTemplate::of(const Call& call) const {
  std::string subject;
  std::size_t at = 0;
  while (at < text_.size()) {
    const std::size_t open = std::min(text_.find('{', at), text_.size());
    subject += text_.substr(at, open - at);
    if (open == text_.size()) break;
    const std::size_t close = text_.find('}', open);
    subject += value_named(text_.substr(open + 1, close - open - 1), call);
    at = close + 1;
  }
  return subject;
}

std::string message_key(const Call& call) { return nested_json(call.match); }

std::optional<std::string> message_value(const Call& call, bool debezium) {
  if (debezium) return debezium_value(call);
  if (call.kind == CallKind::delete_) return std::nullopt;
  return nested_json(call.fields);
}

Message message_of(const Call& call, const SubjectTemplate& subject, bool debezium) {
  Message message;
  message.subject = subject.of(call);
  message.id = call.idempotency_key;
  message.operation = name_of(call.kind);
  message.key = message_key(call);
  message.value = message_value(call, debezium);
  return message;
}

std::string request_text(const Message& message) {
  std::string text = R"({"subject":)";
  append_json_string(message.subject, text);
  text += R"(,"id":)";
  append_json_string(message.id, text);
  text += R"(,"op":)";
  append_json_string(message.operation, text);
  // As texts: the bytes that go out again after a crash are these, and not what a parser makes of them.
  text += R"(,"key":)";
  append_json_string(message.key, text);
  text += R"(,"value":)";
  message.value ? append_json_string(*message.value, text) : void(text += "null");
  return text + '}';
}

Message read_message(std::string_view request) {
  const json::object parsed = json::parse(json::string_view(request.data(), request.size())).as_object();
  const auto text = [&](const char* name) { return std::string(parsed.at(name).as_string()); };
  Message message;
  message.subject = text("subject");
  message.id = text("id");
  message.operation = text("op");
  message.key = text("key");
  if (parsed.at("value").is_string()) message.value = text("value");
  return message;
}

ObjectTraits message_traits(bool keyed, bool wants_origin) {
  ObjectTraits traits{.wants_origin = wants_origin};
  traits.calls[CallKind::upsert] = {.native_upsert = keyed, .repeat_safe = true};
  traits.calls[CallKind::delete_] = {.repeat_safe = true};
  return traits;
}

}  // namespace connectors::targets
