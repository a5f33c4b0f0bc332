#include "connectors/http/prepare.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

#include "connectors/http/request/field_text.h"
#include "connectors/http/request/prepared_request.h"
#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/text/characters.h"
#include "engine/model/row_json.h"

namespace connectors::http {

using engine::Error;
using engine::ErrorCode;
using engine::model::append_json_string;
using engine::model::Call;
using engine::model::CallKind;
using engine::model::FieldMap;
using engine::model::FieldScalar;
using engine::model::PreparedCall;

namespace {

void replace_nulls(FieldMap& fields) {
  for (auto& [name, value] : fields) {
    const auto* scalar = std::get_if<FieldScalar>(&value);
    if (scalar != nullptr && std::holds_alternative<std::monostate>(*scalar)) value = FieldScalar(std::string());
  }
}

/// The call's fields with what the definition sets. Nothing is copied where it sets nothing.
class EffectiveFields {
 public:
  EffectiveFields(const TargetPlan& target, const ObjectPlan& object, const FieldsTemplate& set, bool set_alone, const Call& call)
      : call_(call) {
    if (set.empty() && !set_alone && !target.nulls_as_empty_text && object.writing.empty()) return;
    own_ = true;
    if (!set_alone) {
      fields_ = call.fields;
      changed_ = call.changed_fields;
    }
    const CallValues before{call, call.fields, call.changed_fields};
    set.apply(before, fields_);
    set.apply(before, changed_);
    object.writing.apply(fields_);
    object.writing.apply(changed_);
    if (!target.nulls_as_empty_text) return;
    replace_nulls(fields_);
    replace_nulls(changed_);
  }
  CallValues values() const {
    return own_ ? CallValues{call_, fields_, changed_} : CallValues{call_, call_.fields, call_.changed_fields};
  }

