// What is to be done with the delivery at the head of its lane: decided in this one place, from what is live at the
// target.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/deliver/drift.h"
#include "engine/journal/deliveries.h"
#include "engine/model/target.h"
#include "engine/settings/pipeline_definition.h"

namespace engine::deliver {

/// A pipeline whose records those of another one refer to.
struct ParentPipeline {
  std::int64_t id = 0;
  std::string name;
  std::string table;
};

/// What must be known of each pipeline.
struct PipelineTarget {
  std::string name;
  std::string table;
  settings::OnDelete on_delete = settings::OnDelete::delete_;
  model::FieldMap on_delete_update;
  bool on_dead_stops_lane = false;
  settings::Priority priority = settings::Priority::normal;
  settings::WriteMode mode = settings::WriteMode::upsert;
  bool whole_updates = false;
  std::vector<ParentPipeline> parents;  ///< `depends_on`
  std::int64_t wait_for_parent_ms = 0;
  bool has_children = false;  ///< other pipelines depend on it
  std::vector<settings::HoldWhile> hold_while;
  DriftRules drift;
};

/// What is known of the delivery at the head of its lane when its turn comes. Refers into what the reader has read.
struct HeadFacts {
  const journal::Delivery& delivery;
  const std::optional<journal::LastSent>& last_sent;
  const std::optional<std::string>& remote_id;
  /// An upsert may have gone out before a crash without a trace in the journal (rule 4).
  bool may_have_been_sent = false;
  /// Of a delete: another row of the pipeline stands for the record now, by the same match value.
  bool taken_over = false;
  /// A look-up by the match value found nothing.
  bool absent_at_target = false;
  std::int64_t now_ms = 0;
  /// Records of other pipelines that must be there first; of a delete: must be gone first.
  std::span<const journal::Awaited> awaits = {};
  std::string_view reference_problem = {};
  /// What reading the record showed, before it is overwritten; null: it was not read.
  const journal::Drift* drift = nullptr;
};

/// What follows for the delivery. What a field is of, is said behind it; the others are then empty.
struct Decision {
  enum class What : std::uint8_t { call, find_first, skip, expire, dead, wait };
  What what = What::skip;
  model::CallKind kind = model::CallKind::upsert;  ///< of `call`
  model::FieldMap fields;                          ///< everything wanted
  model::FieldMap changed_fields;                  ///< what differs from what was last sent; all when that is unknown
  Overwritten overwrites;                          ///< of an update or upsert: what somebody may have changed
  bool moves = false;                              ///< the record shall have another match value than it has
  std::string reason;
  std::int64_t wait_ms = 0;  ///< of `wait`: at most; whoever is waited for may end it before
};

/// Rule 2. Pure.
Decision decide(const HeadFacts& facts, const model::ObjectTraits& traits, const PipelineTarget& pipeline);

/// Whether something would be done, or nothing be left to do, were it decided now: it neither waits nor is given up.
bool begins(const journal::Head& head, const model::ObjectTraits& traits, const PipelineTarget& pipeline, std::int64_t now_ms);

/// The match value by which the record is addressed: the one it has, else the one it shall have.
const std::string& addressed_match(const journal::Delivery& delivery,
                                   const std::optional<journal::LastSent>& last_sent);
// It refers into its arguments.
const std::string& addressed_match(const journal::Delivery&, std::optional<journal::LastSent>&&) = delete;

}  // namespace engine::deliver
