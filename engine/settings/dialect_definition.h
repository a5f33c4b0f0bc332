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
  std::string condition;  ///< gives a row for a table whose checksum and rows are of one state inside a view, with {schema} and {name}; empty: all are
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
  bool tells_transaction = false;       ///< triggers fill transaction_id

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

/// How a database that keeps a history of its tables by itself is asked what changed behind a mark: a number that grows with its commits. Statements
/// may hold what those of a change log may, but for the keys of triggers; {since} and {until} are bound: the mark that was handled, and `mark` as it is now.
struct DialectHistory {
  std::string proved;
  std::vector<std::string> enabled_by;  ///< statements that switch it on: for people
  std::string installed;                ///< gives one row while it is kept for the table
  std::string mark;                     ///< gives the mark now, and the oldest from which the history is whole, or NULL where nobody knows
  model::ColumnType mark_type = model::ColumnType::integer;  ///< as marks are bound
  bool last_change_only = false;        ///< of a row that two transactions changed it names the last
  std::string count;                    ///< gives the number of entries behind {since}; empty: that costs as much as reading them
  /// Gives the entries: {key}, the mark, the transaction, milliseconds since 1970 UTC, the user; the last four may be NULL. Sorted, {n} of them
  /// from {offset} on; {key_order} are the key's names.
  std::string changes;
  std::vector<std::string> lost;        ///< errors that say that it does not go back so far: "HY000/1555", "~part of the message"
  std::vector<std::string> remarks;     ///< each gives a text that `check` shows, or no row
};

/// How the journal of a file is read (Db2 for i): a hint which rows to look at again, since entries stand in it before their commit. Statements hold
/// names that are bound: {schema} {name} of the table, {library} {file} as the system knows it, {journal_library} {journal}, {receiver_library}
/// {receiver}, and {first} {last}, sequence numbers. {source}, {key} and {places} are put in.
struct DialectJournal {
  std::string proved;
  std::vector<std::string> enabled_by;  ///< commands that switch it on: for people
  std::string file;       ///< gives library, file, library of the journal, journal; no row: the file is not journaled
  std::string receivers;  ///< gives library, receiver, status, first and last sequence number, seconds since detached, oldest first
  std::vector<std::string> readable;   ///< statuses of receivers whose entries can be read
  std::string entries;    ///< gives the file's: sequence number, code, type, place, commit cycle (0: none), milliseconds since 1970 UTC, user
  std::string commits;    ///< gives the ends of transactions of all files: sequence number, commit cycle
  std::string rows;       ///< gives {key} and place of the rows that stand at {places}
  std::string all_rows;   ///< the same of all
  std::vector<std::string> hints;      ///< "R.UP": entries about one row
  std::vector<std::string> appearing;  ///< the same that put a row where none stood
  std::vector<std::string> ignored;    ///< entries that say nothing new; any other means that all rows may have changed
  std::vector<std::string> lost;       ///< errors that say that a receiver is gone
  std::vector<std::string> remarks;    ///< each gives a text that `check` shows, or no row
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
  /// The driver has neither parameters nor an order of rows that could be trusted: tables are read whole, and nothing is asked in SQL.
  bool whole_only = false;
  /// The driver reads cells one by one only (SQLGetData): what it says about bound ones is wrong.
  bool cell_by_cell = false;
  /// A longer text was cut by the driver without a word, and is refused; 0: no driver's limit.
  std::size_t text_bytes_max = 0;
  /// The driver cuts longer statements without a word; 0: it does not.
  std::size_t statement_bytes_max = 0;
  /// Source type names (lower case) that the driver cannot read, or dies of: a column of one has to be excluded.
  std::vector<std::string> unreadable;
  /// Gives the number of rows of {from}, for a driver that ends early without an error: fewer are no whole table.
  std::string row_count;
  /// Empty string is NULL (Oracle).
  bool empty_is_null = false;
  /// Vendor codes ("HY018/1927", "HY000/2002", "57P01", "~part of the message") → error codes ("source.unreachable" …), before the SQLSTATE's class.
  std::map<std::string, std::string> errors;
  std::vector<DialectProbe> probes;
  /// Begin and end a transaction that only reads and sees one state of the database; empty: it has none, or none without locks.
  std::vector<std::string> open_view;
  std::string open_view_if;  ///< gives a row where this database can; empty: all can
  std::vector<std::string> close_view;
  DialectChecksum checksum;
  std::vector<DriverTrap> traps;
  DialectWriting write;
  DialectChangeLog change_log;
  /// What the database keeps by itself that tells which rows changed: "slot", "versions", or nothing.
  std::string own_log;
  std::map<std::string, DialectHistory> histories;  ///< by the name that `by:` of a table gives
  DialectJournal journal;                           ///< for `by: journal`; without `file` the database has none

  /// The database keeps such a log by itself: no triggers fill it.
  bool keeps_log(const std::string& log) const { return histories.contains(log) || (log == "journal" && !journal.file.empty()); }
};

}  // namespace engine::settings
