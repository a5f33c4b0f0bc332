#include "connectors/http/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text/header_text.h"

namespace connectors::http {

using engine::model::CallKind;
using engine::model::CallTraits;
using engine::model::ReadBack;
using namespace engine::settings;
using Place = TextTemplate::Place;

namespace {

std::vector<std::pair<std::string, TextTemplate>> headers_of(const RequestTemplate& request) {
  std::vector<std::pair<std::string, TextTemplate>> headers;
  for (const auto& [name, value] : request.headers) {
    headers.emplace_back(name, TextTemplate(value, Place::header, request.origin));
  }
  return headers;
}

std::vector<std::pair<std::string, TextTemplate>> query_of(const RequestTemplate& request) {
  std::vector<std::pair<std::string, TextTemplate>> query;
  for (const auto& [name, value] : request.query) {
    std::string encoded;
    append_percent_encoded(name, encoded);
    query.emplace_back(std::move(encoded), TextTemplate(value, Place::query, request.origin));
  }
  return query;
}

/// HTTP itself says that these methods may be repeated (RFC 9110, 9.2.2); a definition may say otherwise.
bool repeats_by_method(const std::string& method) { return method == "GET" || method == "PUT" || method == "DELETE"; }

/// An update or upsert that carries every field, by its body or by what a batch has of a record.
bool is_whole(CallKind kind, const std::string& body) {
  return (kind == CallKind::update || kind == CallKind::upsert) && body.find("changed_fields") == std::string::npos;
}

CallTraits traits_of(CallKind kind, const CallDefinition& call, const std::string& method) {
  CallTraits traits;
  traits.native_upsert = kind == CallKind::upsert;
  traits.repeat_safe = only_reads(kind) || call.repeat_safe.value_or(traits.native_upsert || repeats_by_method(method));
  traits.read_back = call.read_back;
  traits.whole = is_whole(kind, call.request.body);
  return traits;
}

/// `recognised_by_header`: the API knows a repeated request by a key in its header.
class ObjectBuilder {
 public:
  ObjectBuilder(const ObjectDefinition& definition, bool recognised_by_header)
      : definition_(definition), recognised_by_header_(recognised_by_header) {}

  ObjectPlan build() {
    for (const auto& [kind, call] : definition_.calls) add_call(kind, call);
    for (const auto& [kind, batch] : definition_.batch) add_batch(kind, batch);
    if (definition_.find) add_find(*definition_.find);
    if (definition_.read_back) add_read_back(*definition_.read_back);
    if (definition_.comment_history) add_reading(CallKind::find_comment, definition_.comment_history->request);
    const auto create = definition_.calls.find(CallKind::create);
    if (create != definition_.calls.end()) {
      plan_.key = FieldsTemplate(create->second.set, create->second.request.origin);
    }
    plan_.writing = FieldWriting(definition_);
    plan_.traits.match_is_id = !tells_ids();
    plan_.traits.window_of = definition_.window_of;
    plan_.traits.window_ms = definition_.window_ms;
    demand_read_back();
    return std::move(plan_);
  }

 private:
  /// With `as` the request, its id and its job are those of another call; what is set, and what counts as gone, may
  /// differ. One step only: what is done by a third call is refused.
  void add_call(CallKind kind, const CallDefinition& call) {
    const CallDefinition* base = &call;
    if (call.as) {
      const auto other = definition_.calls.find(*call.as);
      if (other == definition_.calls.end() || other->second.as) {
        refuse_template(fmt::format("'{}' is done by '{}', which '{}' does not define", name_of(kind),
                                    name_of(*call.as), definition_.name),
                        call.request.origin);
      }
      base = &other->second;
    }
    CallPlan plan{RequestPlan(base->request)};
    plan.set = FieldsTemplate(call.set, call.request.origin);
    plan.set_alone = call.as.has_value();
    plan.id = JsonPath(base->id);
    if (base->job) add_job(plan.job.emplace(*base->job));
    if (!call.request.gone.empty()) plan.request.gone = call.request.gone;
    CallDefinition own = call;
    if (call.as && !own.repeat_safe) own.repeat_safe = base->repeat_safe;
    if (call.as && own.read_back == ReadBack::never) own.read_back = base->read_back;
    own.request.body = base->request.body;
    plan_.traits.calls[kind] = traits_of(kind, own, plan.request.method);
    plan_.calls.emplace(kind, std::move(plan));
  }

