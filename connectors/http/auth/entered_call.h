// A call that needs a pass: sent with one, and once more with another when the answer proves that the first was refused.
#pragma once

#include <functional>
#include <vector>

#include "connectors/http/auth/pass_keeper.h"
#include "engine/model/target.h"

namespace connectors::http {

/// One call with all that is needed to send it again.
struct EnteredCall {
  Exchange exchange;  ///< its `answered` is not used
  std::size_t records = 1;
  std::function<std::vector<engine::model::CallAnswer>(const RawAnswer&)> judge;
  std::function<void(Exchange&)> sign;  ///< after the pass has joined; may be empty
  engine::model::Target::Answered answered;
};

/// `keeper` and `wire` outlive the answer. The second sending follows only an answer by which every record was refused for
/// its credentials, so nothing of the first was applied. A lost answer is never followed by one.
void send_entered(PassKeeper& keeper, Wire& wire, EnteredCall call);

}  // namespace connectors::http