 private:
  const Call& call_;
  bool own_ = false;
  FieldMap fields_;
  FieldMap changed_;
};

bool has_header(const PreparedRequest& request, std::string_view name) {
  return std::any_of(request.headers.begin(), request.headers.end(), [&](const auto& header) {
    return engine::same_word(header.first, name);
  });
}

/// Headers of the call go before those that the definition gives to all.
PreparedRequest fill(const TargetPlan& target, const RequestPlan& plan, const CallValues& values) {
  PreparedRequest request;
  request.method = plan.method;
  request.url = plan.path.render(values);
  char separator = request.url.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : plan.query) {
    request.url.append(1, separator).append(name).append(1, '=').append(value.render(values));
    separator = '&';
  }
  for (const auto& [name, value] : plan.headers) request.headers.emplace_back(name, value.render(values));
  for (const auto& [name, value] : target.headers) {
    if (!has_header(request, name)) request.headers.emplace_back(name, value);
  }
  if (plan.body) {
    plan.body->render(values, request.body);
    if (!has_header(request, "Content-Type")) request.headers.emplace_back("Content-Type", "application/json");
  }
  if (plan.form) {
    plan.form->render(values, request.body);
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  }
  return request;
}

bool writes(CallKind kind) {
  return kind != CallKind::find && kind != CallKind::read_back && kind != CallKind::find_comment;
}

void add_idempotency(const TargetPlan& target, CallKind kind, const std::string& key, PreparedRequest& request) {
  if (target.idempotency_header.empty() || !writes(kind) || key.empty()) return;
  request.headers.emplace_back(target.idempotency_header, key);
}

/// What the judging of its answer will need of the call: `PreparedRequest::expect`.
std::string expectation(const ObjectPlan& object, const Call& call) {
  std::string text;
  if (call.kind == CallKind::read_back) {
    FieldMap key;
    if (!call.match.empty()) object.key.apply({call, call.fields, call.changed_fields}, key);
    // As text inside a text: numbers keep their digits, however the rest is parsed and written again.
    text = R"({"fields":)";
    append_json_string(engine::model::fields_json(call.fields), text);
    text += R"(,"key":)";
    append_json_string(engine::model::fields_json(key), text);
    if (!call.wanted.empty()) {
      text += R"(,"wanted":)";
      append_json_string(engine::model::fields_json(call.wanted), text);
    }
    text += '}';
  } else if (call.kind == CallKind::find && !object.found_where.empty()) {
    text = R"({"where":{)";
    for (const auto& [pointer, wanted] : object.found_where) {
      if (text.back() != '{') text += ',';
      append_json_string(pointer, text);
      text += ':';
      append_json_string(wanted.render({call, call.fields, call.changed_fields}), text);
    }
    text += "}}";
  } else if (call.kind == CallKind::find_comment) {
    if (call.marker.empty())
      throw Error(ErrorCode::config_invalid, "a comment is looked for by a marker, but the call has none");
    text = R"({"marker":)";
    append_json_string(call.marker, text);
    text += '}';
  }
  return text;
}

PreparedCall prepared(const Call& call, std::size_t records, PreparedRequest request) {
  std::string text = frozen_text(request);
  auto ready = std::make_shared<const ReadyHttpRequest>(std::move(request));
  return {.kind = call.kind, .object = call.object, .records = records, .request = std::move(text),
          .ready = std::move(ready)};
}

PreparedCall prepare_one(const TargetPlan& target, const ObjectPlan& object, const CallPlan& plan, const Call& call) {
  const EffectiveFields fields(target, object, plan.set, plan.set_alone, call);
  PreparedRequest request = fill(target, plan.request, fields.values());
  add_idempotency(target, call.kind, call.idempotency_key, request);
  request.expect = expectation(object, call);
  return prepared(call, 1, std::move(request));
}

/// One key for the whole batch: the same records in the same order give the same one.
std::string batch_key(std::span<const Call> calls) {
  std::string keys;
  for (const Call& call : calls) keys.append(call.idempotency_key).append(1, '\n');
  return engine::sha256_hex(keys).substr(0, 32);
}

/// By any of them the answer may name the record: its key, its match value, its id.
void append_identity(const Call& call, std::string& into) {
  into += R"({"key":)";
  append_json_string(call.idempotency_key, into);
  into += R"(,"match":)";
  append_json_string(call.match.size() == 1 ? text_of(call.match.begin()->second) : "", into);
  into += R"(,"id":)";
  append_json_string(call.remote_id.value_or(""), into);
  into += '}';
}

/// What a template says of the request itself is filled from the first record; only `{records}` speaks of all.
PreparedCall prepare_batch(const TargetPlan& target, const ObjectPlan& object, const BatchPlan& plan, std::span<const Call> calls) {
  std::string records = "[";
  std::string identities = R"({"records":[)";
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (i > 0) records += ',';
    if (i > 0) identities += ',';
    plan.record.render(EffectiveFields(target, object, plan.set, false, calls[i]).values(), records);
    append_identity(calls[i], identities);
  }
  records += ']';
  identities += "]}";
  PreparedRequest request = fill(target, plan.request, {calls[0], calls[0].fields, calls[0].changed_fields, records});
  add_idempotency(target, calls[0].kind, batch_key(calls), request);
  request.expect = std::move(identities);
  return prepared(calls[0], calls.size(), std::move(request));
}

}  // namespace

PreparedRequest prepare_login(const TargetPlan& plan, const RequestPlan& request, const CallValues& values) {
  return fill(plan, request, values);
}

std::string prepare_poll(const TargetPlan& plan, const RequestPlan& request, const std::string& object,
                         const std::string& job, std::string expect) {
  Call call;
  call.kind = CallKind::poll;
  call.object = object;
  PreparedRequest prepared = fill(plan, request, {.call = call, .fields = call.fields, .changed_fields = call.changed_fields, .job = job});
  prepared.expect = std::move(expect);
  return frozen_text(prepared);
}

PreparedCall prepare_calls(const TargetPlan& plan, std::span<const Call> calls) {
  ENGINE_ASSERT(!calls.empty());
  const Call& first = calls.front();
  const ObjectPlan& object = plan.of(first.object);
  // A record by itself goes by its own call where there is one: that answer needs no accounting.
  const auto single = object.calls.find(first.kind);
  if (calls.size() == 1 && single != object.calls.end()) return prepare_one(plan, object, single->second, first);
  const auto batch = object.batch.find(first.kind);
  if (batch == object.batch.end()) {
    throw Error(ErrorCode::config_invalid,
                fmt::format("the target '{}' offers no '{}' of {} record{} on '{}'", plan.name, name_of(first.kind),
                            calls.size(), calls.size() == 1 ? "" : "s", first.object));
  }
  ENGINE_ASSERT(calls.size() <= object.traits.of(first.kind).records_max);
  return prepare_batch(plan, object, batch->second, calls);
}

}  // namespace connectors::http
