// The acts by verb; one file each. What they share stands in request.h.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "engine/operate/acts/acts.h"

namespace engine::operate {

using Act = boost::json::object (*)(const boost::json::object& request, const ActContext& context);

boost::json::object decide_dead_letters(const boost::json::object& request, const ActContext& context);
boost::json::object pause(const boost::json::object& request, const ActContext& context);
boost::json::object resume(const boost::json::object& request, const ActContext& context);
/// `resume` of an instance whose journal was restored.
boost::json::object resume_restored(const boost::json::object& request, const ActContext& context);
/// Applies what is paused and lists it.
boost::json::object pauses_now(bool was_changed, const ActContext& context);
boost::json::object back_up(const boost::json::object& request, const ActContext& context);
boost::json::object forget(const boost::json::object& request, const ActContext& context);
boost::json::object remap(const boost::json::object& request, const ActContext& context);
boost::json::object backfill(const boost::json::object& request, const ActContext& context);
/// `backfill` of a range of keys; also its end, when the request says so.
boost::json::object backfill_range(const boost::json::object& request, const ActContext& context, const settings::TableDefinition& table,
                                   const std::vector<std::string>& pipelines);
boost::json::object link_records(const boost::json::object& request, const ActContext& context);
/// `release` and `reject` of anomalies.
boost::json::object review(const boost::json::object& request, const ActContext& context);
/// Nobody is alerted about open anomalies until `until_ms`.
boost::json::object snooze(const boost::json::object& request, const ActContext& context);
boost::json::object expect(const boost::json::object& request, const ActContext& context);
boost::json::object replay(const boost::json::object& request, const ActContext& context);

}  // namespace engine::operate
