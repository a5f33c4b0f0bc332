#include "engine/journal/care/audit.h"

#include <algorithm>

#include "engine/journal/connection.h"

namespace engine::journal {

namespace {

std::vector<AuditEntry> entries_of(Statement& row) {
  std::vector<AuditEntry> entries;
  while (row.step()) {
    entries.push_back({.id = row.integer(0),
                       .at_ms = row.integer(1),
                       .actor = std::string(row.text(2)),
                       .act = std::string(row.text(3)),
                       .request = std::string(row.text(4)),
                       .reason = std::string(row.text(5)),
                       .outcome = std::string(row.text(6))});
  }
  return entries;
}

}  // namespace

void Audit::record(const AuditEntry& entry) {
  connection_.prepare("INSERT INTO audit (at_ms, actor, act, request, reason, outcome) VALUES (?, ?, ?, ?, ?, ?)")
      .bind(1, entry.at_ms)
      .bind(2, entry.actor)
      .bind(3, entry.act)
      .bind(4, entry.request)
      .bind(5, entry.reason)
      .bind(6, entry.outcome)
      .run();
}

std::vector<AuditEntry> Audit::newest(std::size_t limit) {
  Statement row = connection_.prepare(
      "SELECT id, at_ms, actor, act, request, reason, outcome FROM audit ORDER BY id DESC LIMIT ?");
  row.bind(1, static_cast<std::int64_t>(limit));
  std::vector<AuditEntry> entries = entries_of(row);
  std::reverse(entries.begin(), entries.end());
  return entries;
}

std::vector<AuditEntry> Audit::all() {
  Statement row = connection_.prepare("SELECT id, at_ms, actor, act, request, reason, outcome FROM audit ORDER BY id");
  return entries_of(row);
}

void Audit::rewrite(std::int64_t id, const std::string& request, const std::string& outcome) {
  connection_.prepare("UPDATE audit SET request = ?2, outcome = ?3 WHERE id = ?1").bind(1, id).bind(2, request).bind(3, outcome).run();
}

}  // namespace engine::journal
