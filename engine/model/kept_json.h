// Reading JSON that the journal kept: whatever is wrong with it is one error, however deep it was found.
#pragma once

#include <fmt/format.h>

#include <boost/json.hpp>
#include <string_view>

#include "engine/base/error.h"

namespace engine::model {

/// What `read` makes of the parsed text. Throws Error journal_failed for what is no JSON or holds something else than `read` asks of it
/// (Boost.JSON tells that in three kinds of exceptions); `what` names it: "a checkpoint".
template <class Read>
auto read_kept(std::string_view text, std::string_view what, Read read) {
  try {
    return read(boost::json::parse(text));
  } catch (const Error&) {
    throw;
  } catch (const std::exception& problem) {
    throw Error(ErrorCode::journal_failed, fmt::format("the journal holds {} that is none ({}): {}", what, problem.what(), text.substr(0, 200)));
  }
}

}  // namespace engine::model
