#include "connectors/odbc/feed/slot_text.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "connectors/odbc/log/key_text.h"

namespace connectors::odbc::slot {

namespace {

/// Statements in which each ? is the next part.
KeyedSql numbered(std::string text) {
  KeyedSql sql{std::move(text), {}, {}};
  const auto markers = std::count(sql.text.begin(), sql.text.end(), '?');
  for (std::ptrdiff_t part = 0; part < markers; ++part) sql.markers.push_back({0, static_cast<std::size_t>(part)});
  return sql;
}

std::uint32_t transaction_of(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return static_cast<std::uint32_t>(number);
}

bool same_name(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

/// Reads a line of test_decoding from left to right.
class Line {
 public:
  explicit Line(std::string_view text) : rest_(text) {}

  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool is_at_end() const { return rest_.empty(); }

  /// name[type]:value and the blank behind it. False: that is not what comes.
  bool take_cell(Cell& cell) {
    if (!take_name(cell.name) || !take("[")) return false;
    const std::size_t end = rest_.find("]:");
    if (end == std::string_view::npos) return false;
    cell.type = rest_.substr(0, end);
    rest_.remove_prefix(end + 2);
    if (!take_value(cell.value)) return false;
    take(" ");
    return true;
  }

 private:
  bool take_name(std::string& name) {
    if (rest_.starts_with('"')) return take_quoted('"', name);
    const std::size_t end = rest_.find('[');
    if (end == std::string_view::npos) return false;
    name = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return true;
  }

  bool take_value(std::optional<std::string>& value) {
    if (take("B'")) rest_ = {rest_.data() - 1, rest_.size() + 1};  // a bit string is its digits
    if (rest_.starts_with('\'')) return take_quoted('\'', value.emplace());
    const std::string_view bare = rest_.substr(0, rest_.find(' '));
    rest_.remove_prefix(bare.size());
    if (bare == "null" || bare == "unchanged-toast-datum") value.reset();
    else value = bare;
    return !bare.empty();
  }

  /// With a quote inside written twice.
  bool take_quoted(char quote, std::string& text) {
    text.clear();
    for (std::size_t at = 1; at < rest_.size(); ++at) {
      if (rest_[at] != quote) {
        text += rest_[at];
      } else if (at + 1 < rest_.size() && rest_[at + 1] == quote) {
        text += rest_[at++];
      } else {
        rest_.remove_prefix(at + 1);
        return true;
      }
    }
    return false;
  }

  std::string_view rest_;
};

/// As the dialect's reader selects it, where the server's own text differs.
std::string as_read(const Cell& cell) {
  std::string_view text = *cell.value;
  if (cell.type == "boolean") return text == "true" ? "1" : "0";
  if (cell.type == "bytea" && text.starts_with("\\x")) text.remove_prefix(2);
  if (cell.type.ends_with("with time zone") && text.ends_with("+00")) text.remove_suffix(3);
  return std::string(text);
}

}  // namespace

KeyedSql state() {
  return numbered(
      "SELECT plugin, CASE WHEN database = current_database() THEN 1 ELSE 0 END, wal_status, confirmed_flush_lsn::text, pg_current_wal_flush_lsn()::text,"
      " pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint, pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint"
      " FROM pg_replication_slots WHERE slot_type = 'logical' AND slot_name = ?::text::name");
}

KeyedSql is_gap() {
  KeyedSql sql = numbered(
      "SELECT 1 FROM pg_replication_slots WHERE slot_name = ?::text::name AND (confirmed_flush_lsn > ?::text::pg_lsn OR pg_current_wal_lsn() < ?::text::pg_lsn)");
  sql.markers.back().part = 1;
  return sql;
}

KeyedSql peek(std::size_t tables) {
  // Commits come behind their rows, and tell the position to confirm.
  std::string wanted = "starts_with(data, 'COMMIT ') OR strpos(data, ': TRUNCATE:') > 0";
  for (std::size_t table = 0; table < tables; ++table) wanted += " OR starts_with(data, ?::text)";
  return numbered(fmt::format(
      "SELECT lsn::text, xid::text, CASE WHEN starts_with(data, 'COMMIT ') THEN"
      " (extract(epoch FROM substring(data FROM ' .at (.*).$')::timestamptz) * 1000)::bigint END, data"
      " FROM pg_logical_slot_peek_changes(?::text::name, ?::text::pg_lsn, NULL, 'include-timestamp', 'on', 'skip-empty-xacts', 'on') WHERE {}",
      wanted));
}

KeyedSql peek_json() {
  return numbered(
      "SELECT lsn::text, xid::text, CASE WHEN starts_with(data, '{\"action\":\"C\"') THEN (extract(epoch FROM (data::json ->> 'timestamp')::timestamptz) * 1000)::bigint"
      " END, data FROM pg_logical_slot_peek_changes(?::text::name, ?::text::pg_lsn, NULL, 'format-version', '2', 'include-timestamp', 'on', 'add-tables', ?::text)"
      " WHERE NOT starts_with(data, '{\"action\":\"B\"')");
}

KeyedSql advance() { return numbered("SELECT end_lsn::text FROM pg_replication_slot_advance(?::text::name, ?::text::pg_lsn)"); }

KeyedSql drop() { return numbered("SELECT pg_drop_replication_slot(slot_name)::text FROM pg_replication_slots WHERE slot_name = ?::text::name"); }

KeyedSql create() { return numbered("SELECT lsn::text FROM pg_create_logical_replication_slot(?::text::name, ?::text::name)"); }

KeyedSql relation() {
  return numbered(
      "SELECT c.oid::text, CASE WHEN EXISTS (SELECT 1 FROM pg_inherits WHERE inhparent = c.oid) THEN 'p' ELSE c.relkind::text END, c.relpersistence::text, c.relreplident::text, quote_ident(n.nspname) || '.' || quote_ident(c.relname),"
      " (SELECT string_agg(a.attname, chr(10)) FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)"
      " WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END),"
      " n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(?::text)");
}

std::string snapshot() { return "SELECT txid_current_snapshot()::text"; }

std::string limit_of_server() { return "SELECT setting FROM pg_settings WHERE name = 'max_slot_wal_keep_size'"; }

std::string create_once(const std::string& slot, const std::string& plugin) {
  return fmt::format("SELECT pg_create_logical_replication_slot('{0}', '{1}') WHERE NOT EXISTS (SELECT 1 FROM pg_replication_slots WHERE slot_name = '{0}')", slot,
                     plugin);
}

std::string drop_once(const std::string& slot) {
  return fmt::format("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '{}'", slot);
}

std::string prefix_of(const std::string& quoted_name) { return "table " + quoted_name + ": "; }

std::optional<RowChange> row_change(std::string_view text) {
  Line line(text);
  RowChange change;
  std::vector<Cell>* cells = &change.after;
  if (line.take("DELETE: ")) cells = &change.before;
  else if (!line.take("INSERT: ") && !line.take("UPDATE: ")) return std::nullopt;
  if (line.take("old-key: ")) cells = &change.before;
  while (!line.is_at_end()) {
    if (line.take("new-tuple: ")) cells = &change.after;
    if (!line.take_cell(cells->emplace_back())) return std::nullopt;
  }
  return change;
}

std::vector<std::string_view> emptied_tables(std::string_view line) {
  std::vector<std::string_view> tables;
  const std::size_t end = line.find(": TRUNCATE:");
  if (end == std::string_view::npos || !line.starts_with("table ")) return tables;
  for (std::string_view rest = line.substr(6, end - 6); !rest.empty();) {
    const std::size_t comma = std::min(rest.find(", "), rest.size());
    tables.push_back(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 2, rest.size()));
  }
  return tables;
}

std::optional<std::string> key_of(const std::vector<Cell>& cells, const std::vector<std::string>& columns) {
  std::vector<std::string> parts;
  for (const std::string& column : columns) {
    const auto cell = std::ranges::find_if(cells, [&](const Cell& each) { return same_name(each.name, column); });
    if (cell == cells.end() || !cell->value) return std::nullopt;
    parts.push_back(as_read(*cell));
  }
  return text_of_key(parts);
}

Visibility::Visibility(std::string_view snapshot) {
  const std::size_t first = snapshot.find(':');
  const std::size_t second = snapshot.find(':', first + 1);
  end_ = transaction_of(snapshot.substr(first + 1, second - first - 1));
  for (std::string_view rest = snapshot.substr(second + 1); !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    under_way_.insert(transaction_of(rest.substr(0, comma)));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
}

bool Visibility::sees(std::uint32_t transaction) const {
  // Ids go round: what lies less than half of them behind is older.
  return static_cast<std::int32_t>(transaction - end_) < 0 && !under_way_.contains(transaction);
}

}  // namespace connectors::odbc::slot
