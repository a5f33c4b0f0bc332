#include "connectors/catalog/catalog.h"

#include "connectors/catalog/constant_columns.h"
#include "connectors/http/http_target.h"
#include "connectors/http/notice/channels.h"
#include "connectors/odbc/catalogue/odbc_catalogue.h"
#include "connectors/odbc/odbc_source.h"
#include "connectors/odbc/target/odbc_target.h"
#include "connectors/targets/file/file_target.h"
#include "connectors/targets/kafka/kafka_target.h"
#include "connectors/targets/nats/nats_target.h"

namespace connectors::catalog {

std::unique_ptr<engine::model::Source> make_source(const engine::settings::SourceConnection& connection,
                                                   const engine::settings::DialectDefinition& dialect) {
  return with_constant_columns(odbc::make_odbc_source(connection, dialect));
}

std::unique_ptr<engine::model::Catalogue> make_catalogue(const engine::settings::SourceConnection& connection,
                                                         const engine::settings::DialectDefinition& dialect) {
  return odbc::make_odbc_catalogue(connection, dialect);
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
