#include "test/support/fake_target.h"

#include <boost/json.hpp>

#include "engine/base/error.h"

namespace test {

namespace json = boost::json;
using namespace engine::model;

namespace {

std::string text_at(const json::object& object, std::string_view name) {
  return std::string(object.at({name.data(), name.size()}).as_string());
}

json::object json_of(const Call& call) {
  json::object one{{"match", fields_json(call.match)},
          {"id", call.remote_id.value_or("")},
          {"fields", fields_json(call.fields)},
          {"changed", fields_json(call.changed_fields)},
          {"comment", call.comment},
          {"marker", call.marker},
          {"association", call.association},
          {"to", call.to},
          {"key", call.idempotency_key}};
  // A messenger that has something else for people who did not write lately.
  if (call.window_open && call.fields.contains("template")) one["window"] = "open";
  return one;
}

bool is_taken(Fate fate) {
  return fate == Fate::taken || fate == Fate::taken_answer_lost || fate == Fate::partly || fate == Fate::silently;
}

bool is_write(CallKind kind) {
  return kind != CallKind::find && kind != CallKind::read_back && kind != CallKind::find_comment && kind != CallKind::poll;
}

CallAnswer refusal(Fate fate, std::int64_t throttle_ms) {
  switch (fate) {
    case Fate::unreachable:
      return {.outcome = RetryLater{.reason = "connection refused"}, .any_byte_sent = false};
    case Fate::busy:
      return {.outcome = RetryLater{.reason = "status 503"}, .status = 503};
    case Fate::throttled:
      return {.outcome = RetryLater{.reason = "status 429", .after_ms = throttle_ms, .throttled = true}, .status = 429};
    case Fate::refused:
      return {.outcome = Permanent{.reason = "status 422"}, .status = 422};
    case Fate::outside:
      return {.outcome = Permanent{.reason = "131047", .window_closed = true}, .status = 400};
    case Fate::auth:
      return {.outcome = Permanent{.reason = "status 401", .auth = true}, .status = 401};
    default:
      return {.outcome = Uncertain{.reason = "the connection was cut"}};
  }
}

}  // namespace

FakeTarget& FakeTarget::offers(CallKind kind, CallTraits traits) {
  traits_.calls[kind] = traits;
  return *this;
}

const ObjectTraits& FakeTarget::traits(std::string_view object) const {
  if (object == "nothing") throw engine::Error(engine::ErrorCode::config_invalid, "no such object");
  return traits_;
}

PreparedCall FakeTarget::prepare(std::span<const Call> calls) const {
  json::array list;
  for (const Call& call : calls) {
    if (call.fields.contains("unpreparable"))
      throw engine::Error(engine::ErrorCode::config_invalid, "a value is missing");
    list.push_back(json_of(call));
  }
  return {.kind = calls[0].kind, .object = calls[0].object, .records = calls.size(), .request = json::serialize(list)};
}

void FakeTarget::send(const PreparedCall& call, Answered answered) {
  queue_.push_back({call, std::move(answered)});
  if (!automatic) return;
  Fate fate = otherwise;
  if (!script.empty()) {
    fate = script.front();
    script.pop_front();
  }
  process(fate);
}

void FakeTarget::process(Fate fate) { process_at(0, fate)(); }

std::function<void()> FakeTarget::process_at(std::size_t index, Fate fate) {
  Waiting one = std::move(queue_.at(index));
  queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(index));
  return [answers = answer(one.call, fate), answered = std::move(one.answered)] { answered(answers); };
}

std::vector<CallAnswer> FakeTarget::answer(const PreparedCall& call, Fate fate) {
  if (call.records > records_taken_max) fate = Fate::busy;
  if (!is_taken(fate)) {
    CallAnswer refused = refusal(fate, throttle_ms);
    refused.of_this_record = call.records == 1 && call.kind != CallKind::poll;
    const bool unheard = call.kind == CallKind::poll && std::holds_alternative<Uncertain>(refused.outcome);
    if (unheard) refused.outcome = RetryLater{.reason = "no answer in time"};
    return std::vector<CallAnswer>(call.records, refused);
  }
  seen.push_back({call.kind, call.request});
  if (call.kind == CallKind::poll) return poll(call, fate);
  std::vector<CallAnswer> answers;
  const json::value list = json::parse(call.request);
  for (const json::value& one : list.as_array()) {
    const auto own = fate_of_match.find(text_at(one.as_object(), "match"));
    const bool is_refused = is_write(call.kind) && own != fate_of_match.end() && !is_taken(own->second);
    answers.push_back(is_refused ? refusal(own->second, throttle_ms) : apply(call.kind, json::serialize(one), fate));
  }
  if (fate == Fate::taken_answer_lost) {
    return std::vector<CallAnswer>(call.records, {.outcome = Uncertain{.reason = "no answer in time"}});
  }
  const bool is_job = polls_of_job > 0 && is_write(call.kind) && call.kind != CallKind::comment;
  return is_job ? as_job(std::move(answers)) : answers;
}

