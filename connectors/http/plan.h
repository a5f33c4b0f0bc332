// A target definition made ready to run: templates parsed, pointers split, traits decided.
#pragma once

#include <boost/regex.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/http/answer/json_path.h"
#include "connectors/http/answer/pages.h"
#include "connectors/http/request/field_writing.h"
#include "connectors/http/request/form_template.h"
#include "connectors/http/request/json_template.h"
#include "connectors/http/request/text_template.h"
#include "engine/settings/connection_definition.h"

namespace connectors::http {

/// One request with its templates parsed. `gone` are statuses of a removal that mean: it was not there any more;
/// `absent` those of a find that mean: there is no such record.
struct RequestPlan {
  /// Requests of calls are frozen without secrets: only values of a JSON body may be {auth.x}. Those of a login are not.
  enum class Of : std::uint8_t { call, login };
  explicit RequestPlan(const engine::settings::RequestTemplate& request, Of of = Of::call);
  /// The x of all its {auth.x}.
  std::vector<std::string> auth_names() const;

  std::string method;
  TextTemplate path;
  std::vector<std::pair<std::string, TextTemplate>> query;  ///< names percent-encoded
  std::vector<std::pair<std::string, TextTemplate>> headers;
  std::optional<JsonTemplate> body;
  std::optional<FormTemplate> form;  ///< instead of a body
  std::vector<int> gone;
  std::vector<int> absent;
};

/// On a header where it has a `name`, else on JSON.
struct ConditionPlan {
  std::string name;  ///< of a header
  JsonPath at;
  std::vector<std::string> is;
  std::optional<boost::regex> matches;
  /// Else it is enough that something is there.
  bool names_value() const { return !is.empty() || matches; }
};

/// A call that is answered first and carried out later: how it is asked for, and what tells that it is over.
struct JobPlan {
  explicit JobPlan(const engine::settings::JobDefinition& job);

  RequestPlan request;
  JsonPath id;
  ConditionPlan done;
  std::optional<ConditionPlan> failed;
  bool failed_is_permanent = false;
  std::int64_t every_ms = 0;
  std::int64_t at_most_ms = 0;
  JsonPath remote_id;
};

/// One call of an object, with what is made of its answer.
struct CallPlan {
  explicit CallPlan(RequestPlan plan) : request(std::move(plan)) {}

  RequestPlan request;
  FieldsTemplate set;
  bool set_alone = false;  ///< `as:`: the pipeline's own fields stay out
  JsonPath id;             ///< empty: the answer tells none
  std::optional<JobPlan> job;
};

/// Several records in one request. `by_order`: the answer speaks of them in their order; else it names them.
struct BatchPlan {
  explicit BatchPlan(const engine::settings::BatchDefinition& batch);

  RequestPlan request;
  JsonTemplate record;
  FieldsTemplate set;
  std::optional<JobPlan> job;
  bool by_order = false;
  JsonPath order;
  std::map<std::string, ItemPath> accounted_by;
  // Inside what the answer says of one record.
  JsonPath record_failed;
  JsonPath record_taken;
  JsonPath record_index;
  JsonPath record_status;
  JsonPath record_id;
};

/// Where a stored record keeps its fields: by their names, by prefixes, and what never comes back.
struct ReadBackPlan {
  std::map<std::string, JsonPath> exact;
  std::map<std::string, JsonPath> prefixes;  ///< "CustomFields." → pointer with {name}
  std::vector<std::string> write_only;
};

/// All that can be asked of one kind of record. Immutable once it is built.
struct ObjectPlan {
  engine::model::ObjectTraits traits;
  std::map<engine::model::CallKind, CallPlan> calls;
  std::map<engine::model::CallKind, BatchPlan> batch;
  // Where a find shows its list, and inside an item its id.
  JsonPath found_items;
  JsonPath found_id;
  bool first_found_only = false;
  std::vector<std::pair<std::string, TextTemplate>> found_where;  ///< pointers inside an item, and what must stand there
  PagePlan pages;  ///< of what a find gives
  FieldWriting writing;
  ReadBackPlan read_back;
  FieldsTemplate key;  ///< what `create` sets: by this the record is found again
};

/// A value of an answer: in a header, or in its JSON, as a whole or as the first group of a pattern.
struct ValuePlan {
  std::string header;
  JsonPath json;
  std::optional<boost::regex> matches;
};

/// Where an answer says how long to wait; without a rule in the header that HTTP has for it.
struct AfterPlan {
  AfterPlan() { value.header = "Retry-After"; }
  explicit AfterPlan(const engine::settings::AfterRule& rule);

  engine::settings::AfterRule rule;
  ValuePlan value;
};

/// What an answer tells of a budget.
struct UsagePlan {
  explicit UsagePlan(const engine::settings::UsageRule& rule);

  std::string budget;
  std::optional<ValuePlan> remaining;
  std::optional<ValuePlan> used;
  std::optional<ValuePlan> of;
  std::optional<AfterPlan> reset;
  std::optional<AfterPlan> wait;
};

/// A rule of `answers:` with its patterns compiled.
struct AnswerPlan {
  engine::settings::AnswerRule rule;
  std::optional<boost::regex> body;
  std::optional<ConditionPlan> header;
  std::optional<ConditionPlan> json;
  AfterPlan after;
};

/// The whole. Building it throws Error config_invalid, with the place in the YAML, for everything that cannot work.
struct TargetPlan {
  explicit TargetPlan(const engine::settings::TargetConnection& connection);
  /// By name, else the object "*". Throws Error config_invalid.
  const ObjectPlan& of(std::string_view object) const;

  std::string name;
  std::map<std::string, ObjectPlan, std::less<>> objects;
  std::vector<AnswerPlan> answers;
  std::vector<UsagePlan> usage;
  std::vector<std::pair<std::string, std::string>> headers;  ///< of every request
  std::string idempotency_header;
  bool nulls_as_empty_text = false;
};

}  // namespace connectors::http
