// Alerts on their way: each waits for each channel by itself, is tried again for a day at most, and survives a restart.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/text/durations.h"
#include "engine/model/notice.h"

namespace engine::pipeline {

/// Pure but for what `tell` does; the caller keeps its JSON. Times are wall milliseconds.
class Outbox {
 public:
  explicit Outbox(std::vector<std::string> channels);

  void add(const model::Notice& notice, std::int64_t now_ms);
  /// True when `tell` was called. It throws when the channel did not take the notice; then it is tried again after a
  /// growing wait, and those behind it wait, too, so that they arrive in order.
  bool send_due(std::int64_t now_ms, const std::function<void(std::size_t channel, const model::Notice&)>& tell);
  std::size_t waiting() const;

  std::string json() const;
  /// What waits for channels that are no more is left out.
  void restore(const std::string& json);

  static constexpr std::size_t waiting_max = 200;  ///< for a channel; the oldest goes
  static constexpr std::int64_t given_up_after_ms = day_ms;

 private:
  struct Waiting {
    model::Notice notice;
    std::int64_t since_ms = 0;
  };
  struct Channel {
    std::string name;
    std::deque<Waiting> waiting;
    std::int64_t again_ms = 0;
    int tries = 0;
  };
  void drop_oldest(Channel& channel, const std::string& reason);
  bool send_due(std::size_t index, std::int64_t now_ms, const std::function<void(std::size_t, const model::Notice&)>& tell);

  std::vector<Channel> channels_;
};

}  // namespace engine::pipeline
