// What each row should have at the target, as far as the journal knows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/clock.h"
#include "engine/journal/journal.h"
#include "engine/model/fields.h"
#include "engine/pipeline/planning/planning.h"

namespace engine::operate {

struct WantedRecord {
  enum class What : std::uint8_t {
    there,
    gone,       ///< outside `where`
    never_sent, ///< it is wanted, and stood at the source before the pipeline began
    kept_back,  ///< it cannot be mapped, or a rule is not met
  };
  What what = What::there;
  std::string key;   ///< JSON
  std::string match; ///< as it is known at the target
  model::FieldMap fields;
  std::optional<std::string> remote_id;
  bool is_ours = false;  ///< by what was last sent to this target, the record is there by our hand
};

class WantedRecords {
 public:
  WantedRecords(journal::Records& records, pipeline::Planning& planning, journal::PipelineRow row) : records_(records), planning_(planning), row_(std::move(row)) {}

  WantedRecord of(const journal::RowImage& image);
  /// A change, or a delivery, that says so is not at the target yet, or came there since this began.
  bool is_under_way(const std::string& key);
  /// Something is on its way to the record with this match value, whichever row it is of.
  bool is_lane_busy(const std::string& match);

 private:
  journal::Delivery any_of(std::string key, std::string match) const;

  journal::Records& records_;
  pipeline::Planning& planning_;
  journal::PipelineRow row_;
  std::int64_t began_ms_ = system_clock().wall_ms();
};

}  // namespace engine::operate
