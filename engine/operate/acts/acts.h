// What a person asks an instance to do, carried out by the daemon or, when it is down, under the journal's lock. Acts travel as JSON:
// {"verb":"pause",…} in, an object with what was done out.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "engine/base/clock.h"
#include "engine/journal/journal.h"
#include "engine/pipeline/control_socket.h"
#include "engine/pipeline/supervisor.h"
#include "engine/settings/instance.h"

namespace engine::operate {

/// What an act works with. `supervisor` is null while the daemon is down.
struct ActContext {
  journal::Journal& journal;
  const settings::Instance& instance;
  const Clock& clock;
  std::string actor;
  pipeline::TellProgress tell;  ///< always callable
  pipeline::Supervisor* supervisor = nullptr;
};

/// Carries out one act, records it in `audit` (unless it is a dry run) and has the running stages look again. Throws Error
/// config_invalid for what can't be done, with a hint; journal_*; stopped when whoever asked went away.
boost::json::object act(const boost::json::object& request, const ActContext& context);

/// An act that is a few rows and no reading of databases or targets: what a person reaches for while a long one is under way, above all to stop it.
bool is_brief(const boost::json::object& request);

/// Writes into `audit` who did what, and what came of it.
void record_act(const boost::json::object& request, const boost::json::object& outcome, journal::Journal& journal, const std::string& actor,
                const Clock& clock);

/// Sends the act to the daemon, or takes the journal's lock when it is down. Secrets are looked for only in the second case, and by acts
/// that speak with a source or target: whoever may ask the daemon need not be able to read them. Throws what `act` throws;
/// InvalidConfiguration; environment_missing where a running daemon can't be reached, or there is no journal yet.
boost::json::object act_anywhere(const settings::InstancePlace& place, const boost::json::object& request,
                                 const pipeline::TellProgress& tell, const Clock& clock);

/// Sends a request that only a running daemon can carry out. Throws environment_missing when none runs.
boost::json::object ask_running(const settings::Instance& instance, const boost::json::object& request);

}  // namespace engine::operate
