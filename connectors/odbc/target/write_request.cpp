#include "connectors/odbc/target/write_request.h"

#include "engine/base/error.h"
#include "engine/model/json_text.h"
#include "engine/model/row_json.h"

namespace connectors::odbc {

using namespace engine::model;

namespace {

FieldMap fields_of(const Call& call) {
  if (call.kind == CallKind::delete_) return {};
  return call.kind == CallKind::update ? call.changed_fields : call.fields;
}

/// The text of one flat object, found by its braces: `fields_from_json` reads it.
FieldMap take_fields(JsonScanner& scanner) {
  std::string text = "{";
  bool first = true;
  JsonToken name;
  ENGINE_ASSERT(scanner.value().kind == JsonKind::begin_object);
  const auto scalar = [](const JsonToken& token) {
    return token.kind == JsonKind::text ? '"' + std::string(token.raw) + '"' : std::string(token.raw);
  };
  while (scanner.member(first, name)) {
    text += (text.size() > 1 ? ",\"" : "\"") + std::string(name.raw) + "\":";
    const JsonToken value = scanner.value();
    if (value.kind != JsonKind::begin_array) {
      text += scalar(value);
      continue;
    }
    text += '[';
    for (bool first_item = true; scanner.element(first_item);) text += (text.back() == '[' ? "" : ",") + scalar(scanner.value());
    text += ']';
  }
  return fields_from_json(text + '}');
}

}  // namespace

WriteRequest write_request_of(std::span<const Call> calls) {
  WriteRequest request;
  request.kind = calls.front().kind;
  request.table = calls.front().object;
  for (const Call& call : calls) request.records.push_back({call.idempotency_key, call.match, fields_of(call)});
  return request;
}

std::string request_text(const WriteRequest& request) {
  std::string text = R"({"call":)";
  append_json_string(name_of(request.kind), text);
  text += R"(,"table":)";
  append_json_string(request.table, text);
  text += R"(,"records":[)";
  for (const WriteRecord& record : request.records) {
    text += text.back() == '[' ? R"({"key":)" : R"(,{"key":)";
    append_json_string(record.key, text);
    text += R"(,"match":)" + fields_json(record.match);
    text += R"(,"fields":)" + fields_json(record.fields) + '}';
  }
  return text + "]}";
}

WriteRequest read_request(std::string_view text) {
  WriteRequest request;
  JsonScanner scanner(text);
  bool first = true;
  JsonToken name;
  scanner.value();
  while (scanner.member(first, name)) {
    if (name.raw == "call") {
      request.kind = call_kind_of(unescaped(scanner.value())).value_or(CallKind::upsert);
    } else if (name.raw == "table") {
      request.table = unescaped(scanner.value());
    } else {
      scanner.value();
      for (bool first_record = true; scanner.element(first_record);) {
        WriteRecord record;
        scanner.value();
        JsonToken part;
        for (bool first_part = true; scanner.member(first_part, part);) {
          if (part.raw == "key") record.key = unescaped(scanner.value());
          else (part.raw == "match" ? record.match : record.fields) = take_fields(scanner);
        }
        request.records.push_back(std::move(record));
      }
    }
  }
  scanner.end();
  return request;
}

}  // namespace connectors::odbc
