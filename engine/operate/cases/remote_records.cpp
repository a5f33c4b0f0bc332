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

/// What an answer says of one record that was taken.
json::value taken(const settings::BatchDefinition& definition, const std::string& id, std::size_t index) {
  json::value result = json::object();
  place_json(result, definition.record_id.empty() ? "/id" : definition.record_id, json::value(id));
  if (!definition.record_taken.empty()) place_json(result, definition.record_taken, json::value(true));
  if (!definition.record_index.empty()) place_json(result, definition.record_index, json::value(index));
  if (!definition.record_status.empty()) place_json(result, definition.record_status, json::value(200));
  return result;
}

}  // namespace

const settings::ObjectDefinition* RemoteRecords::object_of(const std::string& name) const {
  auto found = definition_.objects.find(name);
  if (found == definition_.objects.end()) found = definition_.objects.find("*");
  return found == definition_.objects.end() ? nullptr : &found->second;
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

/// A list of one or none; where the definition has no list, the record itself, or the status that says it is absent.
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

/// Every record taken, in whichever way the definition accounts for them.
json::value RemoteRecords::batch(const settings::BatchDefinition& definition, std::span<const model::Call> calls) const {
  json::value answer = json::object();
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const Record* record = find(calls[i]);
    const std::string id = record == nullptr ? calls[i].remote_id.value_or("") : record->id;
    if (definition.accounted_by.empty()) {
      place_json(answer, definition.accounted_by_order + "/*", taken(definition, id, i), i);
      continue;
    }
    for (const auto& [role, pointer] : definition.accounted_by) {
      const std::string item = pointer.substr(0, pointer.find('*') + 1);
      if (role != "trace" && !definition.record_id.empty()) place_json(answer, item + definition.record_id, json::value(id), i);
      if (role == "id") place_json(answer, pointer, json::value(id), i);
      if (role == "done") place_json(answer, pointer, json::value(calls[i].idempotency_key), i);
      if (role == "match" && calls[i].match.size() == 1) {
        place_json(answer, pointer, fields_of(calls[i].match).begin()->value(), i);
      }
    }
  }
  return answer;
}

const settings::BatchDefinition* RemoteRecords::batch_for(const settings::ObjectDefinition& object, std::span<const model::Call> calls) {
  const CallKind kind = calls.front().kind;
  const auto batch = object.batch.find(kind);
  const bool travels = batch != object.batch.end() && (calls.size() > 1 || !object.calls.contains(kind));
  return travels ? &batch->second : nullptr;
}

const settings::JobDefinition* RemoteRecords::job_of(const settings::ObjectDefinition& object, std::span<const model::Call> calls) {
  if (const settings::BatchDefinition* batched = batch_for(object, calls)) return batched->job ? &*batched->job : nullptr;
  const auto call = object.calls.find(calls.front().kind);
  return call != object.calls.end() && call->second.job ? &*call->second.job : nullptr;
}

json::value RemoteRecords::written(const settings::ObjectDefinition& object, std::span<const model::Call> calls) const {
  if (const settings::BatchDefinition* batched = batch_for(object, calls)) return batch(*batched, calls);
  json::value answer = json::object();
  const auto call = object.calls.find(calls.front().kind);
  const Record* record = find(calls.front());
  if (record == nullptr || call == object.calls.end()) return answer;
  const std::string& pointer = call->second.job ? call->second.job->remote_id : call->second.id;
  if (!pointer.empty()) place_json(answer, pointer, json::value(record->id));
  return answer;
}

std::string RemoteRecords::job_name(std::size_t index) { return "job-" + std::to_string(index + 1); }

RemoteAnswer RemoteRecords::asked(const std::string& request) const {
  // From the newest: the name of an older one may begin it.
  for (std::size_t i = jobs_.size(); i-- > 0;) {
    if (request.find(job_name(i)) == std::string::npos) continue;
    const settings::ObjectDefinition* object = object_of(jobs_[i].front().object);
    const settings::AnswerCondition& done = job_of(*object, jobs_[i])->done;
    json::value answer = written(*object, jobs_[i]);
    place_json(answer, done.place, done.is.empty() ? json::value(true) : json::value(done.is.front()));
    return {.body = json::serialize(answer)};
  }
  return {.body = "{}"};
}

/// After the effect: what is answered is what is there now.
RemoteAnswer RemoteRecords::answer(std::span<const model::Call> calls) {
  const model::Call& call = calls.front();
  const settings::ObjectDefinition* object = object_of(call.object);
  if (object == nullptr) return {.body = "{}"};
  if (call.kind == CallKind::find && object->find) return found(*object, call);
  if (call.kind == CallKind::read_back && object->read_back) return read(*object, call);
  if (call.kind == CallKind::find_comment) {
    const Record* record = find(call);
    return {.body = json::serialize(json::array{record == nullptr ? "" : record->comments})};
  }
  const settings::JobDefinition* job = job_of(*object, calls);
  if (job == nullptr) return {.body = json::serialize(written(*object, calls))};
  json::value answer = json::object();
  place_json(answer, job->id, json::value(job_name(jobs_.size())));
  jobs_.emplace_back(calls.begin(), calls.end());
  return {.body = json::serialize(answer)};
}

}  // namespace engine::operate
