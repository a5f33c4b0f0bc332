#include "engine/operate/review/verify/wanted.h"

namespace engine::operate {

WantedRecord WantedRecords::of(const journal::RowImage& image) {
  planning_.learn(records_, image.layout_id);
  const journal::Delivery delivery = planning_.map_image(row_, image, system_clock());
  WantedRecord wanted{.key = delivery.key, .match = delivery.match, .fields = {}, .remote_id = {}};
  const auto sent = records_.deliveries.last_sent(row_.id, delivery.key);
  const bool live = sent && sent->live;
  if (live) wanted.match = sent->match;
  wanted.is_ours = live && sent->connection == delivery.connection && sent->object == delivery.object;
  if (!journal::is_open(delivery.state) || delivery.objection) {
    wanted.what = WantedRecord::What::kept_back;
  } else if (!delivery.present) {
    wanted.what = WantedRecord::What::gone;
  } else {
    wanted.what = live ? WantedRecord::What::there : WantedRecord::What::never_sent;
    wanted.fields = model::fields_from_json(records_.deliveries.with_sent_ids(row_.id, delivery.key, delivery.fields.value_or("{}")));
  }
  if (live) wanted.remote_id = records_.deliveries.remote_id(delivery.connection, delivery.object, wanted.match);
  return wanted;
}

journal::Delivery WantedRecords::any_of(std::string key, std::string match) const {
  journal::Delivery any;
  any.pipeline_id = row_.id;
  any.key = std::move(key);
  any.connection = planning_.definition().target.connection;
  any.object = planning_.definition().target.object;
  any.match = std::move(match);
  return any;
}

bool WantedRecords::is_under_way(const std::string& key) {
  if (records_.deliveries.waiting_behind(any_of(key, "{}"))) return true;
  const auto sent = records_.deliveries.last_sent(row_.id, key);
  if (sent && sent->sent_ms >= began_ms_) return true;
  const auto row = records_.pipelines.find(row_.name);
  const auto newest = records_.changes.of_key(row_.table_id, key, 1);
  return row && !newest.empty() && newest.front().seq > row->position;
}

bool WantedRecords::is_lane_busy(const std::string& match) { return records_.deliveries.waiting_behind(any_of("", match)).has_value(); }

}  // namespace engine::operate
