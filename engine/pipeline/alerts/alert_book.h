// Which conditions are known and told: once when one has lasted, once when it is over.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/model/notice.h"
#include "engine/pipeline/alerts/conditions.h"

namespace engine::pipeline {

/// Pure; the caller keeps its JSON over restarts. Times are wall milliseconds.
class AlertBook {
 public:
  explicit AlertBook(std::string instance) : instance_(std::move(instance)) {}

  /// What is to be told now. A condition that is over for less than a minute is not over yet: what flaps is one alert.
  std::vector<model::Notice> update(const Conditions& conditions, std::int64_t now_ms);
  /// Told and not over, for every kind there is.
  std::map<std::string, int> active() const;

  std::string json() const;
  /// Text that cannot be read starts an empty book: at worst something is told again.
  void restore(const std::string& json);

 private:
  struct Entry {
    std::string kind;
    std::string subject;
    std::string text;
    std::int64_t since_ms = 0;
    std::int64_t over_since_ms = 0;  ///< 0: it is so now
    bool told = false;
  };
  model::Notice notice(const Entry& entry, bool over, std::int64_t now_ms) const;
  void note(const Condition& condition, std::int64_t now_ms, std::vector<model::Notice>& notices);

  std::string instance_;
  std::map<std::string, Entry> entries_;
};

}  // namespace engine::pipeline
