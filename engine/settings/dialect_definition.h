// config/dialects/*.yaml: what is particular to a database, as data. The keys of the YAML are the names of these members,
// with `dialect:` for the name; an instance's own `dialects/` folder goes before the shipped one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/model/layout.h"

namespace engine::settings {

/// What a person must know before trusting this database or driver; shown by `inspect`, and by `check` where an option is missing.
struct DriverTrap {
  std::string text;
  std::string driver;              ///< part of the driver's file name in lower case; empty: any
  std::vector<std::string> types;  ///< only for tables with a column whose source type starts so, in lower case; empty: any
  std::string without;             ///< only while the connection string does not set this key
};

/// How tables of such a database are written.
struct DialectWriting {
  /// Sent once after connecting, instead of the dialect's own `session`.
  std::vector<std::string> session;
  /// Goes before the dialect's own `connect_options`.
  std::map<std::string, std::string> connect_options;
  /// One statement that inserts or updates by the match columns; empty: UPDATE, then INSERT where that found nothing. {table},
  /// {columns}, {values}, {set}, {match} (the match columns), {on}, {given} and {named} are lists put together from those below.
  std::string upsert;
  std::string set;            ///< one item of {set}: "{column} = EXCLUDED.{column}"
  std::string value = "?";    ///< one item of {values}; {type} is the column's declared type
  bool any_unique_key = false;  ///< `upsert` finds a row by any unique index, not by the match columns alone
  bool wide_text = false;     ///< text that is bound as VARCHAR loses what the server's code page lacks
  /// By source type name: what stands for the parameter marker where the server does not convert text by itself.
  std::map<std::string, std::string> parameters;
  /// Regular expressions over messages; the first group is the column that a value was refused for.
  std::vector<std::string> blamed_column;
};

/// A question whose one text stays the same while nothing that can be seen changes: a proof as `model::Source::probe` gives them.
struct DialectProbe {
  /// Gives the text; NULL, or no row, proves nothing just now. {schema} and {name} are the table's, bound as parameters (an empty text: not given);
  /// a statement that holds them is not asked for a `query`.
  std::string sql;
  /// The text may move so long before what moved it can be seen: only one that was the same for this time proves anything.
  std::int64_t settles_ms = 0;
};

/// How a server computes one text over all rows of a range that differs when they do.
struct DialectChecksum {
  std::string rows;    ///< an aggregate over {columns}; empty: the server has none that could be trusted
  std::string column = "{column}";  ///< one item of {columns}
  std::map<std::string, std::string> columns;  ///< the same by source type name or canonical type
};

/// How such a database logs, by triggers, which rows of a table changed. The log has the columns id (a number that grows), table_name,
/// operation, row_key, transaction_id, changed_ms (milliseconds since 1970, UTC), changed_by and client. Statements may hold {log},
/// {log_place} (its schema with the dot behind it, or nothing), {source} (the table as `from:` writes it), {source_place}, {source_text}
/// (inside quotes), {table} (the name of its definition, inside quotes), {name} (what the table's triggers are called, or begin with),
/// {old_key} and {new_key} (the row's key before and after, as text).
struct DialectChangeLog {
  std::string proved;  ///< where it was run; shown before it is applied
  std::vector<std::string> log;         ///< makes the log unless it is there; empty: this dialect has no change log
  std::vector<std::string> triggers;    ///< makes or renews those of one table, and ends with an entry without a row_key: all is to be read
  std::vector<std::string> no_triggers; ///< removes them, and nothing else; they need not be there
  std::vector<std::string> no_log;      ///< removes the log
  std::string grant;                    ///< lets {reader} read and delete entries
  std::string installed;                ///< gives one row while all triggers of the table are there and enabled
  std::size_t name_max = 30;            ///< characters of a trigger's name, its ending included
  bool in_transaction = false;          ///< the database can take back a CREATE

