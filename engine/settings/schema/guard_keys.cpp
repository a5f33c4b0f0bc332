// The keys of a pipeline's `guard:`.
#include "engine/settings/schema/keys.h"

namespace engine::settings {

const Block& rhythm_block() {
  static const Block block{
      "rhythm",
      "Limits by what the pipeline itself did at this hour in the weeks before.",
      {{.name = "times", .type = KeyType::number, .about = "So often the usual number, and `ignore_below` more, may be touched.", .fallback = "3"},
       {"learn", KeyType::duration, "How long it only watches; at least a week.", "14d"}}};
  return block;
}

const Block& mass_change_block() {
  static const Block block{
      "mass_change",
      "How many records may be touched before a person is asked: a share of those live at the target, a number, or `off`.",
      {{.name = "insert", .about = "Records that would be made: `20%`, `300` or `off`. A table's first snapshot is not counted.", .fallback = "off"},
       {.name = "update", .about = "Records that would be changed.", .fallback = "off"},
       {.name = "delete", .about = "Records that would be taken away: deleted rows, and those that leave `where`.", .fallback = "20%"},
       {"ignore_below", KeyType::integer, "Fewer than these are never held, but for a target that would be emptied.", "50"},
       {"window", KeyType::duration, "What a cycle does is counted together with what was done within this time.", "1h"},
       {.name = "rhythm",
        .type = KeyType::block,
        .about = "What is usual at this hour of the week is learnt, and what is far beyond it held, of each operation above that has no limit of its own; `off`: not.",
        .block = &rhythm_block(),
        .choices = {"off"}}}};
  return block;
}

const Block& rule_block() {
  static const Block block{
      "rule",
      "A condition that every row must meet. One that is NULL is not met; a row that leaves is not asked.",
      {{.name = "name", .about = "What people read when it is not met.", .required = true},
       {.name = "check", .type = KeyType::sql, .about = "The condition, over the row as under `map:`.", .required = true},
       {.name = "action",
        .about = "What becomes of a row that does not meet it: a person decides, it is not sent, or it becomes a dead letter.",
        .fallback = "hold",
        .choices = {"hold", "drop", "dead_letter"}}}};
  return block;
}

const Block& settle_block() {
  static const Block block{
      "settle",
      "A burst of changes of one record goes out as its last state, once it has come to rest.",
      {{.name = "quiet", .type = KeyType::duration, .about = "So long the record must not have changed.", .required = true},
       {"at_most", KeyType::duration, "It goes so long after the first change that waits, quiet or not; without it, ten times `quiet`."}}};
  return block;
}

const Block& flip_flop_block() {
  static const Block block{
      "flip_flop",
      "A record that goes to and fro at the target is held: two systems undo each other, or two jobs.",
      {{"times", KeyType::integer, "It is held when it would come back this often to a state in which it was sent before.", "3"},
       {"within", KeyType::duration, "What was sent longer ago does not count.", "1h"},
       {"ignore", KeyType::texts, "Fields that tell no state apart, such as a time of change."}}};
  return block;
}

const Block& hold_while_block() {
  static const Block block{
      "hold_while",
      "A query at any source. As long as it finds a row, the record is not sent; while it cannot be asked, neither.",
      {{.name = "name", .about = "What people read while a record waits: \"waits while …\".", .required = true},
       {.name = "connection", .about = "A source that is read through ODBC; it need not be the table's own.", .required = true},
       {.name = "query",
        .type = KeyType::sql,
        .about = "A SELECT; whether it finds a row is all that counts. `:column` is the row's value of that column, bound and never pasted.",
        .required = true},
       {.name = "at_most", .type = KeyType::duration, .about = "How long it may keep a record back after it first did.", .required = true},
       {.name = "then", .about = "What follows then, while the query still finds a row: a person decides, or it is sent.", .fallback = "hold", .choices = {"hold", "send"}},
       {"every", KeyType::duration, "How often it is asked again; an answer counts for so long for all records with the same values.", "1m"}}};
  return block;
}

const Block& guard_block() {
  static const Block block{
      "guard",
      "What must not leave unseen.",
      {{.name = "mass_change",
        .type = KeyType::block,
        .about = "Limits on how many records are touched at once; `off` for none.",
        .block = &mass_change_block(),
        .choices = {"off"}},
       {"rules", KeyType::list, "Conditions that a row must meet, in order: the first that is not met decides.", "", &rule_block()},
       {.name = "consent", .about = "Who may be written to.", .later = true},
       {.name = "quiet_hours", .about = "When nobody is written to.", .later = true},
       {"hold_while", KeyType::list, "Conditions under which a record is not sent yet, asked right before it would be.", "", &hold_while_block()},
       {.name = "settle",
        .type = KeyType::duration,
        .about = "A quiet moment of each record is waited for: `30s`, or how long at most as well. Not with `deliver: every_change` or `together`.",
        .fallback = "off",
        .block = &settle_block(),
        .choices = {"off"}},
       {.name = "flip_flop",
        .type = KeyType::integer,
        .about = "Records that go to and fro at the target: how often one may, as `3`, or with a window of time. Not with `deliver: every_change`.",
        .fallback = "off",
        .block = &flip_flop_block(),
        .choices = {"off"}},
       {.name = "drift",
        .type = KeyType::text_map,
        .about = "What becomes of a field that somebody changed at the target after it was sent: `overwrite` (as do fields not named), `keep` (his value stays) or "
                 "`hold` (a person decides). The target's object must have a `read_back`. Not with `deliver: every_change`; `hold` not with `together`."}}};
  return block;
}

}  // namespace engine::settings
