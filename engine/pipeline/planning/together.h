// `deliver: together`: which changes of a cycle come of one transaction of the source, and are planned as one bundle.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/journal/journal.h"
#include "engine/model/change.h"
#include "engine/pipeline/planning/planning.h"

namespace engine::pipeline {

/// A cycle that is closed, behind the position of a pipeline. Its transactions are whole: a lookout reads its log as of one moment. They are planned some at
/// a time, each with all its changes, so that the ids of its deliveries follow each other: then no two wait for each other. What was planned when
/// a process is killed stands in `bundle`.
class TogetherCycle {
 public:
  TogetherCycle(journal::Records& records, const journal::PipelineRow& row, std::int64_t cycle_id, std::size_t together_max);

  bool is_behind(std::int64_t position) const { return position_ == position; }
  /// At least one group, or a part of one that goes apart; about `limit` changes.
  PlanningPage next(journal::Records& records, std::size_t limit) const;
  /// The page was planned, and `bundle_id` says how much of its last group.
  void advance(const PlanningPage& page, std::optional<std::int64_t> bundle_id);

 private:
  struct Group {
    std::string transaction;
    std::vector<std::int64_t> seqs;
    std::size_t planned = 0;
    std::optional<std::int64_t> bundle_id;
  };
  bool is_too_large(journal::Records& records, const Group& group) const;
  void gather(journal::Records& records, const journal::PipelineRow& row);
  void skip_planned(journal::Records& records, const journal::PipelineRow& row);

  std::int64_t cycle_id_;
  std::int64_t position_;
  std::int64_t last_seq_ = 0;
  std::size_t together_max_;
  bool is_begun_ = false;     ///< some of it was planned
  std::deque<Group> groups_;  ///< in the order of their first changes; what is planned is taken from the front
};

/// On the writer thread. Returns the row that says how much of the page's last group was planned.
std::optional<std::int64_t> store_together(journal::Records& records, const journal::PipelineRow& row, PlanningPage& page, std::int64_t now_ms);

}  // namespace engine::pipeline
