// Asks the databases of an instance what guards want to know, each on a thread of its own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/model/source/question.h"

namespace connectors::catalog {

/// Makes what asks one of the connections; called on the thread that asks.
using MakeInquirer = std::function<std::unique_ptr<engine::model::Inquirer>()>;

/// By connection. One that was not reached is left alone for some seconds: whoever asks meanwhile is told the same, and nobody waits for its
/// time-outs in a row.
std::unique_ptr<engine::model::Inquiries> make_inquiries(std::map<std::string, MakeInquirer> connections, const engine::Clock& clock);

}  // namespace connectors::catalog
