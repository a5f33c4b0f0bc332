// What a person has stopped, until a person lets it go on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace engine::journal {

class Connection;

enum class PauseKind : std::uint8_t { instance, connection, table, pipeline };
std::string_view name_of(PauseKind kind);

struct Pause {
  PauseKind kind = PauseKind::pipeline;
  std::string name;  ///< empty for the instance
  std::string actor;
  std::string reason;
  std::int64_t since_ms = 0;
};

class Pauses {
 public:
  explicit Pauses(Connection& connection) : connection_(connection) {}

  std::vector<Pause> all();
  /// False when it was paused already: who paused first, and why, stays.
  bool put(const Pause& pause);
  /// False when it was not paused.
  bool remove(PauseKind kind, const std::string& name);

  /// Does a pause cover what this pipeline sends to this connection?
  bool covers(const std::string& pipeline, const std::string& connection);

  /// Holds the pending deliveries of a pipeline under the reason `paused`; what is in flight ends. Returns how many.
  std::int64_t hold(std::int64_t pipeline_id, std::int64_t now_ms);
  /// What `hold` held is pending again.
  std::int64_t release(std::int64_t pipeline_id, std::int64_t now_ms);

 private:
  Connection& connection_;
};

}  // namespace engine::journal
