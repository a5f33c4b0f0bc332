// What guards of single records would have made of changes of the past: bursts that go out as one call, records that go to and fro.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/journal/deliveries.h"
#include "engine/model/change.h"
#include "engine/settings/pipeline_definition.h"

namespace engine::operate {

/// One call: from which state of its record to which, as `flip_flop` tells states apart. Equal numbers are equal states.
struct PastMove {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};

/// As if each call had been answered at once, and nobody had released what is held. Its memory is bounded by the records that changed within the longer of the two times.
class PastRecords {
 public:
  /// Null: no pipeline, and nothing is counted.
  explicit PastRecords(const settings::PipelineDefinition* pipeline);

  /// In the order of the changes.
  void add(const model::Change& change, const PastMove& move);
  /// No more come.
  void finish();

  std::int64_t merged() const { return merged_; }  ///< calls that a quiet moment would have spared
  std::int64_t held() const { return held_; }      ///< calls that would have gone to and fro once too often

 private:
  struct Record {
    std::vector<journal::Deliveries::SentState> sent;  ///< newest first
    bool waits = false;
    std::uint64_t state = 0;  ///< that waits
    std::int64_t go_ms = 0;
    std::int64_t by_ms = 0;
    std::int64_t touched_ms = 0;
  };
  void send(Record& record, std::uint64_t state, std::int64_t at_ms);
  void forget_old(std::int64_t now_ms);

  settings::Settle settle_;
  settings::FlipFlop flips_;
  std::unordered_map<std::string, Record> records_;
  std::size_t sweep_at_ = 10'000;  ///< records
  std::int64_t merged_ = 0;
  std::int64_t held_ = 0;
};

}  // namespace engine::operate
