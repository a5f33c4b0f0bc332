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
  /// With it what it covers is held, so that nothing goes between the two. False when it was paused already: who paused first, and why, stays.
  bool put(const Pause& pause);
  /// With it what no other pause covers is let go. False when it was not paused.
  bool remove(PauseKind kind, const std::string& name, std::int64_t now_ms);

  /// Does a pause cover what this pipeline sends to this connection?
  bool covers(const std::string& pipeline, const std::string& connection);

  /// Holds the pending deliveries that a pause covers under the reason `paused`; what is in flight ends. Returns how many.
  std::int64_t hold_covered(std::int64_t now_ms);
  /// What `hold_covered` held, and no pause covers, is pending again.
  std::int64_t release_uncovered(std::int64_t now_ms);

 private:
  /// Those that a pause of themselves or of the instance covers, or those that none does.
  std::vector<std::int64_t> pipelines(bool covered);

  Connection& connection_;
};

}  // namespace engine::journal
