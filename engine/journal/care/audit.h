// Who did what to this instance, when and why.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace engine::journal {

class Connection;

struct AuditEntry {
  std::int64_t id = 0;
  std::int64_t at_ms = 0;
  std::string actor;
  std::string act;      ///< the verb
  std::string request;  ///< JSON
  std::string reason;
  std::string outcome;  ///< JSON
};

class Audit {
 public:
  explicit Audit(Connection& connection) : connection_(connection) {}

  void record(const AuditEntry& entry);
  /// The newest `limit`, in order.
  std::vector<AuditEntry> newest(std::size_t limit);
  /// In order.
  std::vector<AuditEntry> all();
  /// Only for what must be forgotten: else what was asked for and done stays as it was told.
  void rewrite(std::int64_t id, const std::string& request, const std::string& outcome);

 private:
  Connection& connection_;
};

}  // namespace engine::journal
