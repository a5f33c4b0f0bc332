// How a table stands at the server, asked without reading its rows: the dialect's probes and checksums.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "connectors/odbc/text_query.h"
#include "engine/model/source.h"

namespace connectors::odbc {

/// Belongs to one connection, and ends before it.
class Standing {
 public:
  explicit Standing(std::shared_ptr<Session> session) : session_(std::move(session)), queries_(session_) {}

  /// As `model::Source::probe`. One that the server refuses is told once and left out.
  std::vector<std::string> probe(const engine::model::TableRequest& table);
  /// As `model::Source::checksums`. None of a table that the dialect's condition leaves out; one whose checksum the server refuses has none from then on, told once.
  std::optional<std::vector<std::string>> checksums(const engine::model::TableRequest& table, const engine::model::TableShape& shape,
                                                    std::span<const engine::model::KeyRange> ranges);

 private:
  std::optional<std::string> ask(const std::string& question, const engine::model::TableRequest& table);
  bool has_settled(const engine::settings::DialectProbe& probe, const engine::model::TableRequest& table, const std::string& text);
  void sum(const engine::model::TableRequest& table, const engine::model::TableShape& shape,
           std::span<const engine::model::KeyRange> ranges, std::vector<std::string>& into);

  std::shared_ptr<Session> session_;
  TextQueries queries_;
  struct Heard {
    std::string text;
    std::chrono::steady_clock::time_point since;
  };
  std::map<std::pair<std::string, std::string>, Heard> heard_;  ///< by probe and table
  std::set<std::string> refused_;                              ///< probes, and tables without checksums
};

}  // namespace connectors::odbc
