#include "engine/operate/explain/declared_codes.h"

namespace engine::operate {

std::span<const ExplainedCode> live_codes() {
  static constexpr ExplainedCode codes[] = {
      {"connection.option_missing", "The driver has a known trap, and the connection string does not set the option that avoids it.", not_looked_at,
       "Add the option that the message names to `odbc:`."},
      {"connection.time_zone", "A table holds times without a zone, and the connection does not say which zone they have.", not_looked_at,
       "Write `time_zone:`; `Etc/UTC` says that UTC is right."},
      {"guard.condition", "A query of `hold_while` cannot be run: it names what is not there, or may not be read.",
       "Keeps the records back, for at most the condition's `at_most`.", "Correct the query; values of the row are written `:column`."},
      {"table.permission", "The source's user may not read the table.", "Shows the table as refused, and tries again every 5 minutes.",
       "Let the table's owner run the GRANT that the message names."},
      {"table.unknown", "The source has no table of this name, or hides it from this user.", "Shows the table as refused, and tries again every 5 minutes.",
       "Take the name that the message offers; `datapicker inspect CONNECTION` lists the tables. Names in another case need quotes."},
      {"table.unknown_column", "`key:`, `exclude:` or a watermark's `column:` names a column that the table does not have.", "Shows the table as refused, and tries again every 5 minutes.",
       "Take the name that the message offers."},
      {"table.document_whole", "A document of tables that are only read whole: its lines cannot be asked for by its key.", refuses_whole,
       "Read each of its tables as a table of its own."},
      {"table.key_not_indexed", "No index leads with the key, so that the table cannot be read in chunks.",
       "Reads the table as a whole in each cycle, in one stream.", "Let an index be made on the key's columns, or read the table less often."},
      {"table.change_log", "A table with `mode: tail` has no change log that can be used: no triggers, no slot, a log of the database that is not switched on, or no right to read it or to delete entries.",
       "Shows the table as refused, and tries again every 5 minutes.",
       "Run `datapicker change-log install`, as somebody who may make triggers; grant SELECT and DELETE on the log. Of logs that the database keeps the message says how they are switched on."},
      {"table.log_limit", "The log that a table is read by has a limit: how far back it goes, what makes it forget, what it cannot tell.",
       "Reads on. When the log does not go back far enough, all rows are read, and `capture.log_lost` says so.",
       "Let it be kept for longer than Datapicker may be down, as far as the message says how."},
      {"table.key_null", "Rows have NULL in a column of the key.", "Stops the table with source.bad_data when it meets the row.",
       "Choose columns that are never NULL, or leave such rows out with `query:`."},
      {"table.key_not_unique", "Rows share one key.", "Stops the table with source.bad_data when it meets them.",
       "Add the columns that tell them apart; `datapicker inspect` proposes a key."},
      {"pipeline.match_may_be_shared", "The table has no key (`key: none`), and the pipeline's `match` does not tell equal rows apart.",
       "Sends as asked: rows with one match value share a record, which the last one decides.",
       "Match by `row_digest` and `row_number`, or by what is known to be unique; messages need no match."},
      {"table.key_unproved", "No unique index proves the key, and the rows could not be looked at in time.", not_looked_at,
       "Ask who knows the table, or make the index that proves it."},
      {"table.watermark_not_indexed", "No index leads with the column of a watermark.",
       "Reads as asked; the server looks through all rows of the table in each cycle.", "Let an index be made on the column, or read less often."},
      {"table.watermark_null", "The column of a watermark may be NULL.",
       "Sees rows without a value only at the reading of all rows (`full_every`).", "Let it be declared NOT NULL, or name a second column that is never NULL."},
      {"table.watermark_type", "A column cannot be a watermark: it is no date, no time with a date, no integer and no exact decimal.",
       "Shows the table as refused, and tries again every 5 minutes.", "Name another column, cast it by `query:`, or use `mode: diff`."},
      {"target.invalid", "A target's definition or its connection cannot work: a placeholder that does not exist, a bad regular expression.", refuses_whole,
       "The message says where; the folder of the shipped definitions has examples."},
      {"target.no_column", "A pipeline writes a column that the table at an `odbc` target does not have.",
       "Every row of it becomes a dead letter that names the column.", "Take the name that the message offers, or add the column."},
      {"target.no_unique_key", "No unique index of the written table has exactly the columns of `match`.",
       "Looks for each row by an UPDATE, and inserts it where that found none.", "Make the index: it is faster, and keeps others from making a second row."},
      {"target.refused", "The target refused a look-up that changes nothing.", not_looked_at,
       "Check the object's name, the fields under `match:`, and what the user of the credentials may see."},
  };
  return codes;
}

}  // namespace engine::operate
