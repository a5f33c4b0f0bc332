// The keys of `limits`, in a connection and in a target definition.
#include "engine/settings/schema/keys.h"

namespace engine::settings {
namespace {

/// What may be said of a budget's size, several at once: all of them hold.
std::vector<Key> with_sizes(std::vector<Key> keys) {
  const std::vector<Key> sizes{
      {"per_second", KeyType::number, "Requests a second; 0: no limit of ours."},
      {"per_10_seconds", KeyType::number, "Requests in ten seconds."},
      {"per_minute", KeyType::number, "Requests a minute."},
      {"per_hour", KeyType::number, "Requests an hour; counted on after a restart."},
      {"per_day", KeyType::number, "Requests in 24 hours; counted on after a restart."},
      {"requests", KeyType::integer, "Requests, in the time that `in` says."},
      {"in", KeyType::duration, "The time that `requests` stands for."},
      {"every", KeyType::duration, "One request in this time; `burst` may be saved up."},
      {"burst", KeyType::integer, "How many may go at once when nothing went before; without it one."},
      {.name = "window",
       .about = "How the target counts: in any stretch of that length, or by the clock (UTC). What holds for `sliding` holds "
                "for both.",
       .fallback = "sliding",
       .choices = {"sliding", "fixed"}}};
  keys.insert(keys.end(), sizes.begin(), sizes.end());
  return keys;
}

}  // namespace

const Block& answer_value_block() {
  static const Block block{"answer value",
                           "Where an answer says a number.",
                           {{"header", KeyType::text, "A header."},
                            {"json", KeyType::text, "JSON pointer into the answer."},
                            {"matches", KeyType::text, "A regular expression whose first group is the number."}}};
  return block;
}

const Block& usage_block() {
  static const Block block{"usage",
                           "What answers tell of a budget, which others may use, too.",
                           {{"budget", KeyType::text, "Which one; without it the connection's own."},
                            {"remaining", KeyType::block, "How many requests remain.", "", &answer_value_block()},
                            {"used", KeyType::block, "How many were used, of `of`.", "", &answer_value_block()},
                            {"of", KeyType::block, "How many there are in all.", "", &answer_value_block()},
                            {"reset", KeyType::block, "When there are more again.", "", &after_block()},
                            {"wait", KeyType::block, "How long nothing may be sent.", "", &after_block()}}};
  return block;
}

const Block& budget_block() {
  static const Block block{
      "budget",
      "Calls that are counted together.",
      with_sizes({{"object", KeyType::texts, "Of these objects; without it of all."},
                  {"call", KeyType::texts, "Kinds of calls; without it all."},
                  {"per", KeyType::texts,
                   "`match`, `match.x`, `remote_id` or `field.x`: each of its values has a budget of its own; of several, each "
                   "combination."},
                  {"distinct", KeyType::text,
                   "`match`, `match.x` or `field.x`: not requests are counted but its different values, in sliding windows. Each "
                   "call makes its value count anew; counted on after a restart."},
                  {"outside_window", KeyType::boolean,
                   "Only messages to people who may not be written to freely. After a restart all that went out before count.",
                   "false"}})};
  return block;
}

const Block& limits_block() {
  static const Block block{
      "limits",
      "How fast the API may be used. Sizes bound all requests of a connection; `budgets` some of them.",
      with_sizes({{"in_flight", KeyType::integer, "Requests at once: 1 to 1000.", "8"},
                  {"budgets", KeyType::named, "Smaller ones by name.", "", &budget_block()},
                  {"learn", KeyType::list, "What answers tell of what remains.", "", &usage_block()}})};
  return block;
}

}  // namespace engine::settings
