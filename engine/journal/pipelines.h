// Pipelines as the journal knows them: identity and how far the change log was mapped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace engine::journal {

class Connection;

struct PipelineRow {
  std::int64_t id = 0;
  std::string name;
  std::int64_t table_id = 0;
  std::int64_t position = 0;
  std::string mapping;
  std::optional<std::int64_t> layout_id;  ///< whose columns its records at the target have
};

class Pipelines {
 public:
  explicit Pipelines(Connection& connection) : connection_(connection) {}

  std::optional<PipelineRow> find(const std::string& name);
  std::vector<PipelineRow> all();
  /// A new pipeline starts at `start_position`.
  PipelineRow ensure(const std::string& name, std::int64_t table_id, std::int64_t start_position);
  /// The pipeline goes on under another name, with all that is known of it. False when there is none called `from`.
  /// Throws config_invalid when both names are known: which of the two is meant cannot be told.
  bool rename(const std::string& from, const std::string& to);
  /// Records that are at the target by this pipeline's hand.
  std::int64_t live_records(std::int64_t pipeline_id);
  void set_position(std::int64_t pipeline_id, std::int64_t seq);
  void set_mapping(std::int64_t pipeline_id, const std::string& fingerprint);
  void set_layout(std::int64_t pipeline_id, std::int64_t layout_id);
  /// Keys of records that are at the target by this pipeline's hand, or may come to be by a delivery under way: those behind `after`, in order.
  std::vector<std::string> keys_at_target(std::int64_t pipeline_id, const std::string& after, std::size_t limit);

 private:
  Connection& connection_;
};

}  // namespace engine::journal
