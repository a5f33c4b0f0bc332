// `changes` and `story`: what happened, from the journal alone.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/journal/delivery/drift.h"
#include "engine/journal/journal.h"
#include "engine/operate/story/nested_changes.h"
#include "engine/settings/instance.h"

namespace engine::operate {

/// Layouts of documents among those that images were made with, by id; of plain tables nothing is needed.
using DocumentLayouts = std::map<std::int64_t, model::Layout>;

/// The columns of a change that differ; all of them on an insert, a snapshot row and a delete. Of a document, the rows of its nested tables.
std::vector<ColumnChange> columns_of(const model::Change& change, const DocumentLayouts& layouts);

struct ListedChange {
  model::Change change;
  std::string table;
};
DocumentLayouts document_layouts(journal::Records& records, std::span<const ListedChange> changes);
/// The newest `limit` changes, or those after `after_seq`, oldest first; of one table where it is named (config_invalid with the
/// nearest name when there is no such table).
std::vector<ListedChange> list_changes(journal::Records& records, const std::string& table, std::optional<std::int64_t> after_seq,
                                       std::size_t limit);

/// Of a delivery that goes out with others of its transaction.
struct TogetherStory {
  std::string transaction;             ///< of the source; empty: all that was captured at once
  bool begun = false;
  std::optional<std::string> held_by;  ///< of one that waits: "delivery 12 ([\"C001\"]) is dead"
};
std::optional<TogetherStory> together_story(journal::Records& records, const journal::Delivery& delivery);

/// A delivery with what guards said of it, what people decided, every try, and what the target itself reported of it later.
struct DeliveryStory {
  journal::Delivery delivery;
  std::vector<journal::Attempt> attempts;
  std::vector<journal::Report> reports;
  std::optional<TogetherStory> together{};
  std::vector<journal::DeliveryDecision> decisions{};
  journal::Drift drift{};  ///< what somebody changed at the target, as far as that was looked at
  std::optional<journal::Anomaly> anomaly{};  ///< what holds it, or held it until a person decided
};
DeliveryStory delivery_story(journal::Records& records, journal::Delivery delivery);

/// What one pipeline made of the key, and what stands at its target by now.
struct PipelineStory {
  std::string pipeline;
  std::vector<DeliveryStory> deliveries;
  std::optional<journal::LastSent> last_sent;
  std::optional<std::string> remote_id;
  std::optional<journal::Rejection> rejected;  ///< values that a person did not want there: held when they come again
};

/// Everything that the journal holds about one key.
struct Story {
  std::string table;
  std::string key;
  std::vector<model::Change> changes;
  DocumentLayouts layouts;
  std::map<std::int64_t, std::int64_t> echoes;  ///< changes that are the effect of a delivery of ours, by seq
  std::optional<std::string> image;  ///< as last seen; none when it is gone
  std::vector<PipelineStory> pipelines;
};

/// Everything known about one key. Throws config_invalid for an unknown table or a key that does not fit, with what would.
Story story_of(journal::Records& records, const std::string& table, std::span<const std::string> key_parts);

boost::json::value json_of(const model::Change& change, const std::string& table);
boost::json::value json_of(const DeliveryStory& story, const std::string& pipeline);
boost::json::value json_of(const Story& story);

}  // namespace engine::operate
