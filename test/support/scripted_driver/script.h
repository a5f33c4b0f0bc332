// What a scripted database holds: read from a JSON file that a test replaces for each step.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace scripted {

/// What a server refuses with.
struct Refusal : std::runtime_error {
  Refusal(std::string sqlstate, int native_code, const std::string& message) : std::runtime_error(message), state(std::move(sqlstate)), native(native_code) {}
  std::string state;
  int native = 0;
};

using Cell = std::optional<std::string>;

struct Column {
  std::string name;
  std::string type;  ///< as declared, without its length: "varchar"
  short code = 0;    ///< SQL_VARCHAR …
  unsigned long size = 0;
  short scale = 0;
  bool nullable = true;
};

/// A value that is compared with a column of each row.
struct Comparison {
  std::string column;
  std::string by;  ///< = < > <= >= in, or "not in"
};

struct Failure {
  std::string state, message;
  int native = 0;
  std::string name, by;  ///< only for statements that bind such a value; empty: for all
  std::vector<std::string> values;
};

struct Relation {
  std::vector<std::string> of;  ///< words that a statement on it has
  bool is_table = false;        ///< the catalogue lists it
  std::vector<Column> columns;
  std::vector<std::string> key;
  std::map<std::string, Comparison> arguments;  ///< by name in capitals
  std::vector<std::vector<Cell>> rows;
  std::optional<Failure> fails;

  /// Case does not matter. Null pointer: it has none.
  const Column* find(std::string_view name) const;
};

struct Script {
  std::string dbms;
  bool upper_names = false;  ///< names that are not quoted are kept in capitals
  std::vector<Relation> relations;
};

/// The file as it is now. Throws Refusal 08001 where there is none: a database that cannot be reached.
std::shared_ptr<const Script> load_script(const std::string& path);

std::string upper(std::string_view text);
/// Compares as numbers where both are, else as texts without trailing blanks.
bool compares(const std::string& left, std::string_view by, const std::string& right);

}  // namespace scripted
