#include "connectors/catalog/catalog.h"

#include "connectors/catalog/bounded_questions.h"
#include "connectors/catalog/bounded_source.h"
#include "connectors/catalog/constant_columns.h"
#include "connectors/catalog/keyless_rows.h"
#include "connectors/documents/document_source.h"
#include "connectors/files/csv_source.h"
#include "connectors/files/file_gate.h"
#include "connectors/files/whole_source.h"
#include "connectors/http/http_target.h"
#include "connectors/http/notice/channels.h"
#include "connectors/odbc/asking/inquirer.h"
#include "connectors/odbc/canonical_text.h"
#include "connectors/odbc/catalogue/odbc_catalogue.h"
#include "connectors/odbc/odbc_source.h"
#include "connectors/odbc/target/odbc_target.h"
#include "connectors/targets/file/file_target.h"
#include "connectors/targets/kafka/kafka_target.h"
#include "connectors/targets/nats/nats_target.h"
#include "engine/base/clock.h"

namespace connectors::catalog {

std::unique_ptr<engine::model::Source> make_source(const engine::settings::SourceConnection& connection,
                                                   const engine::settings::DialectDefinition& dialect) {
  if (connection.csv) return with_keyless_rows(with_constant_columns(files::make_csv_source(connection, odbc::canonical_text, engine::system_clock())));
  return bounded(connection, [connection, dialect](std::shared_ptr<engine::SignOfLife> sign) {
    auto source = odbc::make_odbc_source(connection, dialect, std::move(sign));
    if (dialect.whole_only) source = files::read_whole_only(std::move(source));
    if (!connection.file.empty()) {
      source = files::with_file_gate(std::move(source), files::FileGate(connection.file, connection.settle_ms, engine::system_clock()));
    }
    return with_keyless_rows(with_constant_columns(documents::with_documents(std::move(source))));
  });
}

std::unique_ptr<engine::model::Catalogue> make_catalogue(const engine::settings::SourceConnection& connection,
                                                         const engine::settings::DialectDefinition& dialect) {
  if (connection.csv) return files::make_csv_catalogue(connection);
  return bounded_catalogue(connection, [connection, dialect](std::shared_ptr<engine::SignOfLife> sign) {
    return odbc::make_odbc_catalogue(connection, dialect, std::move(sign));
  });
}

std::unique_ptr<engine::model::Inquirer> make_inquirer(const engine::settings::SourceConnection& connection,
                                                       const engine::settings::DialectDefinition& dialect) {
  return bounded_inquirer(connection, [connection, dialect](std::shared_ptr<engine::SignOfLife> sign) {
    return odbc::make_inquirer(connection, dialect, std::move(sign));
  });
}

std::unique_ptr<odbc::LogInstaller> make_log_installer(const engine::settings::SourceConnection& connection,
                                                       const engine::settings::DialectDefinition& dialect) {
  return std::make_unique<odbc::LogInstaller>(connection, dialect);
}

std::unique_ptr<engine::model::Target> make_target(const engine::settings::TargetConnection& connection) {
  if (connection.target.name == "file") return targets::file::make_file_target(connection);
  if (connection.target.name == "kafka") return targets::kafka::make_kafka_target(connection);
  if (connection.target.name == "nats") return targets::nats::make_nats_target(connection);
  if (connection.target.name == "odbc") return odbc::make_odbc_target(connection);
  return http::make_http_target(connection);
}

std::vector<std::unique_ptr<engine::model::NoticeChannel>> make_notice_channels(
    const std::vector<engine::settings::AlertChannel>& alerts) {
  std::vector<std::unique_ptr<engine::model::NoticeChannel>> channels;
  for (const engine::settings::AlertChannel& alert : alerts) {
    const auto* mail = std::get_if<engine::settings::MailAlert>(&alert);
    channels.push_back(mail != nullptr ? http::make_mail_channel(*mail)
                                       : http::make_webhook_channel(std::get<engine::settings::WebhookAlert>(alert)));
  }
  return channels;
}

}  // namespace connectors::catalog
