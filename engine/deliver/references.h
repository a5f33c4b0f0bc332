// Parents before children: what the references of a delivery stand for, and who is waited for.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/deliver/decision.h"
#include "engine/journal/journal.h"
#include "engine/model/layout.h"
#include "engine/model/reference.h"
#include "engine/model/target.h"

namespace engine::deliver {

/// Reads ids of parents. Lives as long as one reading of the journal: layouts are kept meanwhile.
class ReferenceReader {
 public:
  ReferenceReader(journal::Records& records, const model::Target& target) : records_(records), target_(target) {}

  /// Puts ids in the place of references, and says whose record is missing. What was looked up for a request that may
  /// have been applied counts, whatever holds by now. A delete of a parent waits for the open deletes of its children.
  void resolve(journal::Head& head, const PipelineTarget& pipeline);

 private:
  struct Found {
    std::optional<std::string> id;
    std::string key;  ///< as JSON; empty: it is no key of the parent's table
  };
  void put_in(journal::Head& head, const PipelineTarget& pipeline);
  Found find(const ParentPipeline& parent, const std::vector<std::string>& key);
  bool match_is_id(const std::string& object) const;
  const std::optional<model::Layout>& layout_of(const ParentPipeline& parent);

  journal::Records& records_;
  const model::Target& target_;
  std::map<std::int64_t, std::optional<model::Layout>> layouts_;
};

/// The id that a match value of one field stands for, where a target knows no other.
std::string id_of_match(const std::string& match);

/// Delivery::look_ups as the journal's table holds them.
std::vector<journal::Deliveries::LookUp> look_ups_of(const std::string& json, const PipelineTarget& pipeline);

}  // namespace engine::deliver
