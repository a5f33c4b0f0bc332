// Echoes: changes of a captured table that are what a pipeline of ours wrote there.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/journal/deliveries.h"

namespace engine::journal {

class Echoes {
 public:
  explicit Echoes(Connection& connection) : connection_(connection) {}

  /// How far a table's changes were looked at, and the deliveries up to which no effect is awaited any more.
  struct Position {
    std::int64_t seq = 0;
    std::int64_t delivery_id = 0;
  };
  std::optional<Position> position(std::int64_t table_id);
  void set_position(std::int64_t table_id, const Position& position);

  /// The change is the effect of that delivery.
  void add(std::int64_t seq, std::int64_t delivery_id);
  std::optional<std::int64_t> delivery_of(std::int64_t seq);
  /// Those deliveries behind `after_id` whose effect came back.
  std::set<std::int64_t> deliveries_after(std::int64_t after_id);

  /// What was planned behind `after_id` for these pipelines, in order, at most `limit`; and the last id looked at.
  struct Planned {
    std::int64_t id = 0;
    std::int64_t created_ms = 0;
    bool present = true;
    std::string match;
    std::optional<std::string> fields;
  };
  std::pair<std::vector<Planned>, std::int64_t> planned_after(const std::set<std::int64_t>& pipelines, std::int64_t after_id, std::size_t limit);

 private:
  Connection& connection_;
};

}  // namespace engine::journal
