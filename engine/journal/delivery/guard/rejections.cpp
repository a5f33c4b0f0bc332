#include "engine/journal/delivery/guard/rejections.h"

#include "engine/journal/connection.h"

namespace engine::journal {

// A rejection is written and taken back by this one connection: work that is undone leaves `any_` set for nothing, never unset.
bool Rejections::may_be_any() {
  if (!connection_.in_transaction()) return true;
  if (!any_) {
    Statement row = connection_.prepare("SELECT EXISTS (SELECT 1 FROM rejection)");
    row.step();
    any_ = row.integer(0) != 0;
  }
  return *any_;
}

std::optional<Rejection> Rejections::of(std::int64_t pipeline_id, const std::string& key) {
  if (!may_be_any()) return std::nullopt;
  Statement row = connection_.prepare("SELECT anomaly_id, effect, fields, match FROM rejection WHERE pipeline_id = ?1 AND key = ?2");
  if (!row.bind(1, pipeline_id).bind(2, key).step()) return std::nullopt;
  return Rejection{row.integer(0), row.text(1) == "present", std::string(row.text(2)), row.optional_text(3)};
}

void Rejections::put(std::int64_t pipeline_id, const std::string& key, const Rejection& rejection) {
  connection_.prepare("INSERT OR REPLACE INTO rejection (pipeline_id, key, anomaly_id, effect, fields, match) VALUES (?, ?, ?, ?, ?, ?)")
      .bind(1, pipeline_id)
      .bind(2, key)
      .bind(3, rejection.anomaly_id)
      .bind(4, rejection.present ? "present" : "absent")
      .bind(5, rejection.fields)
      .bind(6, rejection.match)
      .run();
  any_ = true;
}

void Rejections::forget(std::int64_t pipeline_id, const std::string& key) {
  connection_.prepare("DELETE FROM rejection WHERE pipeline_id = ?1 AND key = ?2").bind(1, pipeline_id).bind(2, key).run();
}

}  // namespace engine::journal
