// `inspect`: what a connection offers, for a person who is about to write YAML: tables, columns, keys, samples, and the YAML itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/source/catalogue.h"
#include "engine/settings/instance.h"

namespace engine::operate {

/// What is shown, and how long a look may take: people wait for it, and the source is somebody's production.
struct InspectOptions {
  bool unmasked = false;  ///< samples show personal data
  std::string target;     ///< connection the pipeline's YAML writes to; empty: the only one there is, else a file
  bool deliver_all = false;  ///< the table's YAML sends what is there, not only what changes
  std::int64_t statement_ms_max = 5'000;
  std::int64_t all_ms_max = 20'000;  ///< counting tables ends here
  std::size_t tables_max = 2'000;
  std::function<void(std::string_view)> progress = [](std::string_view) {};  ///< "counting 12 of 80 tables"
};

/// How many rows there are, as far as that could be told in time.
struct RowCount {
  std::optional<std::uint64_t> rows;
  bool estimated = false;  ///< by the server's statistics
};

/// One table or view in the list. Views are not counted: their query may be anything.
struct TableSummary {
  std::string from;
  bool is_view = false;
  RowCount count;
};

/// What a source offers as a whole. `all_listed` false: there may be more tables than were asked for.
struct SourceInspection {
  std::string connection, dialect, server;
  std::string proved;  ///< what of the dialect was run for real
  std::vector<TableSummary> tables;
  bool all_listed = true;
  std::vector<std::string> traps;
};

/// How sure a proposed key is, the surest first.
enum class KeyBasis : std::uint8_t { primary_key, unique_index, guess, none };

struct KeyProposal {
  KeyBasis basis = KeyBasis::none;
  std::vector<std::string> columns;
  bool indexed = false;  ///< an index leads with it
  std::string remark;    ///< what a person has to know about it; may be empty
};

/// One column with what a mapping would make of it.
struct ColumnInspection {
  model::Column column;
  std::vector<std::string> samples;  ///< distinct, masked when `masked_as` says so
  std::string masked_as;             ///< "mail address"; empty: shown as it is
  std::string expression;            ///< how a mapping takes it: "from_cyymmdd(DTULO)", or its bare name
};

/// How the table is best captured.
struct CaptureProposal {
  std::string mode = "diff";
  std::int64_t every_ms = 5'000;
  std::string column;               ///< of a watermark
  std::int64_t overlap_ms = 0;      ///< of a watermark; 0: none, or the default
  std::int64_t full_every_ms = 0;   ///< 0: the mode's default
  std::int64_t diff_every_ms = 5'000;  ///< of `mode: diff`, whatever mode is proposed
  double cycle_ms = 0;                 ///< what such a cycle takes when it finds changes; 0: not known
  std::vector<std::string> reasons;       ///< what was measured, and what follows
  std::vector<std::string> alternatives;  ///< other modes, with what each asks for
};

/// As it stands in a table's file: "{ mode: diff, every: 5s }".
std::string capture_yaml(const CaptureProposal& proposal);

struct YamlFile {
  std::string path;  ///< relative to the instance's folder
  std::string text;
};

/// A table with all that its YAML has to say.
struct TableInspection {
  std::string connection, from, server;
  RowCount count;
  std::size_t rows_sampled = 0;
  std::vector<ColumnInspection> columns;
  KeyProposal key;
  std::vector<std::string> modified_columns;  ///< that a watermark may rely on
  CaptureProposal capture;
  std::vector<std::string> traps;
  std::vector<YamlFile> files;  ///< the table, a pipeline, and a target connection when there was none
};

/// What a pipeline has to give to write this object.
struct TargetObject {
  std::string name;
  std::vector<std::string> calls;
  std::vector<std::string> match;     ///< names that `match:` has to give; empty: any
  std::vector<std::string> required;  ///< fields that requests name
};

struct TargetInspection {
  std::string connection, target, about;
  std::vector<TargetObject> objects;
};

/// Connects, lists, counts. Throws source_*.
SourceInspection inspect_source(const settings::Instance& instance, const settings::SourceConnection& connection,
                                const InspectOptions& options);

/// `from` as `from:` of a table takes it. Throws source_refused, with the nearest name, when there is no such table.
TableInspection inspect_table(const settings::Instance& instance, const settings::SourceConnection& connection, const std::string& from,
                              const InspectOptions& options);

TargetInspection inspect_target(const settings::TargetConnection& connection);

/// Writes what is not there yet below `folder` and returns those paths; files that exist stay as they are.
std::vector<std::string> write_new_files(const std::filesystem::path& folder, const std::vector<YamlFile>& files);

}  // namespace engine::operate
