// connectors/targets/*.yaml: an HTTP API as data. One C++ runtime (connectors/http) executes all.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/target.h"
#include "engine/settings/origin.h"
#include "engine/settings/target/answers.h"
#include "engine/settings/target/limits.h"

namespace engine::settings {

/// One request. Strings are templates: {name} {match.x} {remote_id} {idempotency_key} {text} {marker} {field.x},
/// {name|filter};
/// {{options.x}} was already put in. In a URL values are percent-encoded, in a body they are JSON values.
struct RequestTemplate {
  Origin origin;
  std::string method;
  std::string path;  ///< behind the connection's url
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;
  std::string body;       ///< JSON text of the template; the strings "fields", "changed_fields", "{records}" stand for
                          ///< values. Empty: none
  /// Parameters of a form-encoded body to JSON texts of their templates, in the order of the definition. Empty: none.
  std::vector<std::pair<std::string, std::string>> form;
  std::vector<int> gone;  ///< statuses that mean: already not there (delete)
  std::vector<int> absent;  ///< find: statuses that mean "no such record"
};

/// A call that is answered with a job, which is asked for until it ended.
struct JobDefinition {
  RequestTemplate request;  ///< asks for it; {job} is what the answer to the call called it
  std::string id;           ///< JSON pointer to that
  std::int64_t every_ms = 2'000;
  std::int64_t at_most_ms = 600'000;  ///< after that nobody knows what became of it
  AnswerCondition done;
  AnswerCondition failed;
  bool failed_is_permanent = false;  ///< nothing of it was applied; else that is not known
  std::string remote_id;             ///< of a call for one record: JSON pointer in the answer of a job that is done
};

struct CallDefinition {
  RequestTemplate request;
  std::string id;  ///< JSON pointer to the remote id in the answer; empty: none
  std::optional<JobDefinition> job;
  std::optional<bool> repeat_safe;
  model::ReadBack read_back = model::ReadBack::never;
  std::optional<model::CallKind> as;  ///< `as: update`: done by another kind of call, with the fields of `set` alone
  model::FieldMap set;                ///< else: fields added to the pipeline's; texts are templates
};

/// How a list that comes in pages goes on. At most one way is given; none: it comes whole.
struct PageRule {
  std::string next;    ///< JSON pointer to the next page's address
  bool next_in_link = false;  ///< the address stands in the header Link (RFC 8288)
  std::string cursor;  ///< JSON pointer to what goes into the parameter `put_in`
  std::string number;  ///< parameter that counts pages
  std::string offset;  ///< parameter that counts items
  std::string put_in;
  std::int64_t from = 1;        ///< number: of the first page
  std::size_t size = 0;         ///< number, offset: a page with fewer items is the last
  std::size_t pages_max = 10;   ///< where there are more, nothing is proven
  bool any() const { return !next.empty() || next_in_link || !cursor.empty() || !number.empty() || !offset.empty(); }
};

struct FindDefinition {
  RequestTemplate request;
  std::string items;                         ///< JSON pointer to the list; empty: the answer is the record
  std::string id;                            ///< JSON pointer inside an item
  /// JSON pointers inside an item and templates of what must stand there: a search that finds more than it was asked for.
  std::map<std::string, std::string> where;
  PageRule pages;
  bool more_than_one_is_dead_letter = true;  ///< else the first is taken
  std::int64_t consistent_after_ms = 0;
};

/// Where a read-back finds the record's fields.
struct ReadBackDefinition {
  RequestTemplate request;
  /// Field or prefix ("CustomFields.*") → JSON pointer, in which {name} is what `*` stood for and `[name=x]` picks the
  /// item of a list that has such a member. Fields not named stand under their own nested names.
  std::map<std::string, std::string> fields;
  std::vector<std::string> write_only;  ///< fields the target never shows: taken as stored
};

struct BatchDefinition {
  RequestTemplate request;
  std::optional<JobDefinition> job;  ///< then its last answer is the one that accounts for the records
  std::string record;   ///< JSON template of one record
  model::FieldMap set;  ///< fields added to each record's own; texts are templates
  std::size_t records_max = 1;
  std::size_t bytes_max = 0;
  std::string accounted_by_order;  ///< JSON pointer to a list with one result a record, or
  /// Pointers with '*'. `id` and `match`: remote ids and match values of records that were taken; `done`: their
  /// idempotency keys; `trace`: the idempotency keys of records that were refused.
  std::map<std::string, std::string> accounted_by;
  // Pointers inside what the answer says of one record.
  std::string record_failed;  ///< there (and not null, false, empty) on failure
  std::string record_taken;   ///< not there (or null, false, empty) on failure
  std::string record_index;   ///< accounted_by_order: which record it speaks of, from 0; empty: they stand in order
  std::string record_status;  ///< its own HTTP status, for `answers`
  std::string record_id;      ///< the remote id
};

enum class FieldType : std::uint8_t { any, text, integer, number, boolean, date, datetime, choices };
enum class TimeForm : std::uint8_t {
  iso,       ///< 2024-01-31, 2024-01-31T10:20:30Z
  iso_ms,    ///< 2024-01-31T10:20:30.000+0000
  epoch_ms,  ///< since 1970 UTC; of a date: its midnight
  epoch_s,
};

/// What a target says of a field, and how its values are written.
struct FieldDefinition {
  FieldType type = FieldType::any;
  TimeForm form = TimeForm::iso;
  std::string join;  ///< of choices: what stands between several; empty: they are a list
  bool required = false;  ///< a record cannot be made without it
  bool read_only = false;
};

struct ObjectDefinition {
  std::string name;                 ///< "*": any; its requests may be written by a connection
  std::map<std::string, FieldDefinition> fields;  ///< by name; a name may end in '*'
  bool warns_of_others = false;                   ///< `other_fields: warn`: the list is whole
  bool values_as_text = false;                    ///< `values: text`: numbers and booleans travel as texts
  std::optional<bool> repeat_safe;  ///< for calls and batches that do not say it themselves
  std::optional<FindDefinition> find;
  std::optional<ReadBackDefinition> read_back;
  std::optional<ReadBackDefinition>
      comment_history;  ///< request and nothing else: the marker is looked for in the raw answer
  std::map<model::CallKind, CallDefinition> calls;
  std::map<model::CallKind, BatchDefinition> batch;
  std::string window_of;       ///< `window: { of: to, open_for: 24h }`: see model::ObjectTraits
  std::int64_t window_ms = 0;
};

enum class CredentialKind : std::uint8_t { shown, secret, optional };

/// A value that the login, or what joins the requests, needs in another form.
struct DerivedValue {
  enum class Form : std::uint8_t { text, base64, md5, sha256 };
  Form form = Form::text;
  std::string text;  ///< template with {auth.name}
};

struct LoginRequest {
  RequestTemplate request;                  ///< its only placeholders are {auth.name}
  std::map<std::string, std::string> keep;  ///< names to JSON pointers into the answer
};

/// What an API fixes of OAuth 2, and what a connection says over it.
struct OAuth2Protocol {
  enum class Grant : std::uint8_t { none, client_credentials, refresh_token, password, jwt_bearer };
  Origin origin;
  Grant grant = Grant::none;
  std::string token_url;  ///< whole, or '/path' behind the connection's url
  std::string scope;
  std::string audience;
  std::optional<bool> client_in_header;  ///< else in the body
  std::map<std::string, std::string> parameters;
};

/// How an API is entered: sessions and other ways of its own, or OAuth 2.
struct AuthDefinition {
  Origin origin;
  std::map<std::string, CredentialKind> credentials;
  std::map<std::string, DerivedValue> derive;
  std::vector<LoginRequest> login;             ///< empty: the credentials themselves join the requests
  std::map<std::string, std::string> headers;  ///< of every request, with {auth.name}
  std::map<std::string, std::string> query;
  std::int64_t idle_ms = 0;  ///< 0: no limit
  std::int64_t life_ms = 0;
  std::optional<OAuth2Protocol> oauth2;

  /// A connection gives `auth: { credentials: … }`.
  bool is_own_way() const { return !headers.empty() || !query.empty() || !login.empty(); }
};

/// How what a target posts to us is signed and read.
enum class WebhookFormat : std::uint8_t { none, whatsapp_cloud };

struct TargetDefinition {
  std::string name;
  Origin origin;
  std::string about;
  std::map<std::string, std::string> proved;
  std::map<std::string, std::string> options;  ///< with defaults
  std::map<std::string, std::string> headers;  ///< sent with every request
  AuthDefinition auth;
  WebhookFormat webhook = WebhookFormat::none;
  bool nulls_as_empty_text = false;            ///< `nulls: empty_text`: for APIs that cannot clear a field by null
  std::map<std::string, ObjectDefinition> objects;
  std::vector<AnswerRule> answers;  ///< the first that fits speaks; then the runtime's defaults
  LimitsDefinition limits;          ///< what the API allows to everybody
};

}  // namespace engine::settings
