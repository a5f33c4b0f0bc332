#include "engine/settings/target/object_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/settings/target/answers_reader.h"

namespace engine::settings {

using model::CallKind;
using model::ReadBack;

namespace {

/// The calls that a definition writes as requests of their own; a comment's look-up stands below the comment.
constexpr std::array writing_calls = {CallKind::create,  CallKind::update,  CallKind::upsert, CallKind::delete_,
                                      CallKind::archive, CallKind::resolve, CallKind::comment,
                                      CallKind::associate, CallKind::dissociate};

/// A request that has a map of its own.
RequestTemplate read_nested_request(const YamlNode& nested, Diagnostics& diagnostics) {
  MapReader reader(nested, request_block(), "the request", diagnostics);
  RequestTemplate request = read_request(reader);
  reader.finish();
  return request;
}

/// Nested under `request:`, or flat among the other keys of the call.
RequestTemplate take_request(MapReader& reader) {
  if (!reader.has("request")) return read_request(reader);
  const YamlNode* nested = reader.take("request");
  if (nested == nullptr) return {};
  RequestTemplate request = read_nested_request(*nested, reader.diagnostics());
  for (const char* key : {"gone", "absent"}) {
    if (reader.has(key)) {
      reader.diagnostics().error("key.unknown", reader.take_any(key)->origin(),
                                 fmt::format("'{}' belongs into the request", key));
    }
  }
  return request;
}

/// Fields that a definition sets: constants, or texts with placeholders. Names may hold {{options.x}}.
model::FieldMap read_set(const YamlNode& map, Diagnostics& diagnostics) {
  model::FieldMap fields;
  if (!map.is_map()) refuse_kind(map, "'set'", "a map of fields", diagnostics);
  for (const YamlEntry& entry : map.entries()) {
    if (entry.value.is_scalar()) {
      fields[entry.key] = core_scalar(entry.value);
    } else if (entry.value.is_sequence()) {
      std::vector<model::FieldScalar> list;
      for (const YamlNode& item : entry.value.items()) list.push_back(core_scalar(item));
      fields[entry.key] = std::move(list);
    } else {
      refuse_kind(entry.value, fmt::format("'{}' of set", entry.key), "a value or a list; nest with a dot in the name",
                  diagnostics);
    }
  }
  return fields;
}

/// `marker: { find: "/ticket/{remote_id}/history" }`, or with a whole request under `find:`.
void read_marker(const YamlNode& map, ObjectDefinition& object, Diagnostics& diagnostics) {
  MapReader reader(map, marker_block(), "the marker", diagnostics);
  const YamlNode* find = reader.require("find");
  reader.finish();
  if (find == nullptr) return;
  ReadBackDefinition history;
  if (find->is_scalar()) {
    history.request.origin = find->origin();
    history.request.method = "GET";
    history.request.path = find->text();
  } else {
    MapReader request(*find, request_block(), "'find' of the marker", diagnostics);
    history.request = read_request(request);
    request.finish();
  }
  object.comment_history = std::move(history);
}

/// How it is asked for, and what its answer looks like when it is over.
std::optional<JobDefinition> take_job(MapReader& reader) {
  const YamlNode* map = reader.take("job");
  if (map == nullptr) return std::nullopt;
  MapReader own(*map, job_block(), "the job", reader.diagnostics());
  JobDefinition job;
  own.require("id");
  job.id = take_pointer(own, "id");
  if (const YamlNode* request = own.require("request")) job.request = read_nested_request(*request, reader.diagnostics());
  job.every_ms = own.duration_ms("every", job.every_ms, 100);
  job.at_most_ms = own.duration_ms("at_most", job.at_most_ms, 1'000);
  own.require("done");
  job.done = take_condition(own, "done", "at", json_condition_block());
  job.failed = take_condition(own, "failed", "at", json_condition_block());
  job.failed_is_permanent = own.one_of("failed_class", false, {{"permanent", true}, {"uncertain", false}});
  job.remote_id = take_pointer(own, "remote_id");
  own.finish();
  return job;
}

/// `as: update`: this call is carried out by the request of another one, with fields of its own.
std::optional<CallKind> take_as(MapReader& reader) {
  const std::string name = reader.text("as");
  if (name.empty()) return std::nullopt;
  const auto kind = model::call_kind_of(name);
  if (kind && std::find(writing_calls.begin(), writing_calls.end(), *kind) != writing_calls.end()) return kind;
  reader.diagnostics().error("value.unknown", reader.node().find("as")->origin(),
                             fmt::format("there is no call '{}'", name));
  return std::nullopt;
}

/// Later readings replace earlier ones: a connection's request takes the place of the definition's.
void read_call(CallKind kind, const YamlNode& map, ObjectDefinition& object, Diagnostics& diagnostics) {
  MapReader reader(map, call_block(), fmt::format("'{}'", name_of(kind)), diagnostics);
  CallDefinition call;
  call.as = take_as(reader);
  if (!call.as) call.request = take_request(reader);
  call.request.origin = map.origin();
  call.id = take_pointer(reader, "id");
  call.job = take_job(reader);
  if (reader.has("repeat_safe")) call.repeat_safe = reader.boolean("repeat_safe", false);
  call.read_back = reader.one_of("read_back", ReadBack::never, {{"never", ReadBack::never}, {"always", ReadBack::always}});
  if (const YamlNode* set = reader.take("set")) call.set = read_set(*set, diagnostics);
  if (const YamlNode* marker = kind == CallKind::comment ? reader.take("marker") : nullptr) read_marker(*marker, object, diagnostics);
  reader.finish();
  object.calls[kind] = std::move(call);
}

/// A find without an `id` would find nothing that could be addressed, so it must say where the id stands.
void read_find(const YamlNode& map, ObjectDefinition& object, Diagnostics& diagnostics) {
  MapReader reader(map, find_block(), "'find'", diagnostics);
  FindDefinition find;
  find.request = take_request(reader);
  find.items = take_pointer(reader, "items");
  if (!reader.has("id")) reader.require("id");
  find.id = take_pointer(reader, "id");
  find.more_than_one_is_dead_letter =
      reader.one_of("more_than_one", true, {{"dead_letter", true}, {"take_first", false}});
  read_narrowing(reader, find);
  find.consistent_after_ms = reader.duration_ms("consistent_after", 0);
  reader.finish();
  object.find = std::move(find);
}

void read_read_back(const YamlNode& map, ObjectDefinition& object, Diagnostics& diagnostics) {
  MapReader reader(map, read_back_block(), "'read_back'", diagnostics);
  ReadBackDefinition read_back;
  read_back.request = take_request(reader);
  for (auto& [field, pointer] : reader.text_map("fields")) {
    if (pointer.starts_with('/')) {
      read_back.fields.emplace(std::move(field), std::move(pointer));
    } else {
      diagnostics.error("value.type", reader.node().find("fields")->origin(),
                        fmt::format("'{}' is '{}', but a JSON pointer begins with '/'", field, pointer));
    }
  }
  read_back.write_only = reader.texts("write_only");
  reader.finish();
  object.read_back = std::move(read_back);
}

/// `{ order: /results, failed: /error }`, or pointers `id`, `match`, `done`, `trace`; beside both, what stands in the part
/// about one record.
void read_accounting(const YamlNode& map, BatchDefinition& batch, Diagnostics& diagnostics) {
  MapReader reader(map, accounting_block(), "'accounted_by'", diagnostics);
  batch.accounted_by_order = take_pointer(reader, "order");
  batch.record_failed = take_pointer(reader, "failed");
  batch.record_taken = take_pointer(reader, "taken");
  batch.record_index = take_pointer(reader, "index");
  batch.record_status = take_pointer(reader, "status");
  batch.record_id = take_pointer(reader, "remote_id");
  for (const char* role : {"id", "match", "done", "trace"}) {
    if (std::string pointer = take_pointer(reader, role); !pointer.empty())
      batch.accounted_by.emplace(role, std::move(pointer));
  }
  const bool by_order = reader.has("order") || reader.has("failed") || reader.has("taken") || reader.has("index");
  if (by_order && !batch.accounted_by.empty()) {
    diagnostics.error("value.type", map.origin(),
                      "records are accounted either by their order or by names, not by both");
  }
  reader.finish();
}

/// Without accounting nobody would know which records were taken, so it must be there.
void read_batch(CallKind kind, const YamlNode& map, ObjectDefinition& object, Diagnostics& diagnostics) {
  MapReader reader(map, batch_block(), fmt::format("the batch of '{}'", name_of(kind)), diagnostics);
  BatchDefinition batch;
  batch.request = take_request(reader);
  if (const YamlNode* record = reader.require("record")) batch.record = json_of(*record);
  if (const YamlNode* set = reader.take("set")) batch.set = read_set(*set, diagnostics);
  batch.job = take_job(reader);
  if (const YamlNode* at_most = reader.require("at_most")) {
    MapReader limits(*at_most, at_most_block(), "'at_most'", diagnostics);
    batch.records_max = static_cast<std::size_t>(limits.integer("records", 100, 1, 10'000));
    batch.bytes_max = static_cast<std::size_t>(limits.size_bytes("bytes", 0));
    limits.finish();
  }
  if (const YamlNode* accounted = reader.require("accounted_by")) read_accounting(*accounted, batch, diagnostics);
  reader.finish();
  object.batch[kind] = std::move(batch);
}

/// `window: { of: to, open_for: 24h }`
void read_window(const YamlNode& map, ObjectDefinition& object, Diagnostics& diagnostics) {
  MapReader reader(map, window_block(), "the window", diagnostics);
  object.window_of = reader.required_text("of");
  if (!reader.has("open_for")) reader.require("open_for");
  object.window_ms = reader.duration_ms("open_for", 0, 1);
  reader.finish();
}

}  // namespace

void read_batches(const YamlNode& map, ObjectDefinition& object, Diagnostics& diagnostics) {
  MapReader reader(map, batches_block(), "'batch'", diagnostics);
  for (const CallKind kind : writing_calls) {
    if (const YamlNode* batch = reader.take(name_of(kind))) read_batch(kind, *batch, object, diagnostics);
  }
  reader.finish();
}

void read_object(const YamlNode& map, ObjectDefinition& object, Diagnostics& diagnostics) {
  MapReader reader(map, object_block(), object.name == "*" ? "the requests" : fmt::format("the object '{}'", object.name), diagnostics);
  for (const CallKind kind : writing_calls) {
    if (const YamlNode* call = reader.take(name_of(kind))) read_call(kind, *call, object, diagnostics);
  }
  if (const YamlNode* find = reader.take("find")) read_find(*find, object, diagnostics);
  if (const YamlNode* read_back = reader.take("read_back")) read_read_back(*read_back, object, diagnostics);
  read_object_fields(reader, object);
  if (const YamlNode* window = reader.take("window")) read_window(*window, object, diagnostics);
  if (const YamlNode* batch = reader.take("batch")) read_batches(*batch, object, diagnostics);
  reader.finish();
}

}  // namespace engine::settings