  void add_batch(CallKind kind, const BatchDefinition& batch) {
    BatchPlan plan(batch);
    if (plan.job) add_job(*plan.job);
    CallTraits& traits = plan_.traits.calls[kind];
    if (!plan_.calls.contains(kind)) {
      CallDefinition call;
      call.repeat_safe = definition_.repeat_safe;
      call.request.body = batch.record;
      traits = traits_of(kind, call, plan.request.method);
    }
    traits.whole = traits.whole || is_whole(kind, batch.record);
    traits.records_max = std::max<std::size_t>(1, batch.records_max);
    // After a crash each record goes on by itself. One that the API recognises by a key in a header would not be
    // recognised then, and be made twice: unless each carries its key in the batch, too, they go by themselves at once.
    const bool carries_key = batch.record.find("{idempotency_key}") != std::string::npos;
    if (kind == CallKind::create && traits.repeat_safe && recognised_by_header_ && !carries_key) traits.records_max = 1;
    traits.bytes_max = batch.bytes_max;
    plan_.batch.emplace(kind, std::move(plan));
  }

  /// All jobs of an object are asked for by calls of one kind.
  void add_job(const JobPlan& job) {
    CallDefinition asking;
    asking.repeat_safe = true;
    plan_.traits.calls[CallKind::poll] = traits_of(CallKind::poll, asking, job.request.method);
  }

  void add_find(const FindDefinition& find) {
    add_reading(CallKind::find, find.request);
    plan_.found_items = JsonPath(find.items);
    plan_.found_id = JsonPath(find.id);
    plan_.first_found_only = !find.more_than_one_is_dead_letter;
    plan_.traits.consistent_after_ms = find.consistent_after_ms;
    plan_.pages = PagePlan(find.pages);
    for (const auto& [pointer, wanted] : find.where) {
      plan_.found_where.emplace_back(pointer, TextTemplate(wanted, Place::plain, find.request.origin));
    }
  }

  void add_read_back(const ReadBackDefinition& definition) {
    add_reading(CallKind::read_back, definition.request);
    for (const auto& [field, pointer] : definition.fields) {
      if (field.ends_with(".*")) {
        plan_.read_back.prefixes.emplace(field.substr(0, field.size() - 1), JsonPath(pointer));
      } else {
        plan_.read_back.exact.emplace(field, JsonPath(pointer));
      }
    }
    plan_.read_back.write_only = definition.write_only;
  }

  void add_reading(CallKind kind, const RequestTemplate& request) {
    plan_.traits.calls[kind] = traits_of(kind, CallDefinition{}, request.method);
    plan_.calls.emplace(kind, CallPlan{RequestPlan(request)});
  }

  /// Does any answer tell the id of a record that was made? A look-up always does.
  bool tells_ids() const {
    if (definition_.find) return true;
    for (const CallKind kind : {CallKind::create, CallKind::upsert}) {
      const auto call = definition_.calls.find(kind);
      if (call != definition_.calls.end() && !call->second.id.empty()) return true;
      const auto batch = definition_.batch.find(kind);
      if (batch == definition_.batch.end()) continue;
      if (batch->second.accounted_by.contains("id") || !batch->second.record_id.empty()) return true;
    }
    return false;
  }

  /// What is to be read back needs the request that reads it.
  void demand_read_back() const {
    if (plan_.traits.has(CallKind::read_back)) return;
    for (const auto& [kind, traits] : plan_.traits.calls) {
      if (traits.read_back == ReadBack::never) continue;
      refuse_template(fmt::format("'{}' of '{}' is to be read back, but the object has no read_back request",
                                  name_of(kind), definition_.name),
                      definition_.calls.at(kind).request.origin);
    }
  }

