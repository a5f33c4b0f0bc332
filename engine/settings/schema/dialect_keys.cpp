// The keys of dialects/*.yaml that say how the database logs its changes.
#include "engine/settings/schema/keys.h"

namespace engine::settings {

const Block& dialect_change_log_block() {
  static const Block block{
      "change log",
      "How the database logs by triggers which rows change. Statements may hold {log} {log_place} {source} {source_place} {source_text} "
      "{table} {name} {old_key} {new_key}.",
      {{"proved", KeyType::text, "Where it was run."},
       {"log", KeyType::texts, "Statements that make the log unless it is there."},
       {"triggers", KeyType::texts, "Statements that make or renew a table's triggers; the last logs an entry without a row_key."},
       {"no_triggers", KeyType::texts, "Statements that remove them."},
       {"no_log", KeyType::texts, "Statements that remove the log."},
       {"grant", KeyType::text, "Lets {reader} read and delete entries."},
       {"installed", KeyType::text, "A SELECT that gives a row while all triggers of a table are there and enabled."},
       {"name_max", KeyType::integer, "Characters of a trigger's name.", "30"},
       {"in_transaction", KeyType::boolean, "The database can take back a CREATE.", "false"},
       {"tells_transaction", KeyType::boolean, "Triggers fill transaction_id.", "false"},
       {"old_row", KeyType::text, "What stands before a column of the row as it was.", "OLD."},
       {"new_row", KeyType::text, "What stands before a column of the row as it is.", "NEW."},
       {"key_part", KeyType::text, "A part of the key with ~ and | written as ~0 and ~1; {text} is the part."},
       {"key", KeyType::text, "The whole key, with {parts}.", "\"{parts}\""},
       {"key_join", KeyType::text, "What joins two parts with a | between them."},
       {"part_text", KeyType::text, "{column} as the text that is read."},
       {"key_text", KeyType::text_map, "The same for columns of a type, before the dialect's `select`."},
       {"session", KeyType::texts, "Statements sent on the connection that deletes entries."},
       {"failing", KeyType::text, "What users see when a trigger fails."},
       {"unseen", KeyType::texts, "What changes rows without a trace in the log."}}};
  return block;
}

const Block& dialect_history_block() {
  static const Block block{
      "history",
      "How the database is asked what it knows by itself of the changes behind a mark. Statements may hold {source} {source_text} {source_place} {table} {since} {until}.",
      {{"proved", KeyType::text, "Where it was run."},
       {"enabled_by", KeyType::texts, "Statements that switch it on: shown, never run."},
       {"installed", KeyType::text, "A SELECT that gives a row while it is kept for the table."},
       {.name = "mark", .about = "A SELECT of the mark as it is now, and of the oldest from which the history is whole (or NULL).", .required = true},
       {.name = "mark_type", .about = "How a mark is bound.", .fallback = "integer", .choices = {"integer", "decimal"}},
       {"last_change_only", KeyType::boolean, "Of a row that two transactions changed only the last change is told.", "false"},
       {"count", KeyType::text, "A SELECT of the number of entries behind {since}, where that is cheap."},
       {.name = "changes", .about = "A SELECT of {key}, mark, transaction, milliseconds, user behind {since}, sorted, {n} from {offset} on.", .required = true},
       {"lost", KeyType::texts, "Errors (\"HY000/1555\", \"~part of the message\") that say that it does not go back so far."},
       {"remarks", KeyType::texts, "SELECTs of a text each that `check` shows, or of no row."}}};
  return block;
}

const Block& dialect_journal_block() {
  static const Block block{
      "journal",
      "How the journal of a file is read, for `by: journal`. Statements may hold {schema} {name} {library} {file} {journal_library} {journal} {receiver_library} "
      "{receiver} {first} {last}, which are bound.",
      {{"proved", KeyType::text, "Where it was run."},
       {"enabled_by", KeyType::texts, "Commands that switch it on: shown, never run."},
       {.name = "file", .about = "A SELECT of library, file, library of the journal, journal.", .required = true},
       {.name = "receivers", .about = "A SELECT of library, receiver, status, first and last sequence number, seconds since it was detached, oldest first.", .required = true},
       {"readable", KeyType::texts, "Statuses of receivers that can be read."},
       {.name = "entries", .about = "A SELECT of the file's entries: sequence number, code, type, place, commit cycle, milliseconds, user.", .required = true},
       {.name = "commits", .about = "A SELECT of the ends of transactions: sequence number, commit cycle.", .required = true},
       {.name = "rows", .about = "A SELECT of {key} and place of the rows at {places}.", .required = true},
       {.name = "all_rows", .about = "The same of all rows.", .required = true},
       {"hints", KeyType::texts, "Entries about one row, as CODE.TYPE."},
       {"appearing", KeyType::texts, "Those that put a row where none stood."},
       {"ignored", KeyType::texts, "Those that say nothing new; after any other all rows are read."},
       {"lost", KeyType::texts, "Errors that say that a receiver is gone."},
       {"remarks", KeyType::texts, "SELECTs of a text each that `check` shows, or of no row."}}};
  return block;
}

}  // namespace engine::settings
