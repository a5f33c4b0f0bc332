// The acts by verb; one file each. What they share stands in request.h.
#pragma once

#include <boost/json/object.hpp>

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
boost::json::object link_records(const boost::json::object& request, const ActContext& context);
boost::json::object replay(const boost::json::object& request, const ActContext& context);

}  // namespace engine::operate
