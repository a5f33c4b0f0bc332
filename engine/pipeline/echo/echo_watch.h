// Tells the changes of captured tables that are what our own pipelines wrote there: they go no further.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "engine/base/clock.h"
#include "engine/journal/journal.h"
#include "engine/model/fields.h"
#include "engine/model/layout.h"
#include "engine/settings/instance.h"

namespace engine::pipeline {

/// Used by the planner's thread. Every effect of a delivery is awaited from its planning on, which is before it can be seen at the
/// source; the first change that equals one of them is its echo, and older ones of that row are awaited no more. So somebody who sets
/// a row back to what we once wrote is heard.
class EchoWatch {
 public:
  EchoWatch(journal::Journal& journal, const settings::Instance& instance, const Clock& clock)
      : journal_(journal), instance_(instance), clock_(clock) {}

  /// `rows`: the pipelines of the instance in the journal, by name.
  void start(const std::map<std::string, journal::PipelineRow>& rows);
  /// Looks at a page of new changes of each written table. True when there may be more.
  bool look();
  /// The last change of a table that pipelines may follow; none where nothing is watched.
  std::optional<std::int64_t> limit(std::int64_t table_id) const;

 private:
  struct Awaited {
    std::int64_t delivery_id = 0;
    std::int64_t created_ms = 0;
    bool present = true;
    model::FieldMap values;
  };
  struct Watched {
    std::string name;
    std::int64_t table_id = 0;
    std::set<std::int64_t> writers;
    journal::Echoes::Position position;
    std::int64_t loaded_to = 0;  ///< deliveries up to this one are in `awaited`, or need not be
    std::map<std::string, std::deque<Awaited>> awaited;  ///< by the row's key
  };
  using Echo = std::pair<std::int64_t, std::int64_t>;

  bool look_at(Watched& watched);
  void load(journal::Records& records, Watched& watched);
  void drop_consumed(journal::Records& records, Watched& watched);
  void drop_old(journal::Records& records, Watched& watched);
  std::optional<std::int64_t> delivery_behind(journal::Records& records, Watched& watched, const model::Change& change);
  const model::Layout& layout(journal::Records& records, std::int64_t layout_id);

  journal::Journal& journal_;
  const settings::Instance& instance_;
  const Clock& clock_;
  std::map<std::int64_t, Watched> watched_;  ///< by table
  std::map<std::int64_t, model::Layout> layouts_;
};

}  // namespace engine::pipeline
