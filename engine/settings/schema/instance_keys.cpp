// The keys of datapicker.yaml and env/*.yaml.
#include "engine/settings/schema/keys.h"

namespace engine::settings {

const Key* Block::find(std::string_view key) const {
  for (const Key& candidate : keys) {
    if (candidate.name == key) return &candidate;
  }
  return nullptr;
}

const Block& retention_block() {
  static const Block block{
      "retention",
      "How long the journal keeps what is finished. What waits, or is left to a person, stays however old it is.",
      {{"days", KeyType::integer, "Days after which finished deliveries and changes go.", "30"},
       {"size", KeyType::size, "Above this the oldest go earlier, as in 10GB; without it only their age counts."}}};
  return block;
}

const Block& journal_block() {
  static const Block block{
      "journal",
      "The journal: one SQLite file that holds every change and its fate.",
      {{"path", KeyType::text, "The file, below the instance's folder or absolute. An environment's journal is another file.",
        "journal.db"},
       {"retention", KeyType::block, "How long, and how much, is kept.", "", &retention_block()}}};
  return block;
}

const Block& default_capture_block() {
  static const Block block{
      "default capture",
      "What `capture` says in tables that do not say it themselves.",
      {{"every", KeyType::duration, "The wait from the end of one reading to the next.", "5s"},
       {.name = "mode", .about = "How changes are found.", .later = true},
       {.name = "full_every", .about = "How often all is read where a mode reads less.", .later = true},
       {.name = "chunk_rows", .about = "Rows in one read.", .later = true},
       {.name = "overlap", .about = "How far a watermark looks back.", .later = true}}};
  return block;
}

const Block& defaults_block() {
  static const Block block{"defaults",
                           "What holds for all tables that do not say otherwise.",
                           {{"capture", KeyType::block, "How tables are read.", "", &default_capture_block()}}};
  return block;
}

const Block& mail_block() {
  static const Block block{
      "mail",
      "A mail for each change of state.",
      {{.name = "to", .type = KeyType::texts, .about = "Who gets it: bare addresses.", .required = true},
       {.name = "from", .about = "Who it comes from.", .required = true},
       {.name = "smtp", .about = "The server: smtp://host:port or smtps://host:port.", .required = true},
       {"user", KeyType::text, "Who logs in; without it nobody does."},
       {"password", KeyType::text, "That user's password; may hold ${secret:name}."},
       {"ca", KeyType::text, "PEM file of the server's authority; without it the system's."}}};
  return block;
}

const Block& webhook_block() {
  static const Block block{
      "webhook",
      "A POST of JSON for each change of state.",
      {{.name = "url", .about = "Where it goes; may hold ${secret:name}.", .required = true},
       {"bearer", KeyType::text, "A token, sent as `Authorization: Bearer …`; may hold ${secret:name}."},
       {"ca", KeyType::text, "PEM file of the server's authority; without it the system's."}}};
  return block;
}

const Block& alert_block() {
  static const Block block{"alert",
                           "One way to be told.",
                           {{"mail", KeyType::block, "By mail.", "", &mail_block()},
                            {"webhook", KeyType::block, "By a POST.", "", &webhook_block()}}};
  return block;
}

const Block& listen_block() {
  static const Block block{
      "listen",
      "Addresses at which the daemon serves HTTP. Nothing listens without them.",
      {{"webhooks", KeyType::address, "Where targets post to, through a reverse proxy with TLS: host:port."},
       {.name = "console", .type = KeyType::address, .about = "The web console.", .later = true}}};
  return block;
}

const Block& instance_block() {
  static const Block block{
      "instance",
      "datapicker.yaml: the instance as a whole.",
      {{.name = "instance", .about = "Its name: letters, digits, '_' and '-'.", .required = true},
       {"journal", KeyType::block, "Where everything is remembered.", "", &journal_block()},
       {"metrics", KeyType::address, "Where Prometheus finds the metrics: host:port. None without it."},
       {"defaults", KeyType::block, "What holds for all tables.", "", &defaults_block()},
       {"variables", KeyType::text_map, "Texts that any file may use as ${var:name}."},
       {"listen", KeyType::block, "Addresses at which the daemon serves HTTP.", "", &listen_block()},
       {"alerts", KeyType::list, "Who is told when the state of something changes.", "", &alert_block()}}};
  return block;
}

const Block& environment_block() {
  static const Block block{
      "environment",
      "env/NAME.yaml: what `--env NAME` has otherwise than production.",
      {{"environment", KeyType::text, "Its name, as the file's."},
       {"connections", KeyType::anything,
        "By name: what is laid over connections. `auth` is replaced as a whole; `target` replaces the whole connection."},
       {"tables", KeyType::anything, "By name: `capture` with `every`, `full_every`, `chunk_rows`."},
       {"pipelines", KeyType::anything, "By name: constants below `set`."},
       {"journal", KeyType::block, "Another file than production's.", "", &journal_block()},
       {"metrics", KeyType::address, "Where Prometheus finds the metrics."},
       {"defaults", KeyType::block, "What holds for all tables.", "", &defaults_block()},
       {"variables", KeyType::text_map, "Texts that replace those of datapicker.yaml, or join them."},
       {"listen", KeyType::block, "Addresses at which the daemon serves HTTP.", "", &listen_block()},
       {"alerts", KeyType::list, "Who is told when the state of something changes.", "", &alert_block()}}};
  return block;
}

}  // namespace engine::settings
