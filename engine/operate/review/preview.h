// `preview`: what a pipeline would send now, with the mapping as it stands in the folder. Sends and writes nothing.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/pipeline/planning/forecast.h"
#include "engine/settings/instance.h"

namespace engine::operate {

struct PreviewOptions {
  settings::InstancePlace instance{"."};
  std::string pipeline;
  std::vector<std::string> key;  ///< one row, one word a column; empty: all
  std::size_t limit = 20;        ///< rows that are shown; with `from_source` also rows that are read
  bool from_source = false;      ///< read rows at the source instead of taking those last seen
};

/// One field beside what was last sent of it.
struct FieldChange {
  std::string field;
  std::string before;  ///< JSON; empty: not there
  std::string after;
};

struct PreviewedRow {
  std::string key;  ///< JSON
  pipeline::Forecast::What what = pipeline::Forecast::What::skip;
  std::string call;  ///< "upsert"; empty: none
  std::string reason;
  std::vector<FieldChange> fields;
  std::string method;  ///< empty: no request
  std::string url;     ///< secrets masked
  std::string body;
};

struct Preview {
  std::string pipeline;
  std::string table;
  bool from_source = false;
  std::vector<PreviewedRow> rows;  ///< as they were read; those that need nothing only when asked for by key
  std::map<std::string, std::int64_t> totals;  ///< by what would be done, over all rows looked at
  std::int64_t rows_looked_at = 0;
  bool is_partial = false;  ///< the source has more rows than were read
  std::int64_t failures() const;
};

/// Works with the daemon up or down. Throws InvalidConfiguration, also for a mapping that does not fit the table; config_invalid for an
/// unknown pipeline or key; environment_missing without a journal (but for `from_source`); source_* when the source is read.
Preview preview(const PreviewOptions& options);

boost::json::value json_of(const Preview& preview);

}  // namespace engine::operate
