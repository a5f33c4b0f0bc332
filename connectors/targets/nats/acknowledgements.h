// Messages whose acknowledgement is waited for. It comes from a thread of the library, which may still be at it after the connection was
// destroyed: so the library gets a number to come back with, and no pointer.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "engine/model/target.h"

namespace connectors::targets::nats {

class Acknowledgements {
 public:
  using Reported = std::function<void(engine::model::CallAnswer)>;

  Acknowledgements();
  /// From here on nobody is reported to: waits for an acknowledgement that is being told.
  ~Acknowledgements();
  Acknowledgements(const Acknowledgements&) = delete;
  Acknowledgements& operator=(const Acknowledgements&) = delete;

  std::uintptr_t number() const { return number_; }

  void add(const std::string& id, Reported reported);
  /// Of a message that is not waited for: nothing happens.
  void settle(const std::string& id, engine::model::CallAnswer answer);
  void settle_all(const engine::model::CallAnswer& answer);

  /// The same by the number, from whatever thread; of one that is gone nothing happens.
  static void settle(std::uintptr_t number, const std::string& id, engine::model::CallAnswer answer);

 private:
  std::mutex mutex_;
  std::map<std::string, Reported> by_id_;
  std::uintptr_t number_;
};

}  // namespace connectors::targets::nats