  const ObjectDefinition& definition_;
  const bool recognised_by_header_;
  ObjectPlan plan_;
};

std::optional<boost::regex> pattern_of(const std::string& text, const char* key, const Origin& origin) {
  if (text.empty()) return std::nullopt;
  try {
    return boost::regex(text);
  } catch (const boost::regex_error& problem) {
    refuse_template(fmt::format("{} is not a regular expression: {}", key, problem.what()), origin);
  }
}

ValuePlan value_plan(const AnswerValue& value) {
  return {.header = value.header,
          .json = JsonPath(value.json),
          .matches = pattern_of(value.matches, "matches", value.origin)};
}

std::optional<ConditionPlan> condition_plan(const AnswerCondition& condition, bool is_header, const Origin& origin) {
  if (condition.place.empty()) return std::nullopt;
  ConditionPlan plan{.name = is_header ? condition.place : "", .at = {}, .is = condition.is, .matches = {}};
  if (!is_header) plan.at = JsonPath(condition.place);
  plan.matches = pattern_of(condition.matches, "matches", origin);
  return plan;
}

AnswerPlan answer_plan(const AnswerRule& rule) {
  return {.rule = rule,
          .body = pattern_of(rule.body_matches, "body_matches", rule.origin),
          .header = condition_plan(rule.header, true, rule.origin),
          .json = condition_plan(rule.json, false, rule.origin),
          .after = AfterPlan(rule.after)};
}

}  // namespace

RequestPlan::RequestPlan(const RequestTemplate& request, Of of)
    : method(request.method),
      path(request.path, Place::path, request.origin),
      query(query_of(request)),
      headers(headers_of(request)),
      gone(request.gone),
      absent(request.absent) {
  static constexpr std::string_view methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
  if (std::find(std::begin(methods), std::end(methods), method) == std::end(methods)) {
    refuse_template(fmt::format("'{}' is not a method: GET, POST, PUT, PATCH or DELETE", method), request.origin);
  }
  if (!request.path.starts_with('/')) refuse_template("a path begins with '/'", request.origin);
  if (!request.body.empty()) body.emplace(request.body, request.origin);
  if (!request.form.empty()) form.emplace(request.form, request.origin);
  // Frozen requests hold no secret, and a mark that `send` fills can stand for a whole JSON value only.
  const std::size_t in_body = body ? body->auth_names().size() : 0;
  if (of == Of::call && (auth_names().size() > in_body || (body && body->has_auth_inside_text()))) {
    refuse_template("{auth.…} of a call must be a whole value of a JSON body; headers and parameters belong below auth.send",
                    request.origin);
  }
}

std::vector<std::string> RequestPlan::auth_names() const {
  std::vector<std::string> names = path.auth_names();
  const auto add = [&](const std::vector<std::string>& more) { names.insert(names.end(), more.begin(), more.end()); };
  for (const auto& [name, value] : query) add(value.auth_names());
  for (const auto& [name, value] : headers) add(value.auth_names());
  if (body) add(body->auth_names());
  if (form) add(form->auth_names());
  return names;
}

BatchPlan::BatchPlan(const BatchDefinition& batch)
    : request(batch.request),
      record(batch.record, batch.request.origin),
      set(batch.set, batch.request.origin),
      by_order(batch.accounted_by.empty()),
      order(batch.accounted_by_order),
      record_failed(batch.record_failed),
      record_taken(batch.record_taken),
      record_index(batch.record_index),
      record_status(batch.record_status),
      record_id(batch.record_id.empty() ? "/id" : batch.record_id) {
  if (batch.job) job.emplace(*batch.job);
  for (const auto& [name, pointer] : batch.accounted_by) accounted_by.emplace(name, ItemPath(pointer));
  if (!record.auth_names().empty()) refuse_template("{auth.…} belongs into the request of a batch, not into its records", batch.request.origin);
}

JobPlan::JobPlan(const JobDefinition& job)
    : request(job.request),
      id(job.id),
      done(*condition_plan(job.done, false, job.request.origin)),
      failed(condition_plan(job.failed, false, job.request.origin)),
      failed_is_permanent(job.failed_is_permanent),
      every_ms(job.every_ms),
      at_most_ms(job.at_most_ms),
      remote_id(job.remote_id) {}

AfterPlan::AfterPlan(const AfterRule& after) : rule(after), value(value_plan(after.value)) {
  if (after.value.header.empty() && after.value.json.empty()) value.header = "Retry-After";
}

UsagePlan::UsagePlan(const UsageRule& rule) : budget(rule.budget) {
  if (rule.remaining) remaining = value_plan(*rule.remaining);
  if (rule.used) used = value_plan(*rule.used);
  if (rule.of) of = value_plan(*rule.of);
  if (rule.reset) reset.emplace(*rule.reset);
  if (rule.wait) wait.emplace(*rule.wait);
}

TargetPlan::TargetPlan(const TargetConnection& connection)
    : name(connection.target.name),
      idempotency_header(connection.idempotency_header),
      nulls_as_empty_text(connection.target.nulls_as_empty_text) {
  for (const auto& [object, definition] : connection.target.objects) {
    objects.emplace(object, ObjectBuilder(definition, !idempotency_header.empty()).build());
  }
  for (const AnswerRule& rule : connection.target.answers) answers.push_back(answer_plan(rule));
  for (const UsageRule& rule : connection.limits.learn) usage.emplace_back(rule);
  for (const auto& [header, value] : connection.target.headers) {
    if (!engine::is_header_value(value)) {
      refuse_template(fmt::format("the header {} cannot hold a control character", header), connection.target.origin);
    }
    headers.emplace_back(header, value);
  }
}

const ObjectPlan& TargetPlan::of(std::string_view object) const {
  auto found = objects.find(object);
  if (found == objects.end()) found = objects.find("*");
  if (found == objects.end()) {
    throw engine::Error(engine::ErrorCode::config_invalid,
                        fmt::format("the target '{}' has no object '{}'", name, object));
  }
  return found->second;
}

}  // namespace connectors::http
