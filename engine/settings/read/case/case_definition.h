// pipelines/NAME/cases/*.yaml: what a pipeline should do, by example.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/layout.h"
#include "engine/model/target.h"
#include "engine/settings/diagnostics.h"
#include "engine/settings/origin.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {

struct CaseRow;

/// A value as it is written; the table's layout says what becomes of it.
struct CaseCell {
  std::string column;
  Origin origin;
  std::optional<std::string> text;                      ///< none: NULL
  model::ColumnType looks_like = model::ColumnType::text;  ///< what the way it is written says
  bool is_table = false;
  std::vector<CaseRow> rows;  ///< of a nested table
};

/// One row of a case. Columns that are not written are NULL, or keep what they had in an update.
struct CaseRow {
  Origin origin;
  std::vector<CaseCell> cells;
};

struct CaseRows {
  std::string table;
  Origin origin;
  std::vector<CaseRow> rows;
};

/// What the other side answers to one request.
struct CaseAnswer {
  enum class Kind : std::uint8_t {
    status,       ///< an answer with this status
    lost,         ///< the target acts on the request, its answer does not arrive
    cut,          ///< the connection breaks under the request: nobody knows, and the target did not act
    unreachable,  ///< no connection: not a byte arrives
    unanswered,   ///< the request arrives, and the process ends before the answer: for a `restart` that follows
  };
  Origin origin;
  Kind kind = Kind::status;
  int status = 200;
  std::optional<std::string> body;  ///< none: what the definition calls success
  std::vector<std::pair<std::string, std::string>> headers;
};

/// What the query of a condition (`hold_while`) finds from now on.
struct CaseCondition {
  enum class Finds : std::uint8_t { any_row, no_row, unreachable };
  std::string name;
  Origin origin;
  Finds finds = Finds::no_row;
  std::vector<CaseRow> rows;  ///< any_row: for records with one of these; empty: for all
};

/// One thing that happens, in the order of the file.
struct CaseStep {
  enum class Kind : std::uint8_t { snapshot, capture, insert, update, delete_, truncate, answers, conditions, wait, restart, release, reject };
  Kind kind = Kind::capture;
  Origin origin;
  std::vector<CaseRows> rows;                                  ///< insert, update, delete
  std::vector<std::string> tables;                             ///< capture, truncate; empty: all
  std::vector<CaseAnswer> answers;                             ///< to the next requests that write, in order
  std::map<model::CallKind, std::vector<CaseAnswer>> answers_of;  ///< to the next ones of a kind
  std::vector<CaseCondition> conditions;
  std::optional<std::int64_t> wait_ms;                         ///< wait; none: until nothing waits any more
  std::string anomaly;                                         ///< release, reject: of this kind; empty: all that are open
};

/// A request that must come. What is not written of it may be anything.
struct ExpectedRequest {
  Origin origin;
  std::string method;
  std::string path;  ///< compared without the query unless it holds a '?'
  std::vector<std::pair<std::string, YamlNode>> headers;  ///< a text, or true: it is there, false: it is not
  std::optional<YamlNode> body;
  bool exact = false;  ///< the body holds nothing else
};

struct ExpectedCount {
  Origin origin;
  std::int64_t count = 0;
};

/// One delivery in a state.
struct ExpectedDelivery {
  Origin origin;
  std::optional<YamlNode> key;  ///< a value or a list of them
  std::string reason;           ///< is contained in the delivery's
};

/// What the journal should hold as sent for one record, and whether the record still stands at the target.
struct ExpectedLastSent {
  Origin origin;
  std::optional<YamlNode> key;
  std::optional<bool> live;
  std::optional<YamlNode> fields;
  bool exact = false;
};

/// Something unusual that was found, and how it stands.
struct ExpectedAnomaly {
  Origin origin;
  std::string kind;                  ///< mass_change, or "rule: " or "hold_while: " and its name; empty: any
  std::string state;                 ///< open, released, rejected, healed; empty: any
  std::string text;                  ///< is contained in what it says
  std::optional<std::int64_t> held;  ///< deliveries that it holds in the end
};

/// What is not written is not looked at.
struct CaseExpectation {
  Origin origin;
  std::optional<std::vector<ExpectedRequest>> requests;  ///< those that write
  std::optional<std::vector<ExpectedRequest>> reads;     ///< look-ups and read-backs
  bool in_order = false;                                 ///< across records, too
  std::optional<std::map<std::string, ExpectedCount>> deliveries;  ///< by state; others must be none
  std::optional<std::map<std::string, ExpectedCount>> changes;     ///< by operation; others must be none
  std::map<std::string, std::vector<ExpectedDelivery>> in_state;   ///< "dead", "skipped", "uncertain", …
  std::optional<std::vector<ExpectedLastSent>> last_sent;
  std::optional<std::vector<ExpectedAnomaly>> anomalies;  ///< in order of their numbers, all of them
};

/// One file. The order of its steps is the order in which things happen.
struct CaseDefinition {
  std::string name;
  Origin origin;
  std::string pipeline;
  std::int64_t begins_ms = 0;                                          ///< wall time
  std::map<std::string, std::vector<model::Column>> columns;           ///< by table
  std::vector<CaseRows> given;
  std::vector<CaseStep> steps;
  CaseExpectation then;
};

/// Reads one case. `pipeline` is the one beside which it stands; the case may name another. nullopt when it is no use;
/// every problem is in `diagnostics`.
std::optional<CaseDefinition> read_case(const YamlNode& root, const std::string& pipeline, Diagnostics& diagnostics);

/// The files of a pipeline's cases, below the instance's folder and sorted: "pipelines/x/cases/leaves.yaml".
std::vector<std::string> case_files(const std::filesystem::path& folder, const std::string& pipeline);

}  // namespace engine::settings
