#include "engine/operate/explain/declared_codes.h"

namespace engine::operate {

std::span<const ExplainedCode> yaml_codes() {
  static constexpr ExplainedCode codes[] = {
      {"yaml.syntax", "The file is no YAML: an indentation, a quote or a bracket is wrong.", refuses_whole,
       "Look at the place, and at the line before it; SQL that starts with a quote is quoted as a whole or written as `|-`."},
      {"yaml.tab", "A tab indents a line; YAML knows blanks only.", refuses_whole, "Replace it by blanks."},
      {"yaml.encoding", "A byte of the file is not UTF-8.", refuses_whole, "Save the file as UTF-8."},
      {"yaml.limit", "The document is nested too deep or grows too large through aliases.", refuses_whole, "Write it out more simply."},
      {"key.unknown", "A key that means nothing here.", refuses_whole, "Take the name that the message offers, or remove it."},
      {"key.missing", "A key that must be there is not.", refuses_whole, "Add it."},
      {"key.duplicate", "A key stands twice in one map; YAML parsers would silently drop one.", refuses_whole, "Keep one of them."},
      {"key.conflict", "Two keys contradict each other.", refuses_whole, "Keep one of them."},
      {"value.type", "A value of the wrong kind, such as a list where a text belongs.", refuses_whole, "Write the kind that the message names."},
      {"value.missing", "A key without a value, or a list without items.", refuses_whole, "Give it a value, or remove the key."},
      {"value.unknown", "A value that is none of the possible ones.", refuses_whole, "Take one of those that the message lists."},
      {"value.range", "A number outside of its limits.", refuses_whole, "Take one within them."},
      {"value.duration", "A duration that cannot be read.", refuses_whole, "Write a number and its unit: 100ms, 5s, 10m, 1h or 2d."},
      {"value.size", "A size that cannot be read.", refuses_whole, "Write a whole number and its unit: 512B, 10KB, 1MB or 10GB."},
      {"value.address", "No address to listen on.", refuses_whole, "Write host:port, as in 127.0.0.1:9420."},
      {"value.name", "A name with characters that names and fields cannot have.", refuses_whole,
       "Letters, digits, '_' and '-'; fields may be dotted."},
      {"value.leading_zero", "A constant with leading zeros is a number: the zeros are lost.", only_warns, "Quote it: \"007\"."},
      {"value.quotes_kept", "A constant under `set:` is no SQL: its quotes would be sent.", only_warns, "Remove the quotes."},
      {"name.duplicate", "Two tables, pipelines or connections have one name.", refuses_whole, "Rename one of them."},
      {"name.mismatch", "A file or folder is not called what it defines.", refuses_whole, "Rename one of both."},
      {"reference.unknown", "A name that nothing has: a table, a connection, a variable, an option.", refuses_whole,
       "Take the name that the message offers, or define it."},
      {"file.missing", "A file that the configuration names is not there.", refuses_whole, "Create it, or correct its path."},
      {"file.unreadable", "A file that cannot be read.", refuses_whole, "Check its permissions."},
      {"file.misplaced", "A file stands where nobody looks for it.", refuses_whole, "Move it as the message says."},
      {"field.twice", "A field is written by two of `map:`, `set:` and `values:`.", refuses_whole, "Keep one of them."},
      {"field.double", "A field is given twice, or is a value and a group of fields at once.", refuses_whole, "Rename or remove one of them."},
      {"field.nested", "A dotted field stands inside a field that is a value itself.", refuses_whole, "Rename one of them."},
      {"field.two_writers", "Two pipelines write the same field of the same object: the last one would win, at random.", refuses_whole,
       "Let one of them write it, or say `owner: rows` where no target record has rows of both."},
      {"secret.missing", "A secret that a connection names is nowhere.", refuses_whole,
       "Give it as a systemd credential, as the file secrets/NAME (0600), or as DATAPICKER_SECRET_NAME."},
      {"secret.permissions", "A secret's file can be read by others.", refuses_whole, "chmod 600 the file."},
      {"secret.name", "No name that a secret can have.", refuses_whole, "Letters, digits, '_', '-' and '.'."},
      {"secret.misplaced", "A `${secret:…}` stands where it would be kept and shown.", refuses_whole, "Secrets belong into connections: `odbc`, `url`, `auth`, `sign`."},
      {"secret.in_clear", "A password stands in the YAML itself.", only_warns, "Put it into secrets/ and write `${secret:name}`."},
      {"target.lacks", "The target's definition has no such object, or cannot do this with it.", refuses_whole,
       "`datapicker inspect CONNECTION` lists what it can."},
      {"feature.not_yet", "A key of the grammar that this version does not carry out.", refuses_whole,
       "Remove it: ignoring it would let you believe in a protection that is not there."},
  };
  return codes;
}

}  // namespace engine::operate
