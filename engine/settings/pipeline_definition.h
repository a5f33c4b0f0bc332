// pipelines/NAME/pipeline.yaml: table → map → guard → target.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/text/durations.h"
#include "engine/model/fields.h"
#include "engine/settings/origin.h"

namespace engine::settings {

/// A mapped field: one expression, or a list of them.
struct FieldExpression {
  std::string field;  ///< dotted
  std::vector<Expression> expressions;
  bool is_list = false;
};

enum class Otherwise : std::uint8_t { dead_letter, null, value };

/// `values:` an enumeration translated by a table.
struct ValuesDefinition {
  std::string field;
  Expression of;
  std::map<std::string, model::FieldScalar> in;
  Otherwise otherwise = Otherwise::dead_letter;
  model::FieldScalar otherwise_value;
};

enum class OnDelete : std::uint8_t { delete_, archive, resolve, update, ignore };
/// Whose deliveries go first where a target takes fewer than there are.
enum class Priority : std::uint8_t { high, normal, low };
enum class DeliverPolicy : std::uint8_t { latest, every_change, together };

/// What may happen to records: made and changed, only made (one that is there is left alone), or only changed.
enum class WriteMode : std::uint8_t { upsert, create_only, update_only };

struct CommentDefinition {
  Expression when;
  Expression text;
};

struct TargetUse {
  Origin origin;
  std::string connection;
  std::string object;
  std::vector<FieldExpression> match;
  WriteMode mode = WriteMode::upsert;
  std::optional<bool> whole_updates;  ///< `updates: whole | changed`; none: what the target's update carries
  /// Relations to other records: the name that the target knows each by, and the other's remote id.
  std::vector<FieldExpression> associations;
  OnDelete on_delete = OnDelete::delete_;
  model::FieldMap on_delete_update;  ///< on_delete: { update: {…} }
  std::optional<CommentDefinition> comment;
  model::FieldMap redirect;  ///< of the connection: fields that get this value instead of the mapped one
};

/// How many records a cycle, or a window of time, may touch before a person is asked.
struct EffectLimit {
  bool is_set = false;
  double percent = 0;      ///< of the records live at the target; 0: `count` holds
  std::int64_t count = 0;
  bool is_own = false;     ///< written in the configuration, `off` included: the rhythm has no say
};

/// What is usual at an hour of the week, as it was learnt.
struct RhythmLimits {
  bool is_on = true;
  double times = 3;                         ///< so often the usual, and `ignore_below` more, may come
  std::int64_t learn_ms = 14 * day_ms;  ///< nothing is held by it before
};

struct MassChange {
  EffectLimit inserts;
  EffectLimit updates;
  EffectLimit deletes{.is_set = true, .percent = 20};
  std::int64_t ignore_below = 50;  ///< fewer are never held, but for a target that would be emptied
  std::int64_t window_ms = hour_ms;
  RhythmLimits rhythm;
  bool follows_rhythm(const EffectLimit& limit) const { return rhythm.is_on && !limit.is_own; }
  /// Whether it is counted at all.
  bool watches(const EffectLimit& limit) const { return limit.is_set || follows_rhythm(limit); }
  bool is_on() const { return watches(inserts) || watches(updates) || watches(deletes); }
};

/// A condition that every mapped row must meet; one that is NULL is not met.
struct GuardRule {
  enum class Action : std::uint8_t { hold, drop, dead_letter };
  std::string name;
  Expression check;
  Action action = Action::hold;
};

/// A burst of changes of one record goes out as its last state.
struct Settle {
  std::int64_t quiet_ms = 0;    ///< so long a record must not have changed; 0: nothing is waited for
  std::int64_t at_most_ms = 0;  ///< after the first change that waits, quiet or not
  bool is_on() const { return quiet_ms > 0; }
};

/// A record that goes to and fro at the target, as where two systems undo each other.
struct FlipFlop {
  int times = 0;                 ///< it is held when it would come back this often to a state that it had before; 0: never
  std::int64_t within_ms = 0;
  std::set<std::string> ignore;  ///< fields that tell no state apart: times of change, counters
  bool is_on() const { return times > 0; }
};

/// What becomes of a field that somebody changed at the target after we had sent it.
enum class OnDrift : std::uint8_t { overwrite, keep, hold };

/// A piece of a query, and the column of the row whose value stands behind it; the last piece has none.
struct QueryPart {
  std::string text;
  std::string column;
  Origin origin;  ///< of the column
};

/// As long as its query finds a row, nothing of the record is sent.
struct HoldWhile {
  enum class Then : std::uint8_t { hold, send };
  std::string name;        ///< as in "waits while …"
  std::string connection;  ///< a source, read through ODBC
  Origin connection_origin;
  Expression query;
  std::vector<QueryPart> parts;  ///< of the query
  std::int64_t at_most_ms = 0;
  Then then = Then::hold;
  std::int64_t every_ms = minute_ms;  ///< an answer counts for so long
};

struct PipelineDefinition {
  std::string name;
  Origin origin;
  std::string renamed_from;  ///< the name that the journal may still know it by; empty: none
  std::string family;        ///< the name of its file's pipeline; with `for_each` several share it
  std::string each_name;     ///< what `for_each` varies: "company"; empty without
  std::string table;
  std::vector<std::string> depends_on;             ///< pipelines whose records' ids remote_id() may ask for
  std::int64_t wait_for_parent_ms = hour_ms;  ///< for a parent's record that is not at the target yet
  std::optional<Expression> where;
  std::vector<FieldExpression> map;
  std::set<std::string> number_fields;  ///< `types: { x: number }`
  std::set<std::string> json_fields;    ///< `types: { x: json }`
  std::set<std::string> text_fields;    ///< `types: { x: text }`: JSON that is sent as a text
  model::FieldMap set;
  std::vector<ValuesDefinition> values;
  bool omit_nulls = false;
  DeliverPolicy deliver = DeliverPolicy::latest;
  Origin deliver_origin;
  std::size_t together_max = 100;  ///< changes of one transaction; more go row by row
  std::int64_t valid_for_ms = 0;  ///< 0: for ever (records only)
  bool on_dead_stops_lane = false;
  Priority priority = Priority::normal;
  MassChange mass_change;
  std::vector<GuardRule> rules;  ///< in this order: the first that is not met decides
  Settle settle;
  FlipFlop flip_flop;
  std::vector<HoldWhile> hold_while;
  std::map<std::string, OnDrift> drift;  ///< by field; others are overwritten
  /// `owner: rows`: other pipelines may write the same fields of the same object, since no target record has rows of two of them.
  bool owns_rows = false;
  TargetUse target;
};

}  // namespace engine::settings
