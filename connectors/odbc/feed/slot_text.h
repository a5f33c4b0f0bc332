// The SQL of logical replication slots, and what a slot says, taken apart. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/odbc/statement_text.h"

namespace connectors::odbc::slot {

/// Markers are parts of key 0: the slot's name, then what each says.
KeyedSql state();                         ///< gives plugin, database is ours, wal_status, confirmed, end of the log, bytes kept, bytes behind
KeyedSql is_gap();                        ///< part 1: our position; one row: the slot is beyond it, or the server's log ends before it
KeyedSql peek(std::size_t tables);        ///< part 1: up to where, then "table NAME: " of each; gives position, transaction, time of a commit, text
/// The same through the plugin wal2json; part 2: the tables, as its option wants them.
KeyedSql peek_json();
KeyedSql advance();                       ///< part 1: the position
KeyedSql drop();
KeyedSql create();                        ///< part 1: the plugin
KeyedSql relation();                      ///< part 0: a table; gives oid, kind, persistence, replica identity, its quoted name, columns of that identity, schema, name
std::string snapshot();
std::string limit_of_server();            ///< gives max_slot_wal_keep_size, as the server says it
/// By the first of them that the server has.
inline constexpr std::string_view plugins[] = {"wal2json", "test_decoding"};
/// For a script: makes the slot unless it is there; removes it if it is.
std::string create_once(const std::string& slot, const std::string& plugin);
std::string drop_once(const std::string& slot);

/// What a slot calls the table's rows by.
std::string prefix_of(const std::string& quoted_name);

struct Cell {
  std::string name;
  std::string type;                  ///< as SQL names it
  std::optional<std::string> value;  ///< none: NULL, or not told
};

struct RowChange {
  std::vector<Cell> before;  ///< the identity of a row that was deleted or has another one now
  std::vector<Cell> after;
};

/// What test_decoding says behind the prefix: "INSERT: id[integer]:1 name[text]:'O''Hara'". Nullopt where it names no row (TRUNCATE, a DELETE without
/// replica identity), or is not understood.
std::optional<RowChange> row_change(std::string_view text);

/// The tables of a TRUNCATE, which stand in one line: "table public.a, public.b: TRUNCATE: (no-flags)"; none for any other line.
std::vector<std::string_view> emptied_tables(std::string_view line);

/// The key in the form of key_text.h, each value as a reader selects it; nullopt when a column is missing or NULL.
std::optional<std::string> key_of(const std::vector<Cell>& cells, const std::vector<std::string>& columns);

/// Which transactions a snapshot sees. A commit is in the write-ahead log before it is visible.
class Visibility {
 public:
  /// As txid_current_snapshot() gives it: "733:740:735,738".
  explicit Visibility(std::string_view snapshot);
  /// By the lower 32 bits of its id, which is what a slot tells.
  bool sees(std::uint32_t transaction) const;

 private:
  std::uint32_t end_ = 0;
  std::set<std::uint32_t> under_way_;
};

}  // namespace connectors::odbc::slot
