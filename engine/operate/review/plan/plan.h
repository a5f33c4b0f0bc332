// `plan`: recorded changes through an edited configuration, beside what today's would have made of them. Sends and writes nothing.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/operate/review/plan/comparison.h"
#include "engine/operate/review/plan/past_guard.h"
#include "engine/settings/instance.h"

namespace engine::operate {

struct PlanOptions {
  settings::InstancePlace instance{"."};  ///< whose journal holds the changes
  settings::InstancePlace edited{"."};
  std::string pipeline;     ///< only this one; empty: all
  std::int64_t days = 7;
  std::size_t samples = 3;  ///< of each kind of difference, a pipeline
  unsigned threads = 0;     ///< 0: as many as there are processors
  std::function<void(std::int64_t done, std::int64_t total)> tell = [](std::int64_t, std::int64_t) {};
};

/// A number of something under today's configuration, and under the edited one.
struct NowAndThen {
  std::int64_t now = 0;
  std::int64_t then = 0;
};

struct PipelinePlan {
  enum class Known : std::uint8_t { both, only_then, only_now };
  std::string pipeline;
  std::string table;
  Known known = Known::both;
  std::vector<std::string> notes;  ///< what should be known before the numbers are believed
  std::int64_t changes = 0;
  std::map<DifferenceKind, std::int64_t> differences;
  std::map<PastCall, NowAndThen> calls;        ///< of all changes, what makes no call apart
  std::map<std::string, std::int64_t> fields;  ///< in how many calls each field differs
  std::map<std::string, NowAndThen> rules;     ///< how many each rule would have kept back
  NowAndThen merged;                           ///< calls that `settle` would have spared
  NowAndThen flip_flops;                       ///< calls that `flip_flop` would have held
  std::vector<PastHold> holds_now;             ///< of mass changes, the first few
  std::vector<PastHold> holds_then;
  NowAndThen holds;
  std::vector<CallDifference> samples;         ///< the newest of each kind, in order

  std::int64_t number(DifferenceKind kind) const;
  bool differs() const;
};

struct Plan {
  std::int64_t days = 0;
  std::int64_t since_ms = 0;
  std::int64_t changes = 0;  ///< recorded since then, of the tables that were looked at
  std::vector<PipelinePlan> pipelines;
  bool differs() const;
};

/// Each change is looked at by itself, over a target that holds what the same configuration would have sent before it; so neither what the
/// target holds today nor what was looked up there since has a say. Works with the daemon up or down. Throws InvalidConfiguration, also
/// for an edited mapping that does not fit its table; config_invalid for an unknown pipeline; environment_missing without a journal.
Plan plan(const PlanOptions& options);

std::string_view name_of(PipelinePlan::Known known);
boost::json::value json_of(const Plan& plan);

}  // namespace engine::operate
