#include "engine/base/threads/pulse.h"

namespace engine {

void Pulse::add(std::string stage, Ask ask) {
  const std::lock_guard lock(stages_mutex_);
  stages_.push_back({std::move(stage), std::move(ask)});
}

void Pulse::remove(const std::string& stage) {
  const std::lock_guard lock(stages_mutex_);
  std::erase_if(stages_, [&](const Stage& each) { return each.name == stage; });
}

/// One that has not answered is not asked again: a queue that nobody empties must not fill up with questions.
std::vector<std::string> Pulse::round() {
  std::vector<std::string> silent;
  std::vector<std::string> names;
  const std::lock_guard asking(stages_mutex_);
  for (const Stage& stage : stages_) {
    names.push_back(stage.name);
    if (!stage.answered->exchange(false)) {
      silent.push_back(stage.name);
    } else {
      stage.ask([answered = stage.answered] { *answered = true; });
    }
  }
  const std::lock_guard lock(result_mutex_);
  silent_ = silent;
  names_ = std::move(names);
  return silent;
}

std::vector<std::string> Pulse::silent() const {
  const std::lock_guard lock(result_mutex_);
  return silent_;
}

std::vector<std::string> Pulse::stages() const {
  const std::lock_guard lock(result_mutex_);
  return names_;
}

}  // namespace engine
