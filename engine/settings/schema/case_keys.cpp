// The keys of pipelines/*/cases/*.yaml.
#include "engine/settings/schema/keys.h"

namespace engine::settings {

const Block& expected_request_block() {
  static const Block block{"expected request",
                           "A request that the target gets.",
                           {{.name = "method", .about = "Its method.", .required = true},
                            {.name = "path", .about = "Behind the connection's url.", .required = true},
                            {"headers", KeyType::anything, "Headers that it has."},
                            {"body", KeyType::anything, "What its body holds; more is allowed, unless `exact`."},
                            {"exact", KeyType::boolean, "The body holds nothing else.", "false"}}};
  return block;
}

const Block& expected_delivery_block() {
  static const Block block{"expected delivery",
                           "A delivery in this state; its key alone may stand for it.",
                           {{"key", KeyType::anything, "The row's key: a value, or a list of them."},
                            {"reason", KeyType::text, "A part of the reason."}}};
  return block;
}

const Block& expected_last_sent_block() {
  static const Block block{"expected last_sent",
                           "What is known to be at the target for a row.",
                           {{"key", KeyType::anything, "The row's key: a value, or a list of them."},
                            {"live", KeyType::boolean, "The record is there."},
                            {"fields", KeyType::anything, "What it holds; more is allowed, unless `exact`."},
                            {"exact", KeyType::boolean, "It holds nothing else.", "false"}}};
  return block;
}

const Block& expected_anomaly_block() {
  static const Block block{"expected anomaly",
                           "Something that a guard found unusual.",
                           {{"kind", KeyType::text, "mass_change, or \"rule: \" or \"hold_while: \" and its name."},
                            {"state", KeyType::text, "How it stands in the end: open, released, rejected or healed."},
                            {"held", KeyType::integer, "How many deliveries it holds in the end."},
                            {"text", KeyType::text, "A part of what the operator reads."}}};
  return block;
}

const Block& counted_states_block() {
  static const Block block{"counted deliveries",
                           "How many deliveries end in each state.",
                           {{"pending", KeyType::integer}, {"held", KeyType::integer}, {"in_flight", KeyType::integer},
                            {"uncertain", KeyType::integer}, {"delivered", KeyType::integer}, {"skipped", KeyType::integer},
                            {"superseded", KeyType::integer}, {"suppressed", KeyType::integer}, {"dropped", KeyType::integer},
                            {"expired", KeyType::integer}, {"rejected", KeyType::integer}, {"dead", KeyType::integer},
                            {"healed", KeyType::integer}}};
  return block;
}

const Block& counted_changes_block() {
  static const Block block{"counted changes",
                           "How many changes of each kind are found.",
                           {{"insert", KeyType::integer}, {"update", KeyType::integer}, {"delete", KeyType::integer},
                            {"snapshot", KeyType::integer}}};
  return block;
}

const Block& expectation_block() {
  static const Block block{
      "then",
      "What holds at the end.",
      {{"requests", KeyType::list, "The requests that write, all of them.", "", &expected_request_block()},
       {"reads", KeyType::list, "The requests that only read.", "", &expected_request_block()},
       {"in_order", KeyType::boolean, "They come in this order.", "false"},
       {"deliveries", KeyType::block, "How many deliveries end in each state.", "", &counted_states_block()},
       {"changes", KeyType::block, "How many changes of each kind are found.", "", &counted_changes_block()},
       {"dead_letters", KeyType::anything, "Deliveries that were given up: keys, or maps of key and reason."},
       {"skipped", KeyType::anything, "Those equal to what was last sent."},
       {"uncertain", KeyType::anything, "Those whose answer was lost."},
       {"superseded", KeyType::anything, "Those replaced by a newer one."},
       {"expired", KeyType::anything, "Those too old to be sent."},
       {"pending", KeyType::anything, "Those that wait."},
       {"held", KeyType::anything, "Those kept back."},
       {"suppressed", KeyType::anything, "Those that must not be sent."},
       {"last_sent", KeyType::list, "What is known to be at the target.", "", &expected_last_sent_block()},
       {"anomalies", KeyType::list, "What guards found, all of it.", "", &expected_anomaly_block()}}};
  return block;
}

const Block& case_answer_block() {
  static const Block block{"case answer",
                           "What the target answers.",
                           {{"status", KeyType::integer, "Its status: 100 to 599.", "200"},
                            {"headers", KeyType::text_map, "Its headers."},
                            {"body", KeyType::anything, "Its body: a text, or YAML given as JSON."}}};
  return block;
}

const Block& case_block() {
  static const Block block{
      "case",
      "pipelines/NAME/cases/*.yaml: what a pipeline does with some rows, proved by `datapicker test`.",
      {{.name = "case", .about = "A sentence that says what holds.", .required = true},
       {"pipeline", KeyType::text, "The pipeline; without it that of the folder."},
       {"at", KeyType::text, "When it happens, in UTC: \"2026-03-01T08:00:00Z\"."},
       {"columns", KeyType::anything, "Types of columns by table, where rows do not tell them."},
       {"given", KeyType::anything, "Rows that are there before, by table."},
       {.name = "when", .type = KeyType::anything, .about = "What happens, step by step.", .required = true},
       {.name = "then", .type = KeyType::block, .about = "What holds at the end.", .block = &expectation_block(),
        .required = true}}};
  return block;
}

}  // namespace engine::settings
