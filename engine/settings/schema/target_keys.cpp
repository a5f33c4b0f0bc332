// The keys of targets/*.yaml and dialects/*.yaml.
#include "engine/settings/schema/keys.h"

namespace engine::settings {
namespace {

/// A request's own keys stand flat beside those of the call, or below `request`.
std::vector<Key> with_request(std::vector<Key> keys) {
  keys.push_back({"request", KeyType::block, "The request, where it is not written flat.", "", &request_block()});
  keys.insert(keys.end(), request_block().keys.begin(), request_block().keys.end());
  for (Key& key : keys) key.required = false;
  return keys;
}

std::vector<Key> calls(const Block& block) {
  return {{"create", KeyType::block, "Makes a record.", "", &block},
          {"update", KeyType::block, "Changes a record that is there.", "", &block},
          {"upsert", KeyType::block, "Makes or changes the record with this match value.", "", &block},
          {"delete", KeyType::block, "Removes a record.", "", &block},
          {"archive", KeyType::block, "Puts a record away.", "", &block},
          {"resolve", KeyType::block, "Closes a record.", "", &block},
          {"comment", KeyType::block, "Adds a comment to a record.", "", &block},
          {"associate", KeyType::block, "Relates a record to another one: {association} is the relation's name, {to} the other's id.", "", &block},
          {"dissociate", KeyType::block, "Ends such a relation.", "", &block}};
}

}  // namespace

const Block& request_block() {
  static const Block block{
      "request",
      "One request. {name} in a path is percent-encoded, in a body a JSON value.",
      {{.name = "method", .about = "Its method.", .choices = {"GET", "POST", "PUT", "PATCH", "DELETE"}, .required = true},
       {.name = "path", .about = "Behind the connection's url, beginning with '/'.", .required = true},
       {"query", KeyType::text_map, "Parameters behind the path."},
       {"headers", KeyType::text_map, "Headers of its own."},
       {"body", KeyType::anything, "What is sent: `fields`, `changed_fields`, or a template of JSON."},
       {"form", KeyType::anything,
        "What is sent instead as application/x-www-form-urlencoded: parameters to texts, `fields`, or templates of JSON."},
       {"gone", KeyType::statuses, "Statuses of a delete that mean: it was not there any more."},
       {"absent", KeyType::statuses, "Statuses of a find that mean: there is no such record."}}};
  return block;
}

const Block& marker_block() {
  static const Block block{
      "marker",
      "How a comment is found again whose answer was lost.",
      {{.name = "find", .type = KeyType::anything, .about = "The path, or the request, that shows a record's comments.",
        .required = true}}};
  return block;
}

const Block& window_block() {
  static const Block block{
      "window",
      "Messages: how long a person may be written to freely after his own last message.",
      {{.name = "of", .about = "The field that holds the recipient.", .required = true},
       {.name = "open_for", .type = KeyType::duration, .about = "How long it stays open.", .required = true}}};
  return block;
}

const Block& job_block() {
  static const Block block{
      "job",
      "A call that is answered before it is carried out.",
      {{.name = "id", .about = "JSON pointer to the job's name in the answer; {job} stands for it.", .required = true},
       {.name = "request", .type = KeyType::block, .about = "Asks how it goes.", .block = &request_block(), .required = true},
       {"every", KeyType::duration, "How often.", "2s"},
       {"at_most", KeyType::duration, "How long it may take; after that it is looked up what became of it.", "10m"},
       {.name = "done", .type = KeyType::block, .about = "What its answer says when it ended.", .block = &json_condition_block(),
        .required = true},
       {"failed", KeyType::block, "What its answer says when it failed as a whole.", "", &json_condition_block()},
       {.name = "failed_class",
        .about = "What such a failure means: nothing was applied, or that is not known.",
        .fallback = "uncertain",
        .choices = {"permanent", "uncertain"}},
       {"remote_id", KeyType::text, "Of one record: JSON pointer to its id in the last answer."}}};
  return block;
}

const Block& call_block() {
  static const Block block{
      "call",
      "A kind of call: its request, flat or below `request`, and what its answer tells.",
      with_request({{.name = "as",
                     .about = "Done by another kind of call, with the fields of `set` alone.",
                     .choices = {"create", "update", "upsert", "delete", "archive", "resolve", "comment", "associate", "dissociate"}},
                    {"id", KeyType::text, "JSON pointer to the record's id in the answer."},
                    {"job", KeyType::block, "The call is answered with a job.", "", &job_block()},
                    {"repeat_safe", KeyType::boolean, "Sending it twice does no harm."},
                    {.name = "read_back",
                     .about = "Whether the record is read after it was written.",
                     .fallback = "never",
                     .choices = {"never", "always"}},
                    {"set", KeyType::constants, "Fields that it adds."},
                    {"marker", KeyType::block, "Of `comment`: how it is found again.", "", &marker_block()}})};
  return block;
}

const Block& pages_block() {
  static const Block block{
      "pages",
      "How a list that comes in pages goes on, in one of four ways.",
      {{"next", KeyType::text, "JSON pointer to the next page's address, or `link`: the header Link holds it."},
       {"cursor", KeyType::text, "JSON pointer to what the parameter `put_in` carries for the next page."},
       {"put_in", KeyType::text, "Of `cursor`: the parameter."},
       {"number", KeyType::text, "The parameter that counts pages."},
       {"offset", KeyType::text, "The parameter that counts items."},
       {"from", KeyType::integer, "Of `number`: the first page.", "1"},
       {"size", KeyType::integer, "Of `number` and `offset`: the items of a full page."},
       {"at_most", KeyType::integer, "Pages; where there are more, nothing is proven.", "10"}}};
  return block;
}

const Block& find_block() {
  static const Block block{
      "find",
      "How a record is looked for by its match value.",
      with_request({{"items", KeyType::text, "JSON pointer to the list; without it the answer is the record."},
                    {.name = "id", .about = "JSON pointer to the id inside an item.", .required = true},
                    {.name = "more_than_one",
                     .about = "What follows when several records match.",
                     .fallback = "dead_letter",
                     .choices = {"dead_letter", "take_first"}},
                    {"where", KeyType::text_map,
                     "What must stand in an item, by JSON pointer: of a search that finds more than it was asked for."},
                    {"pages", KeyType::block, "How a list that comes in pages goes on.", "", &pages_block()},
                    {"consistent_after", KeyType::duration, "How long a search lags behind writes.", "0s"}})};
  return block;
}

const Block& field_block() {
  static const Block block{
      "field",
      "What is known of a field, and how its values are written.",
      {{.name = "type",
        .about = "Its kind; a value that cannot be one is a dead letter.",
        .choices = {"text", "integer", "number", "boolean", "date", "datetime", "choices"}},
       {.name = "write",
        .about = "Of dates and times: 2024-01-31T10:20:30Z; the same with .000+0000; milliseconds or seconds since 1970. A time "
                 "without a zone counts as UTC.",
        .fallback = "iso",
        .choices = {"iso", "iso_ms", "epoch_ms", "epoch_s"}},
       {"join", KeyType::text, "Of `choices`: what stands between several; without it they are a list."},
       {"required", KeyType::boolean, "A record cannot be made without it.", "false"},
       {"read_only", KeyType::boolean, "The target sets it; a pipeline that writes it is refused.", "false"}}};
  return block;
}

const Block& read_back_block() {
  static const Block block{
      "read_back",
      "How a record's fields are read.",
      with_request({{"fields", KeyType::text_map, "Where fields stand in the answer, by JSON pointer."},
                    {"write_only", KeyType::texts, "Fields that the target never shows."}})};
  return block;
}

const Block& at_most_block() {
  static const Block block{"at_most",
                           "How much one request may carry.",
                           {{"records", KeyType::integer, "Records.", "100"}, {"bytes", KeyType::size, "Bytes of its body."}}};
  return block;
}

const Block& accounting_block() {
  static const Block block{"accounted_by",
                           "How the answer tells which records were taken: by their order, or by names.",
                           {{"order", KeyType::text, "JSON pointer to a list with one result a record."},
                            {"failed", KeyType::text, "JSON pointer inside a result that is there on failure."},
                            {"taken", KeyType::text, "JSON pointer inside a result that is not there, or false, on failure."},
                            {"index", KeyType::text, "JSON pointer inside a result to the record it speaks of, from 0."},
                            {"status", KeyType::text, "JSON pointer inside a result to an HTTP status of its own."},
                            {"remote_id", KeyType::text, "JSON pointer inside a result to the record's id.", "/id"},
                            {"id", KeyType::text, "Pointer with '*' to the ids of records that were taken."},
                            {"match", KeyType::text, "Pointer with '*' to their match values."},
                            {"done", KeyType::text, "Pointer with '*' to their idempotency keys."},
                            {"trace", KeyType::text, "Pointer with '*' to the idempotency keys of those refused."}}};
  return block;
}

const Block& batch_block() {
  static const Block block{
      "batch",
      "A request that carries many records.",
      with_request({{"record", KeyType::anything, "The JSON of one record."},
                    {"set", KeyType::constants, "Fields that each record gets beside its own."},
                    {"job", KeyType::block, "The call is answered with a job, whose last answer accounts for the records.", "", &job_block()},
                    {"at_most", KeyType::block, "How much one request may carry.", "", &at_most_block()},
                    {"accounted_by", KeyType::block, "Which records were taken.", "", &accounting_block()}})};
  return block;
}

const Block& batches_block() {
  static const Block block{"batches", "Kinds of calls that can carry many records.", calls(batch_block())};
  return block;
}

const Block& object_block() {
  static const Block block = [] {
    Block object{"object", "A kind of record: its calls by their names.", calls(call_block())};
    object.keys.push_back({"find", KeyType::block, "How a record is looked for.", "", &find_block()});
    object.keys.push_back({"read_back", KeyType::block, "How its fields are read.", "", &read_back_block()});
    object.keys.push_back({.name = "values",
                           .about = "`text`: numbers and booleans travel as texts.",
                           .fallback = "typed",
                           .choices = {"typed", "text"}});
    object.keys.push_back({"fields", KeyType::named, "Fields by name, a `*` at the end standing for any rest.", "", &field_block()});
    object.keys.push_back({.name = "other_fields",
                           .about = "`warn`: the list is whole, so that a field not in it is probably misspelt.",
                           .fallback = "accept",
                           .choices = {"accept", "warn"}});
    object.keys.push_back({"window", KeyType::block, "When a person may be written to freely.", "", &window_block()});
    object.keys.push_back({"batch", KeyType::block, "Calls that carry many records.", "", &batches_block()});
    return object;
  }();
  return block;
}

const Block& after_block() {
  static const Block block{"after",
                           "When to try again. A date may stand in the place of a number.",
                           {{"header", KeyType::text, "The header that says it.", "Retry-After"},
                            {"json", KeyType::text, "JSON pointer to what says it."},
                            {"matches", KeyType::text, "A regular expression whose first group says it."},
                            {"unit", KeyType::text,
                             "What one of its numbers stands for, as 1s or 1m; `epoch`, `epoch_ms`: it counts from 1970.", "1s"},
                            {"at_least", KeyType::duration, "The least wait, and the one when the answer says nothing.", "0s"}}};
  return block;
}

const Block& header_condition_block() {
  static const Block block{"header condition",
                           "A header of the answer.",
                           {{.name = "name", .about = "Its name.", .required = true},
                            {"is", KeyType::texts, "One of these texts; without `is` and `matches` it is there, and not empty."},
                            {"matches", KeyType::text, "A regular expression that it fits."}}};
  return block;
}

const Block& json_condition_block() {
  static const Block block{
      "json condition",
      "A value of the answer's JSON; of a batch, of the part about one record.",
      {{.name = "at", .about = "JSON pointer; `*` stands for any item.", .required = true},
       {"is", KeyType::texts, "One of these texts; without `is` and `matches` it is there, and not null, false or empty."},
       {"matches", KeyType::text, "A regular expression that it fits."}}};
  return block;
}

const Block& answer_block() {
  static const Block block{
      "answer",
      "What an answer means; the first rule that fits speaks.",
      {{"call", KeyType::texts, "Kinds of calls; without it all."},
       {"status", KeyType::texts, "Statuses: 404, 500-599 or 5xx; without it all."},
       {"body_matches", KeyType::text, "A regular expression over the body; without it any."},
       {"header", KeyType::block, "A header of the answer; without it any.", "", &header_condition_block()},
       {"json", KeyType::block, "A value of its JSON; without it any.", "", &json_condition_block()},
       {.name = "class",
        .about = "What it means. `throttled`: not now, and no fault of the record.",
        .choices = {"delivered", "duplicate", "partial", "retry", "throttled", "permanent", "missing", "exists", "auth", "uncertain", "window_closed"},
        .required = true},
       {"reason", KeyType::text, "What it means to a person: stands before what the target said."},
       {"budget", KeyType::text, "Of `throttled`: the budget that is used up; without it the whole connection waits."},
       {"after", KeyType::block, "When to try again.", "", &after_block()}}};
  return block;
}

const Block& target_definition_block() {
  static const Block block{
      "target definition",
      "targets/NAME.yaml: an HTTP API as data.",
      {{.name = "target", .about = "Its name, as the file's.", .required = true},
       {"about", KeyType::text, "What it is."},
       {"example", KeyType::text_map,
        "What an integrator writes first, for the page of `targets show`: whole files as blocks of text, `connection` and `pipeline`."},
       {"proved", KeyType::text_map, "How, and with which version, it was tried."},
       {"options", KeyType::text_map, "What a connection may set, with defaults; put in as {{options.name}}."},
       {"headers", KeyType::text_map, "Headers of every request."},
       {"auth", KeyType::block, "How it is entered.", "", &auth_definition_block()},
       {.name = "webhook",
        .about = "What it posts to us: the form of the posts and of their signature.",
        .fallback = "none",
        .choices = {"none", "whatsapp_cloud"}},
       {.name = "nulls", .about = "How a field is cleared.", .fallback = "keep", .choices = {"keep", "empty_text"}},
       {.name = "objects", .type = KeyType::named, .about = "Its kinds of records; \"*\" stands for any.",
        .block = &object_block(), .required = true},
       {"answers", KeyType::list, "What answers mean.", "", &answer_block()},
       {"limits", KeyType::block, "How much the API allows.", "", &limits_block()}}};
  return block;
}

const Block& trap_block() {
  static const Block block{
      "trap",
      "What a driver is known to do wrong; told where it may happen.",
      {{.name = "text", .about = "What happens, and what to do.", .required = true},
       {"driver", KeyType::text, "A part of the driver's file name, in lower case; without it any driver."},
       {"types", KeyType::texts, "Beginnings of source types, in lower case: only tables with such a column."},
       {"without", KeyType::text, "The key of a connection string that keeps it away."}}};
  return block;
}

const Block& probe_block() {
  static const Block block{
      "probe",
      "A statement whose one text stays the same while nothing that can be seen changes.",
      {{.name = "sql", .about = "The statement; NULL proves nothing just now. {schema} and {name} are the table's, as parameters.", .required = true},
       {"settles_after", KeyType::duration,
        "The text may move so long before what moved it can be seen: only one that was the same for this time is a proof.", "0s"}}};
  return block;
}

const Block& dialect_checksum_block() {
  static const Block block{
      "checksum",
      "One text over all rows of a range of keys that differs when they do: what is equal is not read.",
      {{.name = "rows", .about = "An aggregate over the rows, which holds {columns}.", .required = true},
       {"if", KeyType::text,
        "A SELECT that gives a row for a table of which a view shows one state, its checksum included; {schema} and {name} are the table's, as parameters. "
        "Others, and queries, are read without checksums."},
       {"column", KeyType::text, "One item of {columns}.", "{column}"},
       {"columns", KeyType::text_map, "The same by source type: what the column's own text would not tell."}}};
  return block;
}

const Block& dialect_writing_block() {
  static const Block block{
      "writing",
      "How tables of the database are written, where it is a target.",
      {{"session", KeyType::texts, "Statements sent after connecting, instead of the dialect's own `session`."},
       {"connect_options", KeyType::text_map, "What joins the connection string, before the dialect's own."},
       {"upsert", KeyType::text,
        "One statement that inserts or updates: {table} {columns} {values} {set} {match} {on} {given} {named}. Without it an UPDATE, and "
        "an INSERT where that found nothing."},
       {"set", KeyType::text, "One item of {set}, with {column}."},
       {"value", KeyType::text, "One item of {values}; {type} is the column's declared type.", "\"?\""},
       {"any_unique_key", KeyType::boolean, "`upsert` finds a row by any unique index, not by the match columns alone.", "false"},
       {"wide_text", KeyType::boolean, "Text bound as VARCHAR loses what the server's code page lacks.", "false"},
       {"parameters", KeyType::text_map, "What stands for a value's `?`, by source type, where the server converts no text by itself."},
       {"blamed_column", KeyType::texts, "Regular expressions over messages: the first group is the refused column."}}};
  return block;
}

const Block& dialect_block() {
  static const Block block{
      "dialect",
      "dialects/NAME.yaml: what is particular to a database.",
      {{.name = "dialect", .about = "Its name, as the file's.", .required = true},
       {"about", KeyType::text, "What it is."},
       {"proved", KeyType::text, "What of it was run against a real server, and what stands there by documentation alone; `inspect` shows it."},
       {"quote_open", KeyType::text, "What opens a quoted name.", "\""},
       {"quote_close", KeyType::text, "What closes it.", "\""},
       {"limit", KeyType::text, "How a statement is limited, with {sql} and {n}; \"\": the reader stops by itself."},
       {"session", KeyType::texts, "Statements sent after connecting."},
       {"connect_options", KeyType::text_map, "What joins the connection string."},
       {"stream_options", KeyType::text_map, "What joins it where a whole table is read."},
       {"select", KeyType::text_map, "How columns of a type are selected."},
       {"now", KeyType::text_map, "How the database's clock is asked, by type of the column that it stamps; {from} is the table."},
       {"rows_per_fetch", KeyType::integer, "Rows that one fetch asks for: 1 to 1000.", "1000"},
       {"reread_in_array", KeyType::boolean, "A long cell can be read again inside an array of rows.", "false"},
       {"types", KeyType::text_map, "Source types whose canonical type is another than described."},
       {"char_by_type_name", KeyType::boolean, "The driver does not tell CHAR from VARCHAR.", "false"},
       {"describe_twice", KeyType::boolean, "The driver learns of a changed table only by running a statement.", "false"},
       {"whole_only", KeyType::boolean, "No parameters and no order of rows: tables are read whole, and nothing is asked in SQL.", "false"},
       {"cell_by_cell", KeyType::boolean, "Cells are read one by one: what the driver says about bound ones is wrong.", "false"},
       {"text_bytes_max", KeyType::integer, "A longer text was cut by the driver without a word, and is refused; 0: none is cut.", "0"},
       {"statement_bytes_max", KeyType::integer, "The driver cuts longer statements without a word; 0: it does not.", "0"},
       {"unreadable", KeyType::texts, "Source types that the driver cannot read: a column of one has to be excluded."},
       {"row_count", KeyType::text, "The number of rows of {from}: fewer that arrive are no whole table."},
       {"empty_is_null", KeyType::boolean, "The empty string is NULL.", "false"},
       {"errors", KeyType::text_map, "Vendor codes and the errors they mean."},
       {"probes", KeyType::list, "Statements that prove that nothing changed.", "", &probe_block()},
       {"open_view", KeyType::texts, "Statements that begin a transaction which only reads, and sees one state of the database."},
       {"open_view_if", KeyType::text, "A SELECT that gives a row where this database can do so."},
       {"close_view", KeyType::texts, "Statements that end it."},
       {"checksum", KeyType::block, "How the server computes a checksum of rows.", "", &dialect_checksum_block()},
       {"write", KeyType::block, "How tables are written.", "", &dialect_writing_block()},
       {"change_log", KeyType::block, "How the database logs by triggers which rows change.", "", &dialect_change_log_block()},
       {"histories", KeyType::named, "What the database knows by itself of changes: names for `by:` of a table.", "", &dialect_history_block()},
       {"journal", KeyType::block, "How the journal of a file is read.", "", &dialect_journal_block()},
       {.name = "own_log", .about = "What the database keeps by itself that tells which rows changed.", .choices = {"slot", "versions"}},
       {"traps", KeyType::list, "What its drivers are known to do wrong.", "", &trap_block()}}};
  return block;
}

}  // namespace engine::settings
