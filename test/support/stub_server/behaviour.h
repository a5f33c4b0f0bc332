// What the stub keeps and how it answers, faults included. No I/O but the log of effects.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>

#include <boost/json/object.hpp>

#include "test/support/stub_server/effect_log.h"
#include "test/support/stub_server/http_message.h"

namespace stub_server {

/// plain: records by path, every request has its effect. idempotent: a known Idempotency-Key is answered from memory.
/// lookup: POST /objects makes a record with a fresh id each time, GET /objects?field=value lists, /objects/ID is one.
enum class Mode { plain, idempotent, lookup };

struct Settings {
  Mode mode = Mode::plain;
  std::int64_t latency_ms = 0;
  double fail_rate = 0;  ///< share answered 503 before anything is applied
  double cut_rate = 0;   ///< share of writes applied and then cut without an answer
  std::uint64_t seed = 1;
};

/// Throws std::runtime_error for a name that is none.
Mode mode_of(std::string_view name);

class Behaviour {
 public:
  Behaviour(const Settings& settings, EffectLog& log);
  Answer answer(const Request& request);
  const Settings& settings() const { return settings_; }

 private:
  struct Remembered {
    std::string body;
    Answer answer;
  };
  struct Counts {
    std::int64_t requests = 0, effects = 0, replays = 0, conflicts = 0, failed = 0, cut = 0;
  };
  using Collection = std::map<std::int64_t, boost::json::object>;

  Answer control(const Request& request);
  Answer write(const Request& request);
  Answer write_by_path(const Request& request);
  Answer write_object(const Request& request);
  Answer read(const Request& request) const;
  Answer read_objects(const Request& request) const;
  bool happens(double rate);
  void effect(const Request& request, std::string_view id);

  Settings settings_;
  EffectLog& log_;
  std::mt19937_64 random_;
  Counts counts_;
  std::unordered_map<std::string, std::string> records_;
  std::unordered_map<std::string, Remembered> remembered_;
  std::map<std::string, Collection, std::less<>> collections_;
  std::int64_t last_id_ = 0;
};

}  // namespace stub_server
