// `verify`: source, journal and target of one pipeline, compared by key and field. Reads only; `repair` hands the differing keys to a backfill.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/settings/instance.h"

namespace engine::operate {

struct VerifyOptions {
  settings::InstancePlace instance{"."};
  std::string pipeline;
  std::size_t samples = 5;  ///< of each kind of mismatch
  bool source = true;       ///< compare the source with the journal
  bool target = true;       ///< compare the journal with the target
  std::int64_t patience_ms = 0;  ///< how long what differs may take to arrive; 0: twice the table's interval, at most 30 s
  std::function<void(const char* what, std::int64_t done, std::int64_t total)> tell = [](const char*, std::int64_t, std::int64_t) {};
};

/// One column or field: JSON, or canonical text of a column; empty: NULL, or not there.
struct ValueMismatch {
  std::string name;
  std::string wanted;
  std::string there;
};

enum class MismatchKind : std::uint8_t { missing, different, extra };
std::string_view name_of(MismatchKind kind);

struct Mismatch {
  MismatchKind kind = MismatchKind::missing;
  std::string key;  ///< JSON; of what is extra at a target its match value
  std::vector<ValueMismatch> values;
};

/// One comparison: the journal with the source, or the target with the journal.
struct VerifiedSide {
  std::string unable;              ///< why it was not compared; empty: it was
  std::vector<std::string> notes;  ///< what could not be told
  std::int64_t looked_at = 0;
  std::int64_t equal = 0;
  std::int64_t missing = 0;
  std::int64_t different = 0;
  std::int64_t extra = 0;
  std::int64_t extra_ours = 0;  ///< of those: rows that are not wanted there any more, whose records we made by all that the journal knows
  std::int64_t under_way = 0;   ///< differ, and a delivery or a change that says so waits
  std::int64_t never_sent = 0;  ///< rows that stood there when the pipeline began
  std::int64_t failed = 0;      ///< the target did not answer about them
  std::vector<Mismatch> samples;
  std::vector<std::string> keys;  ///< of what is missing or different, the first 10,000: what a repair reads again
  std::vector<std::string> extra_keys;  ///< of `extra_ours`, the first 10,000: their records are taken away by reading them again
  bool differs() const { return missing + different + extra > 0; }
};

struct Verification {
  std::string pipeline;
  std::string table;
  std::string source;      ///< connection
  std::string connection;  ///< of the target
  VerifiedSide journal;
  VerifiedSide target;
  bool differs() const { return journal.differs() || target.differs(); }
  /// Keys that a backfill mends; with `extra` also those whose records it takes away.
  std::vector<std::string> keys(bool extra) const;
};

/// Works with the daemon up or down. Throws InvalidConfiguration; config_invalid for an unknown pipeline or one that sends messages;
/// source_* and target_* when a side can't be reached; environment_missing without a journal.
Verification verify(const VerifyOptions& options);

boost::json::object json_of(const Verification& verification);

}  // namespace engine::operate
