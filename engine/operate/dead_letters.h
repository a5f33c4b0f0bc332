// `dead-letters`: what was given up or is uncertain, and what a person decides about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/journal/journal.h"
#include "engine/operate/story.h"
#include "engine/pipeline/control_socket.h"
#include "engine/settings/instance.h"

namespace engine::operate {

/// A delivery that needs a person, with the name of its pipeline.
struct DeadLetter {
  journal::Delivery delivery;
  std::string pipeline;
};

/// Dead and uncertain deliveries, oldest first. Throws config_invalid for a pipeline that is not there, with the nearest name.
std::vector<DeadLetter> list_dead_letters(journal::Records& records, const std::string& pipeline, std::size_t limit);
/// Throws config_invalid when there is no such delivery. `pipeline` gets the name of its pipeline.
DeliveryStory show_delivery(journal::Records& records, std::int64_t id, std::string& pipeline);

/// What a person decided, about one delivery or many.
struct Decision {
  enum class Action { retry, discard };
  /// A retry needs it of an uncertain delivery, whose answer was lost, and refuses it of a dead one.
  enum class Settled { unknown, delivered, not_delivered };
  Action action = Action::retry;
  Settled settled = Settled::unknown;  ///< of uncertain ones: what the person found out
  std::vector<std::int64_t> ids;
  std::string reason;
};

struct Decided {
  std::int64_t id = 0;
  bool done = false;
  std::string what;  ///< "delivery 17 takes its place", or why it was refused
};

/// Carries out a decision in the journal: retried ones are mapped anew from the newest state, as a new generation. An uncertain one is only
/// retried when the person says whether it was delivered; a discarded one ends in `rejected`. One that can't be decided is
/// said so and does not stop the others. Ends early, with those decided by then, when `tell` says so.
std::vector<Decided> decide(journal::Journal& journal, const settings::Instance& instance, const Decision& decision,
                            const std::string& actor, const Clock& clock, const pipeline::TellProgress& tell);

/// Sends the decision to the daemon, or takes the journal's lock when it is down.
std::vector<Decided> decide_anywhere(const settings::InstancePlace& place, const Decision& decision, const Clock& clock);

}  // namespace engine::operate
