// Rows under one condition of `hold_while`.
#pragma once

#include <string>
#include <vector>

#include "engine/model/key.h"
#include "test/engine/deliver/objects.h"

namespace test {

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t hour = 60 * minute;

inline engine::settings::HoldWhile open_quote(engine::settings::HoldWhile::Then then = engine::settings::HoldWhile::Then::hold) {
  return {.name = "an open quote uses this price list",
          .connection = "erp",
          .parts = {{"SELECT 1 FROM quotes WHERE list = ", "list", {}}, {" AND rate > ", "rate", {}}, {"", "", {}}},
          .at_most_ms = 8 * hour,
          .then = then,
          .every_ms = minute};
}

inline const engine::model::Reply found{.any_row = true};

/// A pipeline over rows (code, list, rate) under one condition.
class Quotes : public World {
 public:
  explicit Quotes(const engine::settings::HoldWhile& condition = open_quote()) {
    make_upsert_object(target);
    pipeline.table = "customers";
    pipeline.hold_while = {condition};
    write([this](engine::journal::Records& records) {
      using engine::model::ColumnType;
      const auto table = records.tables.ensure("customers");
      layout_id = records.tables.put_layout(table.id, {.columns = {{.name = "code"}, {.name = "LIST"}, {.name = "rate", .type = ColumnType::decimal}}, .key = {0}}, 1);
    });
  }

  /// The row changed to this.
  std::int64_t change(const std::string& code, const std::string& list, const std::string& fields, const std::string& rate = "\"1.50\"") {
    return planned(code, "{\"code\":\"" + code + "\",\"LIST\":" + list + ",\"rate\":" + rate + "}", fields);
  }
  std::int64_t remove(const std::string& code, const std::string& list) {
    return planned(code, "{\"code\":\"" + code + "\",\"LIST\":" + list + ",\"rate\":\"1.50\"}", std::nullopt);
  }
  std::string reason(std::int64_t id) { return delivery(id).reason; }
  std::vector<engine::journal::Anomaly> anomalies() { return journal().read()->anomalies.latest(10); }

  std::int64_t layout_id = 0;

 private:
  std::int64_t planned(const std::string& code, const std::string& image, const std::optional<std::string>& fields) {
    engine::journal::Delivery delivery = delivery_for(code, code);
    delivery.present = fields.has_value();
    delivery.fields = fields;
    write([&](engine::journal::Records& records) {
      engine::model::Change change{.table_id = 1, .layout_id = layout_id, .cycle_id = 1, .key = delivery.key, .changed_columns = "[]"};
      (fields ? change.after : change.before) = image;
      change.operation = fields ? engine::model::Operation::update : engine::model::Operation::delete_;
      delivery.first_seq = delivery.last_seq = records.changes.append(change);
    });
    return plan(delivery);
  }
};

}  // namespace test
