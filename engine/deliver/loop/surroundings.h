// What the loop needs of the world: a seam, so that a simulation turns time and order by hand.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <string>

#include "engine/base/clock.h"
#include "engine/journal/journal.h"
#include "engine/model/source/question.h"

namespace engine::deliver {

class Surroundings {
 public:
  using Event = std::function<void()>;
  using Work = std::function<void(journal::Records&)>;
  using Done = std::function<void(std::exception_ptr)>;

  virtual ~Surroundings() = default;
  /// Gives events to the loop from any thread; what it returns may outlive the loop, whose events are then dropped.
  virtual std::function<void(Event)> poster() = 0;
  /// Runs `work` where it may block, over a read-only lease; `done` comes as an event.
  virtual void read(Work work, Done done) = 0;
  /// Runs `work` in a group of the journal's writer; `done` comes as an event once that is on disk.
  virtual void write(Work work, Done done) = 0;
  /// Asks a database, where that may block; `answered` comes as an event.
  virtual void ask(const model::Question& question, std::function<void(model::Reply)> answered) = 0;
  /// In [0, 1).
  virtual double random() = 0;
  virtual const Clock& clock() const = 0;
  virtual const std::string& journal_id() const = 0;
};

}  // namespace engine::deliver
