// How long a place in a journal of IBM i lasts, for people and for alerts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/odbc/log/journal_walk.h"

namespace connectors::odbc {

/// As a metric of the table. Nothing is told of a journal that has lost the place already: the next look says so.
void tell_outlook(const ReceiverChain& chain, const JournalPosition& from, const std::string& table);

/// The remarks, and what a person should know where it does not last for long. `from` is where entries are needed from; none: nothing was read yet.
std::vector<std::string> with_outlook(const ReceiverChain& chain, const std::optional<JournalPosition>& from, std::vector<std::string> remarks);

}  // namespace connectors::odbc
