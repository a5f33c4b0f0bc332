#include "connectors/odbc/asking/standing.h"

#include <fmt/format.h>

#include "connectors/odbc/catalogue/catalogue_call.h"
#include "engine/base/log.h"

namespace connectors::odbc {

using engine::Error;
using engine::ErrorCode;
using engine::model::KeyRange;
using engine::model::SourceKey;
using engine::model::TableRequest;
using engine::model::TableShape;

namespace {

/// Ranges of one statement: few round trips over a slow link, and a plan that a server still makes quickly.
constexpr std::size_t ranges_max = 16;

RangeEnds ends_of(const KeyRange& range) { return {range.after.has_value(), range.up_to.has_value()}; }

/// {schema} and {name} become markers of the parts 0 and 1.
KeyedSql marked(const std::string& text) {
  KeyedSql sql;
  for (std::size_t at = 0; at < text.size();) {
    const bool schema = text.compare(at, 8, "{schema}") == 0;
    if (schema || text.compare(at, 6, "{name}") == 0) {
      sql.markers.push_back({0, schema ? 0U : 1U});
      sql.text += '?';
      at += schema ? 8 : 6;
    } else {
      sql.text += text[at++];
    }
  }
  return sql;
}

bool is_refusal(const Error& error) { return error.code() == ErrorCode::source_refused || error.code() == ErrorCode::source_schema_changed; }

}  // namespace

std::vector<std::string> Standing::probe(const TableRequest& table) {
  std::vector<std::string> proofs;
  const auto& probes = session_->dialect().probes;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    if (refused_.contains(probes[i].sql)) continue;
    try {
      const auto text = ask(probes[i].sql, table);
      // What a connection counts for itself says nothing to the next one.
      if (text && has_settled(probes[i], table, *text)) proofs.push_back(fmt::format("{}:{}:{}", session_->number(), i, *text));
    } catch (const Error& error) {
      if (!is_refusal(error)) throw;
      refused_.insert(probes[i].sql);
      engine::log_event(engine::LogLevel::warning, "source.probe_refused",
                        {{"connection", session_->connection().name}, {"statement", probes[i].sql}, {"message", error.what()}});
    }
  }
  return proofs;
}

bool Standing::has_settled(const engine::settings::DialectProbe& probe, const TableRequest& table, const std::string& text) {
  if (probe.settles_ms == 0) return true;
  const auto now = std::chrono::steady_clock::now();
  Heard& heard = heard_[{probe.sql, table.from + "\n" + table.query}];
  if (heard.text != text) heard = {text, now};
  return now - heard.since >= std::chrono::milliseconds(probe.settles_ms);
}

std::optional<std::string> Standing::ask(const std::string& question, const TableRequest& table) {
  KeyedSql sql = marked(question);
  SourceKey names;
  if (!sql.markers.empty()) {
    if (!table.query.empty()) return std::nullopt;
    TableName name = split_table_name(table.from, session_->dialect(), session_->name_case());
    // What is said of this database proves nothing of another one.
    if (!name.catalog.empty()) return std::nullopt;
    names.parts = {std::move(name.schema), std::move(name.table)};
  }
  const auto rows = queries_.run(std::move(sql), 1, {&names, 1});
  return rows.empty() ? std::nullopt : rows[0][0];
}

std::optional<std::vector<std::string>> Standing::checksums(const TableRequest& table, const TableShape& shape, std::span<const KeyRange> ranges) {
  const std::string identity = table.from + "\n" + table.query;
  if (session_->dialect().checksum.rows.empty() || refused_.contains(identity)) return std::nullopt;
  std::vector<std::string> sums;
  try {
    const std::string& condition = session_->dialect().checksum.condition;
    if (!condition.empty() && !ask(condition, table)) return std::nullopt;
    for (; !ranges.empty(); ranges = ranges.subspan(std::min(ranges_max, ranges.size()))) {
      sum(table, shape, ranges.first(std::min(ranges_max, ranges.size())), sums);
    }
  } catch (const Error& error) {
    if (!is_refusal(error)) throw;
    refused_.insert(identity);
    engine::log_event(engine::LogLevel::warning, "source.checksum_refused",
                      {{"connection", session_->connection().name}, {"table", table.from}, {"message", error.what()},
                       {"hint", "its rows are read instead; `segments: false` in its `capture:` ends the question"}});
    return std::nullopt;
  }
  return sums;
}

void Standing::sum(const TableRequest& table, const TableShape& shape, std::span<const KeyRange> ranges, std::vector<std::string>& into) {
  std::vector<RangeEnds> ends;
  std::vector<SourceKey> keys;
  for (const KeyRange& range : ranges) {
    ends.push_back(ends_of(range));
    if (range.after) keys.push_back(*range.after);
    if (range.up_to) keys.push_back(*range.up_to);
  }
  KeyedSql sql = StatementText(table, session_->dialect()).checksums(shape.layout, ends);
  const ReadPlan plan = plan_read(shape.layout, session_->dialect(), session_->connection().char_padding, session_->getdata_of_bound(), false);
  const auto rows = queries_.run(std::move(sql), 2, keys, key_plan(plan, shape.layout));
  std::vector<std::string> sums(ranges.size());
  std::size_t given = 0;
  for (const auto& row : rows) {
    const std::size_t number = row[0] ? static_cast<std::size_t>(std::stoul(*row[0])) : ranges.size();
    if (number >= ranges.size()) break;
    sums[number] = row[1].value_or("");
    ++given;
  }
  if (given != ranges.size()) {
    throw Error(ErrorCode::source_bad_data, fmt::format("the server gave {} checksums for {} ranges of {}", given, ranges.size(), table.from));
  }
  into.insert(into.end(), sums.begin(), sums.end());
}

}  // namespace connectors::odbc
