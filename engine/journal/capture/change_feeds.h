// What a source's own log said and no table has read yet: it lies between the source, which forgets it, and the tables, which read each at its pace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace engine::journal {

class Connection;

struct ChangeFeed {
  std::string position;  ///< up to which all is kept here; opaque, empty: it is read from wherever the source begins
  std::string tables;    ///< for which it was read: "1:16385 2:16390", the id here and what stood behind the name there
};

struct FedChange {
  std::int64_t id = 0;
  std::int64_t table_id = 0;
  std::optional<std::string> key;  ///< as the source's connector wrote it; none: any row may have changed
  std::optional<std::string> transaction;
  std::optional<std::int64_t> time_ms;
  std::optional<std::string> user;
};

/// Ids are given in the order of commits, so that all up to one can be taken for read.
class ChangeFeeds {
 public:
  explicit ChangeFeeds(Connection& connection) : connection_(connection) {}

  std::optional<ChangeFeed> find(const std::string& connection, const std::string& log);
  void save(const std::string& connection, const std::string& log, const ChangeFeed& feed);

  void add(const FedChange& change);
  struct Waiting {
    std::int64_t changes = 0;
    std::int64_t with_key = 0;
    std::int64_t last_id = 0;
  };
  Waiting waiting(std::int64_t table_id);
  /// Those that name a row, behind an id.
  std::vector<FedChange> page(std::int64_t table_id, std::int64_t after, std::size_t limit);
  void erase(std::int64_t table_id, std::int64_t up_to);
  void erase_without_key(std::int64_t table_id, std::int64_t up_to);

 private:
  Connection& connection_;
};

}  // namespace engine::journal
