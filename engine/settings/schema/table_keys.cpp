// The keys of tables/*.yaml and pipelines/*/pipeline.yaml.
#include "engine/settings/schema/keys.h"

namespace engine::settings {

const Block& capture_block() {
  static const Block block{
      "capture",
      "How changes of the table are found, and how often.",
      {{.name = "mode",
        .about = "`diff` compares all rows with the last images. `watermark` reads those whose `column` has grown, and all rows at times. "
                 "`tail` reads the rows that the source's change log names.",
        .fallback = "diff",
        .choices = {"diff", "watermark", "tail"}},
       {"every", KeyType::duration, "The wait from the end of one reading to the next; for `tail` 200ms unless it is said here.", "5s"},
       {"full_every", KeyType::duration, "How often all rows are read, whatever spares the reading meanwhile; `watermark`: 6h, `tail`: 24h.", "1h"},
       {"probe", KeyType::boolean, "Nothing is read while the database proves that nothing changed, where its dialect can.", "true"},
       {"segments", KeyType::boolean,
        "Ranges of keys are compared by checksums of the database before they are read, where its dialect can.", "true"},
       {"chunk_rows", KeyType::integer, "Rows in one read by key.", "10000"},
       {"column", KeyType::texts, "`watermark`: the column that grows with each change, or several: a row is read when any of them has grown. Of a nested table: `lines.ts_mod`."},
       {"overlap", KeyType::duration, "`watermark`, `by: versions`: how far behind the last cycle times are read again: longer than any transaction.", "10m"},
       {"overlap_ids", KeyType::integer, "`watermark`: how far below the highest value counters are read again.", "1000"},
       {.name = "by",
        .about = "`tail`: what tells which rows changed. `triggers` fill a table of the source; `slot` is a logical replication slot of PostgreSQL; "
                 "`versions` is the history of a system-versioned table of MariaDB.",
        .fallback = "triggers",
        .choices = {"triggers", "slot", "versions"}},
       {"log", KeyType::text, "`tail`: the table of the source that triggers fill, or the name of the slot; `datapicker change-log` makes it."},
       {"log_rows_max", KeyType::integer, "`tail`: a longer log is emptied, and all rows are read instead.", "1000000"},
       {"log_bytes_max", KeyType::size, "`by: slot`: when the server keeps more than this for the slot, it is made anew and all rows are read.", "4GB"}}};
  return block;
}

const Block& document_part_block() {
  static const Block block{
      "document",
      "One table of a document: its `root`, or one whose rows belong to rows of another, under a name of its own.",
      {{"from", KeyType::text, "The table or view, as SQL names it. Either this or `query`."},
       {"query", KeyType::sql, "One SELECT. Either this or `from`."},
       {.name = "key", .type = KeyType::texts, .about = "The columns that tell its rows apart.", .required = true},
       {"exclude", KeyType::texts, "Columns that are not read."},
       {"parent", KeyType::text_map, "Its columns that hold the key of the row it belongs to: `{ numprev: numprev }`, its column first."},
       {"of", KeyType::text, "The nested table to whose rows its rows belong.", "root"}}};
  return block;
}

const Block& table_block() {
  static const Block block{
      "table",
      "tables/NAME.yaml: a table or query that is watched, read once for all pipelines.",
      {{.name = "table", .about = "Its name here.", .required = true},
       {"use", KeyType::texts, "Fragments that are laid under this file."},
       {"for_each", KeyType::anything,
        "`{ company: [A01, A02] }`: a table of each value, called NAME_A01; ${company} is replaced, and company leads the key."},
       {"renamed_from", KeyType::text, "The name that it had: what the journal knows of it is kept."},
       {.name = "connection", .about = "The source it is read from.", .required = true},
       {"from", KeyType::text, "The table or view, as SQL names it. Either this or `query`."},
       {"query", KeyType::sql, "One SELECT, read as a whole. Either this or `from`."},
       {"key", KeyType::texts, "The columns that tell rows apart. `none`: all of them do, and equal rows are counted; for `mode: diff`."},
       {"exclude", KeyType::texts, "Columns that are not read."},
       {"document", KeyType::named,
        "A record with its lines, from several tables: `root`, and each nested table by its name. In the place of `from`, `query`, `key` and `exclude`.",
        "", &document_part_block()},
       {"capture", KeyType::block, "How changes are found, and how often.", "", &capture_block()},
       {.name = "initial",
        .about = "What the first reading does: it records what is there without sending it, or delivers all.",
        .fallback = "baseline",
        .choices = {"baseline", "deliver"}},
       {"unchanged_identity", KeyType::texts,
        "Columns by which a row is known again whose key changed: its record at a target stays the same one, instead of being deleted and made anew."},
       {.name = "on_lookup_change", .about = "What follows when a looked-up row changes.", .later = true}}};
  return block;
}

const Block& enumeration_block() {
  static const Block block{
      "values",
      "A field translated by a table of values.",
      {{"of", KeyType::sql, "What is looked up.", "", nullptr, {}, true},
       {"in", KeyType::constants, "Text to constant: \"01\" is not 1.", "", nullptr, {}, true},
       {"otherwise", KeyType::anything, "For what is not in it: dead_letter, null or a constant.", "dead_letter"}}};
  return block;
}

const Block& on_delete_block() {
  static const Block block{
      "on_delete",
      "A row that goes changes its record instead of removing it.",
      {{"update", KeyType::constants, "The fields that say so.", "", nullptr, {}, true}}};
  return block;
}

const Block& comment_block() {
  static const Block block{"comment",
                           "A comment at the record when something happens.",
                           {{"when", KeyType::sql, "The condition.", "", nullptr, {}, true},
                            {"text", KeyType::sql, "Its text.", "", nullptr, {}, true}}};
  return block;
}

const Block& target_use_block() {
  static const Block block{
      "target",
      "Which records of which object, and what becomes of them when the row goes.",
      {{.name = "connection", .about = "The target that is written.", .required = true},
       {.name = "object", .about = "The kind of record there.", .required = true},
       {"match", KeyType::fields, "How a row's record is found again: fields and expressions. Messages need none."},
       {.name = "mode",
        .about = "Records are made and changed; only made, so that one that is there is left alone; or only changed.",
        .fallback = "upsert",
        .choices = {"upsert", "create_only", "update_only"}},
       {.name = "updates",
        .about = "An update carries the fields that differ, or all. Without it what the target's own update carries.",
        .choices = {"changed", "whole"}},
       {"associations", KeyType::fields,
        "Relations of the record, by the names that the target gives them, and the other record's id: remote_id(…)."},
       {.name = "on_delete",
        .about = "What follows when the row goes or leaves `where`; for messages `ignore`.",
        .fallback = "delete",
        .block = &on_delete_block(),
        .choices = {"delete", "archive", "resolve", "ignore"}},
       {"comment", KeyType::block, "A comment at the record.", "", &comment_block()}}};
  return block;
}

const Block& pipeline_block() {
  static const Block block{
      "pipeline",
      "pipelines/NAME/pipeline.yaml: from a table's rows to a target's records.",
      {{.name = "pipeline", .about = "Its name, as its folder's.", .required = true},
       {"use", KeyType::texts, "Fragments that are laid under this file."},
       {"for_each", KeyType::anything,
        "`{ company: [A01, A02] }`: a pipeline of each value, called NAME_A01; ${company} is replaced."},
       {"renamed_from", KeyType::text, "The name that it had: what the journal knows of it is kept."},
       {.name = "table", .about = "The table whose rows are mapped.", .required = true},
       {"depends_on", KeyType::texts,
        "Pipelines whose records come first: those that remote_id() names. Deletes go the other way round."},
       {"wait_for_parent", KeyType::duration, "How long a record waits for one that it refers to; then it is a dead letter.", "1h"},
       {"where", KeyType::sql, "Which rows belong at the target."},
       {"map", KeyType::fields, "Fields and their SQL expressions. A dotted field nests."},
       {"set", KeyType::constants, "Fields and their constants, as YAML."},
       {.name = "values", .type = KeyType::named, .about = "Fields translated by a table of values.",
        .block = &enumeration_block()},
       {"types", KeyType::text_map,
        "What a text is sent as: `number` where its digits are one, `json` where it is a list or an object, `text` where it looks like JSON and is none."},
       {.name = "nulls", .about = "NULL is sent as null, or its field left out.", .fallback = "send", .choices = {"send", "omit"}},
       {.name = "deliver",
        .about = "The newest state of a record; each change (messages); or all changes of a transaction of the source at once.",
        .fallback = "latest",
        .choices = {"latest", "every_change", "together"}},
       {"together_max", KeyType::integer, "With `deliver: together`: a transaction that changes more rows goes row by row, and says so.", "100"},
       {"valid_for", KeyType::duration, "What waited longer is not sent any more."},
       {.name = "on_dead",
        .about = "After a delivery that is given up, the record's next one goes on, or waits for a person.",
        .fallback = "continue",
        .choices = {"continue", "stop_lane"}},
       {.name = "priority",
        .about = "Whose deliveries go first where a target takes fewer than there are; low ones still get a share.",
        .fallback = "normal",
        .choices = {"high", "normal", "low"}},
       {.name = "owner",
        .about = "`rows`: no record gets rows of two pipelines, so several may write the same fields.",
        .choices = {"rows"}},
       {.name = "target", .type = KeyType::block, .about = "Where it is written.", .block = &target_use_block(), .required = true},
       {"guard", KeyType::block, "What must not leave unseen.", "", &guard_block()},
       {.name = "on_lookup_change", .about = "What follows when a looked-up row changes.", .later = true}}};
  return block;
}

}  // namespace engine::settings