  std::string old_row = "OLD.";
  std::string new_row = "NEW.";
  std::string key_part;                 ///< one part of a key in which ~ and | are written ~0 and ~1; {text} is the part as text
  std::string key = "{parts}";          ///< all of them
  std::string key_join;                 ///< stands between two parts, which are parted by |
  std::string part_text;                ///< {column} as text, exactly as it is read
  std::map<std::string, std::string> key_text;  ///< the same by source type name or canonical type; then the dialect's `select`, then `part_text`

  std::vector<std::string> session;     ///< sent once on the connection that deletes entries
  std::string failing;                  ///< what the ERP's users see when a trigger fails
  std::vector<std::string> unseen;      ///< what changes rows without a trace in the log
};

struct DialectDefinition {
  std::string name;
  std::string about;
  /// What of it was run against a real server, and what stands here by the vendor's documentation alone.
  std::string proved;
  std::string quote_open = "\"";
  std::string quote_close = "\"";
  /// How a statement is limited: "{sql} LIMIT {n}", "{sql} FETCH FIRST {n} ROWS ONLY", or "" (then the reader stops by itself).
  std::string limit = "{sql} FETCH FIRST {n} ROWS ONLY";
  /// Sent once after connecting. These and the options may hold {connect_timeout_s}, {query_timeout_s}, {query_timeout_ms},
  /// {read_timeout_s} (a little longer than the query's).
  std::vector<std::string> session;
  /// Appended to the connection string unless the key is already there: "UseDeclareFetch" → "1".
  std::map<std::string, std::string> connect_options;
  /// Joins `connect_options` on a connection that streams a whole table: one of its own for each such read.
  std::map<std::string, std::string> stream_options;
  /// How a column is selected where its bare name or the driver's own conversion would lose something, by source type name
  /// or canonical type: "timestamp" → "{column}::text". Such a column is read as text and parsed here.
  std::map<std::string, std::string> select;
  /// How the database's clock is asked, by source type name or canonical type of the column that it stamps: a statement that gives
  /// YYYY-MM-DD HH:MM:SS[.f…] as text. {from} is the table.
  std::map<std::string, std::string> now;
  /// Rows that one fetch asks for, at most 1,000. 1 where the driver gains nothing by more.
  int rows_per_fetch = 1000;
  /// A cell longer than its buffer can be read again inside an array of rows (SQLSetPos, SQLGetData). Without it, tables that
  /// hold such columns are read row by row.
  bool reread_in_array = false;
  /// Source type names (lower case, "bool", "tinyint(1)") whose canonical type differs from what the driver describes.
  std::map<std::string, model::ColumnType> types;
  /// The driver does not tell CHAR from VARCHAR: the declared type name is looked at.
  bool char_by_type_name = false;
  /// The driver describes a table from what the connection knew of it before the statement ran, and learns by running it.
  bool describe_twice = false;
  /// A thread reads the next rows while the last ones are compared. Not worth it where the driver has read all of them before the first.
  bool read_ahead = true;
  /// The driver has neither parameters nor an order of rows that could be trusted: tables are read whole, and nothing is asked in SQL.
  bool whole_only = false;
  /// Empty string is NULL (Oracle).
  bool empty_is_null = false;
  /// Vendor codes ("HY018/1927", "HY000/2002", "57P01", "~part of the message") → error codes ("source.unreachable" …), before the SQLSTATE's class.
  std::map<std::string, std::string> errors;
  std::vector<DialectProbe> probes;
  /// Begin and end a transaction that only reads and sees one state of the database; empty: it has none, or none without locks.
  std::vector<std::string> open_view;
  std::vector<std::string> close_view;
  DialectChecksum checksum;
  std::vector<DriverTrap> traps;
  DialectWriting write;
  DialectChangeLog change_log;
  /// What the database keeps by itself that tells which rows changed: "slot", "versions", or nothing.
  std::string own_log;
};

}  // namespace engine::settings
