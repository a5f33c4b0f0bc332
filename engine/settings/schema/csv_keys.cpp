// The keys of connections/*.yaml with `csv`.
#include "engine/settings/schema/keys.h"

namespace engine::settings {

const Block& csv_block() {
  static const Block block{
      "csv connection",
      "connections/NAME.yaml with `csv`: a folder whose files of delimited text are watched; a table's `from` is a file in it.",
      {{.name = "connection", .about = "Its name.", .required = true},
       {"use", KeyType::texts, "Fragments that are laid under this file."},
       {.name = "csv", .about = "The folder, from the root or from the instance's folder.", .required = true},
       {"delimiter", KeyType::text, "What stands between two values: one character, or `tab`.", "\",\""},
       {"encoding", KeyType::text, "The files' encoding, as `iconv --list` names it: UTF-8, WINDOWS-1252, ISO-8859-15, UTF-16.", "UTF-8"},
       {"null_text", KeyType::text, "A value without quotes that is this text is NULL; one in quotes never is.", "\"\""},
       {.name = "final_newline",
        .about = "A last line without its end is half written, and the file is looked at again; or such a line counts.",
        .fallback = "required",
        .choices = {"required", "optional"}},
       {"types", KeyType::text_map, "Columns that are not text: integer, decimal, real, date, time, timestamp; dates as 2026-11-30."},
       {"settle", KeyType::duration, "A file that changed less than this ago is still being written, and is not read.", "2s"},
       {"time_zone", KeyType::text, "The zone of its timestamps, as in Europe/Rome.", "UTC"},
       {"readers", KeyType::integer, "Files read at once: 1 to 32.", "2"}}};
  return block;
}

}  // namespace engine::settings
