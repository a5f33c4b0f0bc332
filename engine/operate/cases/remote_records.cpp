#include "engine/operate/cases/remote_records.h"

#include <boost/json.hpp>

#include "engine/operate/cases/json_place.h"

namespace engine::operate {

namespace json = boost::json;
using model::CallKind;

namespace {

json::object fields_of(const model::FieldMap& fields) {
  json::error_code broken;
  const json::value value = json::parse(model::nested_json(fields), broken);
  return broken || !value.is_object() ? json::object() : flattened(value.get_object());
}

void take_in(json::object& into, const json::object& fields) {
  for (const auto& field : fields) into[field.key()] = field.value();
}

bool deletes(CallKind kind) { return kind == CallKind::delete_; }
bool creates(CallKind kind) { return kind == CallKind::create || kind == CallKind::upsert; }

/// Where a read-back looks for a field; empty: under its own nested name.
std::string pointer_of(const settings::ReadBackDefinition& definition, const std::string& field) {
  if (const auto exact = definition.fields.find(field); exact != definition.fields.end()) return exact->second;
  for (const auto& [pattern, pointer] : definition.fields) {
    const std::string prefix = pattern.substr(0, pattern.size() - 1);
    if (!pattern.ends_with('*') || !field.starts_with(prefix)) continue;
    std::string filled = pointer;
    if (const std::size_t hole = filled.find("{name}"); hole != std::string::npos) {
      filled.replace(hole, 6, field.substr(prefix.size()));
    }
    return filled;
  }
  std::string nested = "/" + field;
  for (char& c : nested) c = c == '.' ? '/' : c;
  return nested;
}

}  // namespace

const settings::ObjectDefinition* RemoteRecords::object_of(const std::string& name) const {
  auto found = definition_.objects.find(name);
  if (found == definition_.objects.end()) found = definition_.objects.find("*");
  return found == definition_.objects.end() ? nullptr : &found->second;
}

const settings::BatchDefinition* RemoteRecords::batch_of(const model::Call& call) const {
  const settings::ObjectDefinition* object = object_of(call.object);
  if (object == nullptr) return nullptr;
  const auto batch = object->batch.find(call.kind);
  return batch == object->batch.end() ? nullptr : &batch->second;
}

RemoteRecords::Record* RemoteRecords::find(const model::Call& call) {
  for (auto& [address, record] : records_) {
    const bool is_it = call.remote_id ? record.id == *call.remote_id : address.second == model::fields_json(call.match);
    if (is_it && address.first == call.object && !record.gone) return &record;
  }
  return nullptr;
}

const RemoteRecords::Record* RemoteRecords::find(const model::Call& call) const { return const_cast<RemoteRecords*>(this)->find(call); }

/// A record that is addressed by its id may have got another match value.
void RemoteRecords::move_to(const model::Call& call, const std::string& id) {
  const std::pair<std::string, std::string> address{call.object, model::fields_json(call.match)};
  if (!call.remote_id || records_.contains(address)) return;
  for (auto at = records_.begin(); at != records_.end(); ++at) {
    if (at->first.first != call.object || at->second.id != id) continue;
    auto node = records_.extract(at);
    node.key() = address;
    records_.insert(std::move(node));
    return;
  }
}

void RemoteRecords::apply(std::span<const model::Call> calls, const std::string& body) {
  json::error_code broken;
  const json::value sent = json::parse(body, broken);
  for (const model::Call& call : calls) {
    Record* record = find(call);
    if (record == nullptr && creates(call.kind)) {
      record = &records_[{call.object, model::fields_json(call.match)}];
      *record = {.id = std::to_string(++ids_)};
    }
    if (record == nullptr) continue;
    if (deletes(call.kind)) record->gone = true;
    if (call.kind == CallKind::comment) {
      record->comments += call.comment + "\n";
      continue;
    }
    // Relations are seen in the requests; no record is made of them.
    if (call.kind == CallKind::associate || call.kind == CallKind::dissociate) continue;
    // What the definition adds to the fields stands in the body alone.
    if (!broken && sent.is_object() && calls.size() == 1) take_in(record->fields, flattened(sent.get_object()));
    take_in(record->fields, fields_of(call.kind == CallKind::update ? call.changed_fields : call.fields));
    move_to(call, record->id);
  }
}

RemoteAnswer RemoteRecords::found(const settings::ObjectDefinition& object, const model::Call& call) const {
  const Record* record = find(call);
  const settings::FindDefinition& find = *object.find;
  if (record == nullptr && find.items.empty()) {
    const auto& absent = find.request.absent;
    return absent.empty() ? RemoteAnswer{.body = "[]"} : RemoteAnswer{.status = absent.front(), .body = {}};
  }
  json::value item = json::object();
  if (record != nullptr) place_json(item, find.id, json::value(record->id));
  for (const auto& [pointer, wanted] : find.where) {
    const bool is_match = wanted == "{match}" && call.match.size() == 1;
    place_json(item, pointer, is_match ? fields_of(call.match).begin()->value() : json::value(wanted));
  }
  if (find.items.empty()) return {.body = json::serialize(item)};
  json::value answer = json::object();
  place_json(answer, find.items, record == nullptr ? json::array() : json::array{item});
  return {.body = json::serialize(answer)};
}

RemoteAnswer RemoteRecords::read(const settings::ObjectDefinition& object, const model::Call& call) const {
  json::value answer = json::object();
  if (const Record* record = find(call)) {
    for (const auto& field : record->fields) {
      place_json(answer, pointer_of(*object.read_back, std::string(field.key())), field.value());
    }
  }
  return {.body = json::serialize(answer)};
}

RemoteAnswer RemoteRecords::batch(const settings::BatchDefinition& definition, std::span<const model::Call> calls) const {
  json::value answer = json::object();
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const Record* record = find(calls[i]);
    const std::string id = record == nullptr ? calls[i].remote_id.value_or("") : record->id;
    if (!definition.accounted_by_order.empty()) {
      place_json(answer, definition.accounted_by_order + "/*", json::object{{"id", id}}, i);
      continue;
    }
    for (const auto& [role, pointer] : definition.accounted_by) {
      if (role == "id") place_json(answer, pointer, json::value(id), i);
      if (role == "done") place_json(answer, pointer, json::value(calls[i].idempotency_key), i);
      if (role == "match" && calls[i].match.size() == 1) {
        place_json(answer, pointer, fields_of(calls[i].match).begin()->value(), i);
      }
    }
  }
  return {.body = json::serialize(answer)};
}

RemoteAnswer RemoteRecords::answer(std::span<const model::Call> calls) const {
  const model::Call& call = calls.front();
  const settings::ObjectDefinition* object = object_of(call.object);
  if (object == nullptr) return {.body = "{}"};
  if (call.kind == CallKind::find && object->find) return found(*object, call);
  if (call.kind == CallKind::read_back && object->read_back) return read(*object, call);
  if (call.kind == CallKind::find_comment) {
    const Record* record = find(call);
    return {.body = json::serialize(json::array{record == nullptr ? "" : record->comments})};
  }
  const auto single = object->calls.find(call.kind);
  const settings::BatchDefinition* batched = batch_of(call);
  if (batched != nullptr && (calls.size() > 1 || single == object->calls.end())) return batch(*batched, calls);
  json::value answer = json::object();
  const Record* record = find(call);
  if (record != nullptr && single != object->calls.end() && !single->second.id.empty()) {
    place_json(answer, single->second.id, json::value(record->id));
  }
  return {.body = json::serialize(answer)};
}

}  // namespace engine::operate
