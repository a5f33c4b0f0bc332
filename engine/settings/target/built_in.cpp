#include "engine/settings/target/built_in.h"

#include <fmt/format.h>

#include <algorithm>

namespace engine::settings {
namespace {

using model::CallKind;

/// Rows that are only appended need a column by which one whose answer was lost is found again.
std::map<std::string, WrittenTable> read_tables(const YamlNode& value, Diagnostics& diagnostics) {
  std::map<std::string, WrittenTable> tables;
  if (!value.is_map()) refuse_kind(value, "'tables'", "a map of tables", diagnostics);
  for (const YamlEntry& entry : value.entries()) {
    MapReader reader(entry.value, written_table_block(), "the table " + entry.key, diagnostics);
    WrittenTable table;
    table.appends = reader.one_of("mode", false, {{"upsert", false}, {"append", true}});
    table.idempotency_column = reader.text("idempotency_column");
    table.operation_column = reader.text("operation_column");
    reader.finish();
    if (table.appends && table.idempotency_column.empty()) {
      diagnostics.error("key.missing", entry.origin,
                        fmt::format("the table {} is appended to without an 'idempotency_column'", entry.key),
                        "name a text column of 100 characters, best with a unique index: a row whose answer was lost is found again by it");
    }
    if (!table.appends && !(table.idempotency_column.empty() && table.operation_column.empty())) {
      diagnostics.error("key.conflict", entry.origin,
                        fmt::format("the table {} is not appended to: it needs no column for keys or operations", entry.key),
                        "say 'mode: append', or remove the column");
    }
    tables.emplace(entry.key, std::move(table));
  }
  return tables;
}

void read_database(MapReader& reader, const SecretLookup& secrets, TargetConnection& connection) {
  DatabaseTarget& database = connection.database;
  reader.required_text("odbc");
  const YamlNode* odbc = reader.node().find("odbc");
  if (odbc != nullptr && odbc->is_scalar()) database.odbc = secrets.secret(*odbc, reader.diagnostics());
  database.dialect.name = reader.text("dialect", "generic");
  database.writers = static_cast<int>(reader.integer("writers", database.writers, 1, 16));
  database.connect_timeout_ms = reader.duration_ms("connect_timeout", database.connect_timeout_ms, 1'000);
  if (const YamlNode* tables = reader.take("tables")) database.tables = read_tables(*tables, reader.diagnostics());
}

void read_envelope(MapReader& reader, EnvelopeOptions& envelope) {
  envelope.debezium = reader.one_of("envelope", false, {{"plain", false}, {"debezium", true}});
}

/// `properties:` may hold secrets: passwords of librdkafka stand there.
void read_kafka(MapReader& reader, const SecretLookup& secrets, TargetConnection& connection) {
  StreamTarget& stream = connection.stream;
  stream.servers = reader.required_text("servers");
  stream.subject = reader.text("topic", "{object}");
  for (const auto& [name, value] : reader.text_map("properties")) {
    stream.properties[name] = secrets.filled(*reader.node().find("properties")->find(name), reader.diagnostics());
  }
  read_envelope(reader, connection.envelope);
  connection.envelope.tombstones = reader.boolean("tombstones", false);
}

void read_nats(MapReader& reader, TargetConnection& connection) {
  connection.stream.servers = reader.required_text("servers");
  connection.stream.subject = reader.text("subject", "{object}");
  read_envelope(reader, connection.envelope);
}

}  // namespace

const std::vector<std::string>& built_in_targets() {
  static const std::vector<std::string> names{"file", "kafka", "nats", "odbc"};
  return names;
}

bool is_built_in(const std::string& target) {
  return std::find(built_in_targets().begin(), built_in_targets().end(), target) != built_in_targets().end();
}

TargetDefinition built_in_definition(const std::string& target) {
  TargetDefinition definition;
  definition.name = target;
  ObjectDefinition any;
  any.name = "*";
  any.calls[CallKind::upsert];
  any.calls[CallKind::delete_];
  if (target == "odbc") {
    definition.about = "Tables of a database, written through ODBC";
    any.calls[CallKind::create];
    any.calls[CallKind::update];
  } else {
    definition.about = target == "file" ? "JSON lines appended to a file"
                       : target == "nats" ? "Messages on a JetStream of NATS"
                                          : "Messages on a topic of Kafka";
    for (const CallKind kind : {CallKind::archive, CallKind::resolve, CallKind::comment}) any.calls[kind];
  }
  definition.objects["*"] = std::move(any);
  return definition;
}

void read_built_in(MapReader& reader, const std::string& target, const std::filesystem::path& folder,
                   const SecretLookup& secrets, TargetConnection& connection) {
  if (target == "odbc") return read_database(reader, secrets, connection);
  if (target == "nats") return read_nats(reader, connection);
  if (target == "kafka") return read_kafka(reader, secrets, connection);
  connection.path = (folder / reader.required_text("path")).string();
  read_envelope(reader, connection.envelope);
}

}  // namespace engine::settings
