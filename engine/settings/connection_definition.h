// connections/*.yaml: a source to be watched or a target to be written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "engine/base/secret.h"
#include "engine/model/fields.h"
#include "engine/settings/dialect_definition.h"
#include "engine/settings/origin.h"
#include "engine/settings/target_definition.h"

namespace engine::settings {

enum class CharPadding : std::uint8_t {
  keep,      ///< values as the driver gives them
  trim,      ///< trailing blanks of columns described as CHAR (for SQLite: declared as CHAR) are not part of the value
  trim_all,  ///< trailing blanks of every text column
};

/// Files of delimited text in one folder, read as tables.
struct CsvFiles {
  std::filesystem::path folder;
  char delimiter = ',';
  std::string encoding = "UTF-8";  ///< as iconv names it
  std::string null_text;           ///< a value without quotes that is this text is NULL
  bool final_newline = true;       ///< a last line without its end is half written
  std::map<std::string, model::ColumnType> types;  ///< by column; all others are text
};

struct SourceConnection {
  std::string name;
  Origin origin;
  Secret odbc;  ///< the connection string, secrets filled in
  std::string dialect = "generic";
  std::string time_zone = "UTC";
  int readers = 2;  ///< connections, so tables read at once
  CharPadding char_padding = CharPadding::trim;
  std::int64_t connect_timeout_ms = 10'000;
  std::int64_t query_timeout_ms = 300'000;
  std::optional<CsvFiles> csv;    ///< instead of `odbc`
  std::filesystem::path file;     ///< `odbc`: the file that holds the database; empty: none is looked at
  std::int64_t settle_ms = 2'000; ///< a file that changed less than this ago is still being written
};

struct NoAuth {};
struct BearerAuth { Secret token; };
struct BasicAuth { std::string user; Secret password; };
struct HeaderAuth { std::string header; Secret value; };
struct QueryAuth { std::string parameter; Secret value; };
/// Tokens of OAuth 2: what the definition says, with what the connection says over it.
struct OAuth2Auth {
  OAuth2Protocol protocol;
  std::string client_id;
  Secret client_secret;
  Secret refresh_token;  ///< the first; newer ones are kept beside the journal
  std::string user;
  Secret password;
  Secret key;  ///< PEM
};
/// What the definition's own way to enter (AuthDefinition) asks for.
struct CredentialsAuth {
  std::map<std::string, std::string> shown;
  std::map<std::string, Secret> secret;
};
using Auth = std::variant<NoAuth, BearerAuth, BasicAuth, HeaderAuth, QueryAuth, OAuth2Auth, CredentialsAuth>;

/// Where tokens are kept that a restart must not lose.
struct TokenKeeping {
  std::filesystem::path folder;  ///< `tokens` beside the journal
  Secret key;                    ///< the systemd credential `token_key`; empty: the files are not encrypted
};

struct SignRule {
  std::string header;
  std::string algorithm = "hmac-sha256";
  std::string prefix;
  Secret secret;
};

/// What the target posts to us: messages, and what became of ours.
struct WebhookRule {
  Origin origin;
  std::string path;     ///< "/whatsapp"
  Secret verify_token;  ///< what the target shows when the address is registered
  Secret app_secret;    ///< the key of its signatures
};

struct TlsOptions {
  std::string ca;           ///< PEM file; empty: the system's
  std::string certificate;  ///< client certificate
  std::string key;
};

/// How an `odbc` target writes one table.
struct WrittenTable {
  bool appends = false;            ///< every call becomes a row of its own: a border table
  std::string idempotency_column;  ///< holds the call's idempotency key; nothing is appended twice
  std::string operation_column;    ///< holds "upsert" or "delete"; without it a table that is appended to takes no deletes
};

/// `target: odbc`: a database that is written.
struct DatabaseTarget {
  Secret odbc;
  DialectDefinition dialect;  ///< by the name the file gives
  int writers = 1;            ///< connections, so transactions at once
  std::int64_t connect_timeout_ms = 10'000;
  std::map<std::string, WrittenTable> tables;  ///< by the pipelines' `object`
};

/// How `file`, `nats` and `kafka` tell a change.
struct EnvelopeOptions {
  bool debezium = false;    ///< before, after, op and source, as Debezium's consumers expect them; else the fields and no more
  bool tombstones = false;  ///< a delete is followed by a message without a value, by which Kafka compacts a topic
};

/// `target: nats` and `target: kafka`.
struct StreamTarget {
  std::string servers;
  std::string subject;  ///< template of the subject or topic: {object}, {pipeline}, {match}, {match.x}
  std::map<std::string, std::string> properties;  ///< `kafka`: handed to the client library as they are
};

struct TargetConnection {
  std::string name;
  Origin origin;
  TargetDefinition target;  ///< the definition it names, with this connection's `requests:` and options merged in
  std::string url;
  std::string path;         ///< `file` target: where the lines go
  Auth auth;
  TokenKeeping tokens;
  TlsOptions tls;
  std::string proxy;
  LimitsDefinition limits;  ///< the definition's, with this connection's laid over
  std::int64_t timeout_ms = 30'000;
  std::string idempotency_header;  ///< empty: none
  std::optional<SignRule> sign;
  std::optional<WebhookRule> webhook;
  std::map<std::string, std::string> options;
  bool dry_run = false;     ///< all is decided, nothing is sent
  DatabaseTarget database;
  StreamTarget stream;
  EnvelopeOptions envelope;
  model::FieldMap redirect; ///< fields that get this value instead of the mapped one, where a pipeline has them
};

}  // namespace engine::settings
