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

}  // namespace engine::settings
