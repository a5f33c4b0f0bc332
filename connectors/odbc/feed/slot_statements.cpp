#include "connectors/odbc/feed/slot_statements.h"

#include "connectors/odbc/feed/slot_text.h"

namespace connectors::odbc {

using engine::model::SourceKey;

namespace {
constexpr std::chrono::seconds known_for{60};
}  // namespace

std::vector<TextQuery::Row> SlotStatements::ask(KeyedSql sql, std::size_t columns, std::vector<std::string> values) {
  const SourceKey key{std::move(values)};
  return queries_.run(std::move(sql), columns, {&key, 1});
}

void SlotStatements::stream(KeyedSql sql, std::size_t columns, std::vector<std::string> values, const TextQuery::Take& take) {
  if (!streaming_) streaming_ = std::make_shared<Session>(session_->connection(), session_->dialect(), SessionUse::stream);
  const SourceKey key{std::move(values)};
  try {
    TextQuery(streaming_, std::move(sql), columns).run({&key, 1}, take);
  } catch (...) {
    // A driver that streams is left in odd states by a stream that was not read to its end.
    streaming_.reset();
    throw;
  }
}

const SlotStatements::Relation& SlotStatements::relation(const std::string& from) {
  const auto now = std::chrono::steady_clock::now();
  Known& known = relations_[from];
  if (!known.relation.oid.empty() && now - known.asked < known_for) return known.relation;
  known = {{}, now};
  const auto rows = ask(slot::relation(), 8, {from});
  if (rows.empty()) return known.relation;
  const TextQuery::Row& row = rows[0];
  known.relation = {row[0].value_or(""), row[1].value_or(""), row[2].value_or(""), row[3].value_or(""), row[4].value_or(""), row[6].value_or(""), row[7].value_or(""), {}};
  for (std::string_view rest = row[5] ? std::string_view(*row[5]) : std::string_view(); !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    known.relation.identity_columns.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return known.relation;
}

}  // namespace connectors::odbc
