// What carries the exchanges of one connection: libcurl, or whatever stands for the other side in a rehearsal.
#pragma once

#include <functional>
#include <memory>

#include "connectors/http/wire/exchange.h"

namespace connectors::http {

/// One for a connection; it outlives every exchange that was given to it.
class Wire {
 public:
  virtual ~Wire() = default;
  /// Thread-safe, returns without waiting for the answer. `answered` is called exactly once, possibly before this returns.
  virtual void submit(Exchange exchange) = 0;
  /// `answered` is called by the thread that carries the exchanges, when it comes round next; at once where there is none.
  virtual void ping(std::function<void()> answered) { answered(); }
  /// Abandons what is under way; every `answered` has been called when it returns. Idempotent; not from `answered`.
  virtual void stop() = 0;
};

using MakeWire = std::function<std::unique_ptr<Wire>(WireOptions)>;

}  // namespace connectors::http
