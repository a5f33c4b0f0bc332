// What people rejected: held again when it comes again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace engine::journal {

class Connection;

/// What a person rejected of a record: the fields that differed from what was last sent, another match value, or that it should be gone.
struct Rejection {
  std::int64_t anomaly_id = 0;
  bool present = true;
  std::string fields;  ///< flat JSON
  std::optional<std::string> match{};  ///< flat JSON; none: it was to keep the one it has
};

/// Asked for whenever a delivery is planned, so it costs nothing while nobody has rejected anything: the writer remembers that. A reader
/// asks each time.
class Rejections {
 public:
  explicit Rejections(Connection& connection) : connection_(connection) {}

  std::optional<Rejection> of(std::int64_t pipeline_id, const std::string& key);
  /// In the place of what was rejected of the record before.
  void put(std::int64_t pipeline_id, const std::string& key, const Rejection& rejection);
  void forget(std::int64_t pipeline_id, const std::string& key);

 private:
  bool may_be_any();

  Connection& connection_;
  std::optional<bool> any_;  ///< asked once, before the first is written here; what is forgotten does not unset it
};

}  // namespace engine::journal
