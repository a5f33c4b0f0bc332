// Libcurl's side of a connection, with somebody who writes down what passes.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "connectors/http/wire/wire.h"

namespace engine::operate {

/// One exchange that passed, logins and pages among them.
struct Overheard {
  connectors::http::Exchange exchange;  ///< without `answered`
  connectors::http::RawAnswer answer;
};

/// Outlives the wire, which the target owns.
class TrialEar {
 public:
  void hear(Overheard passed);
  /// What passed since the last call.
  std::vector<Overheard> take();
  /// Of every request, credentials among them.
  std::vector<std::string> headers;

 private:
  std::mutex mutex_;
  std::vector<Overheard> passed_;
};

connectors::http::MakeWire overheard_wire(const std::shared_ptr<TrialEar>& ear);

}  // namespace engine::operate
