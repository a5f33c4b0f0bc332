// The keys of connections/*.yaml.
#include "engine/settings/schema/keys.h"

namespace engine::settings {

const Block& source_block() {
  static const Block block{
      "source connection",
      "connections/NAME.yaml with `odbc`: a database that is watched.",
      {{.name = "connection", .about = "Its name.", .required = true},
       {"use", KeyType::texts, "Fragments that are laid under this file."},
       {.name = "odbc", .about = "The ODBC connection string; may hold ${secret:name}.", .required = true},
       {"dialect", KeyType::text, "What is particular to the database: a file of dialects/.", "generic"},
       {"file", KeyType::text, "The file that holds the database, where it is one (Access): nothing is read while its size and times stay."},
       {"settle", KeyType::duration, "`file`: one that changed less than this ago is still being written.", "2s"},
       {"time_zone", KeyType::text, "The zone of its timestamps that name none, as in Europe/Rome.", "UTC"},
       {"readers", KeyType::integer, "Connections, so tables read at once: 1 to 32.", "2"},
       {.name = "char_padding",
        .about = "Blanks at the end of texts: kept, or no part of the value for CHAR columns, or for all.",
        .fallback = "trim",
        .choices = {"keep", "trim", "trim_all"}},
       {"connect_timeout", KeyType::duration, "How long connecting may take.", "10s"},
       {"query_timeout", KeyType::duration, "How long one statement may take.", "5m"}}};
  return block;
}

const Block& tls_block() {
  static const Block block{"tls",
                           "Certificates, where the system's authorities are not enough. TLS is always verified.",
                           {{"ca", KeyType::text, "PEM file of the authority."},
                            {"certificate", KeyType::text, "PEM file of the client's certificate, with `key`."},
                            {"key", KeyType::text, "PEM file of the client's key."},
                            {"verify", KeyType::anything, "Cannot be turned off: name the authority with `ca`."}}};
  return block;
}

const Block& sign_block() {
  static const Block block{
      "sign",
      "A signature over each request.",
      {{.name = "header", .about = "The header that carries it.", .required = true},
       {.name = "algorithm", .about = "How it is made.", .fallback = "hmac-sha256", .choices = {"hmac-sha256"}},
       {.name = "over", .about = "What is signed: the bytes that are sent.", .fallback = "body", .choices = {"body"}},
       {"prefix", KeyType::text, "A text before the signature, as in \"sha256=\"."},
       {.name = "secret", .about = "The key; may hold ${secret:name}.", .required = true}}};
  return block;
}

const Block& written_table_block() {
  static const Block block{
      "written table",
      "How an `odbc` target writes one table.",
      {{.name = "mode",
        .about = "`append`: each call becomes a row of its own, as border tables of an ERP want it.",
        .fallback = "upsert",
        .choices = {"upsert", "append"}},
       {"idempotency_column", KeyType::text, "`append`: the column that gets the delivery's key; what it holds is not written again."},
       {"operation_column", KeyType::text, "`append`: the column that gets `upsert` or `delete`; without it rows that leave are not told."}}};
  return block;
}

const Block& webhook_rule_block() {
  static const Block block{
      "webhook of a connection",
      "What the target posts to `listen: { webhooks: … }` of datapicker.yaml: answers of people, and what became of messages.",
      {{"path", KeyType::text, "Where it posts to, beginning with '/'; without it /NAME of the connection."},
       {.name = "verify_token",
        .about = "What the target shows when the address is registered; may hold ${secret:name}.",
        .required = true},
       {.name = "app_secret", .about = "The key of its signatures; may hold ${secret:name}.", .required = true}}};
  return block;
}

const Block& target_connection_block() {
  static const Block block{
      "target connection",
      "connections/NAME.yaml with `target`: a system that is written.",
      {{.name = "connection", .about = "Its name.", .required = true},
       {"use", KeyType::texts, "Fragments that are laid under this file."},
       {.name = "target", .about = "Its definition: webhook, file, odbc, nats, kafka, or a file of targets/.", .required = true},
       {"url", KeyType::text, "Where the API stands; paths of requests follow. Not for file, odbc, nats and kafka."},
       {"path", KeyType::text, "`target: file`: the file that gets a line of JSON for each call."},
       {"odbc", KeyType::text, "`target: odbc`: the connection string; may hold ${secret:name}."},
       {"dialect", KeyType::text, "`target: odbc`: what is particular to the database: a file of dialects/.", "generic"},
       {"writers", KeyType::integer, "`target: odbc`: connections, so transactions at once: 1 to 16.", "1"},
       {"connect_timeout", KeyType::duration, "`target: odbc`: how long connecting may take.", "10s"},
       {"tables", KeyType::named, "`target: odbc`: tables that are not simply upserted, by the pipelines' `object`.", "",
        &written_table_block()},
       {"servers", KeyType::text, "`target: nats` and `target: kafka`: where the cluster stands, as host:port,host:port."},
       {"subject", KeyType::text, "`target: nats`: the subject; {object}, {pipeline}, {match} and {match.field} are put in.", "\"{object}\""},
       {"topic", KeyType::text, "`target: kafka`: the topic, by the same names.", "\"{object}\""},
       {"properties", KeyType::text_map, "`target: kafka`: properties of librdkafka; may hold ${secret:name}."},
       {.name = "envelope",
        .about = "`target: file`, `nats`, `kafka`: what a message is: the fields, or before, after, op and source as Debezium writes them.",
        .fallback = "plain",
        .choices = {"plain", "debezium"}},
       {"tombstones", KeyType::boolean, "`target: kafka`: a delete is followed by a message without a value, for compacted topics.", "false"},
       {"auth", KeyType::block, "How the API is entered.", "", &auth_block()},
       {"tls", KeyType::block, "Certificates of its own.", "", &tls_block()},
       {"proxy", KeyType::text, "A proxy on the way, as http://host:port."},
       {"limits", KeyType::block, "How fast it may be used.", "", &limits_block()},
       {"timeout", KeyType::duration, "How long one request may take.", "30s"},
       {"repeat_safe", KeyType::boolean, "Sending a request twice does no harm: the API recognises it."},
       {"idempotency_header", KeyType::text, "The header by which the API recognises a repeated request."},
       {"sign", KeyType::block, "A signature over each request.", "", &sign_block()},
       {"webhook", KeyType::block, "What it posts to us.", "", &webhook_rule_block()},
       {"requests", KeyType::block, "The requests of this API, where its definition leaves them open.", "", &object_block()},
       {"batch", KeyType::block, "Requests that carry many records.", "", &batches_block()},
       {"options", KeyType::text_map, "Values for the options that the definition declares."},
       {"dry_run", KeyType::boolean, "All is decided and kept, nothing is sent: deliveries end as suppressed.", "false"},
       {"redirect", KeyType::constants,
        "Fields that get this value instead of the mapped one, in every pipeline that has them. Match values stay."}}};
  return block;
}

}  // namespace engine::settings