std::vector<CallAnswer> FakeTarget::as_job(std::vector<CallAnswer> answers) {
  const std::string name = std::to_string(jobs_.size());
  const auto of_all = std::make_shared<const std::string>("{\"job\":" + name + "}");
  std::vector<CallAnswer> begun(answers.size(), {.status = 202});
  for (std::size_t i = 0; i < begun.size(); ++i) {
    begun[i].outcome = Accepted{.poll = "{\"job\":" + name + ",\"record\":" + std::to_string(i) + "}",
                                .poll_of_all = begun.size() > 1 ? of_all : nullptr,
                                .after_ms = 1'000};
  }
  jobs_.push_back({std::move(answers), 0});
  return begun;
}

std::vector<CallAnswer> FakeTarget::poll(const PreparedCall& call, Fate fate) {
  const json::value asked = json::parse(call.request);
  RunningJob& job = jobs_.at(asked.at("job").to_number<std::size_t>());
  const CallAnswer lost{.outcome = RetryLater{.reason = "no answer in time"}, .of_this_record = false};
  if (fate == Fate::taken_answer_lost) return std::vector<CallAnswer>(call.records, lost);
  if (++job.polls < polls_of_job) return std::vector<CallAnswer>(call.records, {.outcome = Accepted{.after_ms = 1'000}, .status = 200});
  const json::value* record = asked.as_object().if_contains("record");
  if (record == nullptr) return job.answers;
  return {job.answers.at(record->to_number<std::size_t>())};
}

std::string FakeTarget::id_of(const std::string& match, const std::string& remote_id) const {
  if (!remote_id.empty()) return records.contains(remote_id) ? remote_id : "";
  for (const auto& [id, record] : records) {
    if (record.match == match) return id;
  }
  return {};
}

std::vector<std::string> FakeTarget::found_by(const std::string& match) const {
  std::vector<std::string> found;
  for (const auto& [id, record] : records) {
    const bool shown = find_lags_ms == 0 || clock->wall_ms() >= record.written_ms + find_lags_ms;
    if (record.match == match && shown) found.push_back(id);
  }
  return found;
}

void FakeTarget::relate(CallKind kind, const std::string& id, const std::string& relation, const std::string& key) {
  auto& associations = records[id].associations;
  if (kind == CallKind::associate) associations.insert(relation);
  if (kind == CallKind::dissociate) associations.erase(relation);
  effects.push_back({kind, id, relation, key, {}});
}

CallAnswer FakeTarget::apply(CallKind kind, const std::string& one, Fate fate) {
  const json::value parsed = json::parse(one);
  const json::object& call = parsed.as_object();
  const std::string match = text_at(call, "match");
  const std::string key = text_at(call, "key");
  const std::string remote_id = kind == CallKind::upsert ? "" : text_at(call, "id");
  std::string id = kind == CallKind::create ? "" : id_of(match, remote_id);
  CallAnswer answer{.status = 200, .answer = "ok"};

  if (kind == CallKind::find) {
    answer.found = found_by(match);
    return answer;
  }
  if (id.empty() && kind != CallKind::create && kind != CallKind::upsert) {
    return {.outcome = Permanent{.reason = "status 404", .missing = true}, .status = 404};
  }
  if (kind == CallKind::read_back) {
    answer.fields = records[id].fields;
    return answer;
  }
  if (kind == CallKind::find_comment) {
    for (const std::string& comment : records[id].comments) {
      if (comment.find(text_at(call, "marker")) != std::string::npos) answer.found.push_back("1");
    }
    return answer;
  }
  if (kind == CallKind::create && refuses_doubles && !id_of(match, "").empty())
    return {.outcome = Permanent{.reason = "status 409", .exists = true}, .status = 409};
  if (kind == CallKind::associate || kind == CallKind::dissociate) {
    relate(kind, id, text_at(call, "association") + ":" + text_at(call, "to"), key);
    return answer;
  }
  if (traits_.of(kind).repeat_safe && !known_keys_.insert(key).second) {
    answer.outcome = Duplicate{.remote_id = id_of(match, "").empty() ? std::nullopt : std::optional(id_of(match, ""))};
    return answer;
  }

  if (id.empty()) id = "R" + std::to_string(next_id_++);
  if (kind == CallKind::delete_) {
    effects.push_back({kind, id, match, key, {}});
    records.erase(id);
    return answer;
  }
  Record& record = records[id];
  if (record.match.empty()) record.match = match;
  if (record.written_ms == 0 && clock != nullptr) record.written_ms = clock->wall_ms();
  if (kind == CallKind::update && !remote_id.empty()) record.match = match;
  if (kind == CallKind::archive || kind == CallKind::resolve) record.state = name_of(kind);
  if (kind == CallKind::comment) record.comments.push_back(text_at(call, "comment"));
  FieldMap fields = fields_from_json(text_at(call, kind == CallKind::create ? "fields" : "changed"));
  std::vector<std::string> refused;
  const bool refuses = fate == Fate::partly || fate == Fate::silently;
  if (kind == CallKind::comment) fields.clear();
  if (const auto code = fields.find("code"); code != fields.end()) {
    record.match = fields_json({{"code", code->second}});
    fields.erase(code);
  }
  for (const auto& [name, value] : fields) {
    if (refuses && refused_fields.contains(name)) {
      refused.push_back(name);
    } else {
      record.fields[name] = value;
    }
  }
  effects.push_back({kind, id, record.match, key, fields});
  answer.outcome = Delivered{.remote_id = tells_ids ? std::optional(id) : std::nullopt};
  if (fate == Fate::partly)
    answer.outcome = Partial{.reason = "some were refused", .refused = refused, .remote_id = id};
  return answer;
}

const FakeTarget::Record* FakeTarget::record(const std::string& match_json) const {
  for (const auto& [id, record] : records) {
    if (record.match == match_json) return &record;
  }
  return nullptr;
}

int FakeTarget::count_seen(CallKind kind) const {
  int number = 0;
  for (const Seen& one : seen) number += one.kind == kind ? 1 : 0;
  return number;
}

}  // namespace test
