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

const Block& target_connection_block() {
  static const Block block{
      "target connection",
      "connections/NAME.yaml with `target`: a system that is written.",
      {{.name = "connection", .about = "Its name.", .required = true},
       {"use", KeyType::texts, "Fragments that are laid under this file."},
       {.name = "target", .about = "Its definition: webhook, file, or a file of targets/.", .required = true},
       {"url", KeyType::text, "Where the API stands; paths of requests follow. Not for `target: file`."},
       {"path", KeyType::text, "`target: file`: the file that gets a line of JSON for each call."},
       {"auth", KeyType::block, "How the API is entered.", "", &auth_block()},
       {"tls", KeyType::block, "Certificates of its own.", "", &tls_block()},
       {"proxy", KeyType::text, "A proxy on the way, as http://host:port."},
       {"limits", KeyType::block, "How fast it may be used.", "", &limits_block()},
       {"timeout", KeyType::duration, "How long one request may take.", "30s"},
       {"repeat_safe", KeyType::boolean, "Sending a request twice does no harm: the API recognises it."},
       {"idempotency_header", KeyType::text, "The header by which the API recognises a repeated request."},
       {"sign", KeyType::block, "A signature over each request.", "", &sign_block()},
       {"requests", KeyType::block, "The requests of this API, where its definition leaves them open.", "", &object_block()},
       {"batch", KeyType::block, "Requests that carry many records.", "", &batches_block()},
       {"options", KeyType::text_map, "Values for the options that the definition declares."},
       {"dry_run", KeyType::boolean, "All is decided and kept, nothing is sent: deliveries end as suppressed.", "false"},
       {"redirect", KeyType::constants,
        "Fields that get this value instead of the mapped one, in every pipeline that has them. Match values stay."}}};
  return block;
}

}  // namespace engine::settings
