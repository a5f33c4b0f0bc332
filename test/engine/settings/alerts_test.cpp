#include <doctest/doctest.h>

#include "test/engine/settings/instance_folder.h"

using namespace engine::settings;
using test_settings::InstanceFolder;
using test_settings::text_of;

namespace {

Instance with_alerts(const std::string& alerts, Diagnostics& diagnostics, const LoadOptions& options = {}) {
  InstanceFolder folder;
  folder.write("datapicker.yaml", "instance: sample\nvariables: { origin_name: erp, year: \"2024\" }\n" + alerts);
  folder.write("secrets/mail", "hush-hush-1\n");
  return load_instance(folder.path(), test_settings::catalogues(), options, diagnostics);
}

std::string complaint_about(const std::string& alerts) {
  Diagnostics diagnostics;
  with_alerts(alerts, diagnostics);
  CHECK_FALSE(diagnostics.ok());
  return text_of(diagnostics);
}

}  // namespace

TEST_CASE("alerts name who is told by mail and by webhook, with credentials from secrets") {
  Diagnostics diagnostics;
  const Instance instance = with_alerts(
      "alerts:\n"
      "  - mail: { to: edp@example.com, smtp: \"smtp://mail.example.com:587\", from: d@example.com, user: d, password: \"${secret:mail}\" }\n"
      "  - webhook: { url: \"https://chat.example.com/hooks/${secret:mail}\" }\n",
      diagnostics);
  CHECK(text_of(diagnostics) == "");
  REQUIRE(instance.alerts.size() == 2);
  const auto& mail = std::get<MailAlert>(instance.alerts[0]);
  CHECK(mail.to == std::vector<std::string>{"edp@example.com"});
  CHECK(mail.smtp == "smtp://mail.example.com:587");
  CHECK(mail.password.reveal() == "hush-hush-1");
  CHECK(std::get<WebhookAlert>(instance.alerts[1]).url.reveal() == "https://chat.example.com/hooks/hush-hush-1");
}

TEST_CASE("alerts of a repository without its secrets are read all the same") {
  Diagnostics diagnostics;
  const Instance instance =
      with_alerts("alerts: [ { webhook: { url: \"${secret:nowhere}\" } } ]\n", diagnostics, {.resolve_secrets = false});
  CHECK(text_of(diagnostics) == "");
  CHECK(instance.alerts.size() == 1);
}

TEST_CASE("alerts that reach nobody are refused") {
  CHECK(complaint_about("alerts: [ { mail: { to: nobody, smtp: \"smtp://h\", from: d@example.com } } ]\n").find("no mail address") !=
        std::string::npos);
  CHECK(complaint_about("alerts: [ { mail: { to: a@b, from: d@example.com } } ]\n").find("has no 'smtp'") != std::string::npos);
  CHECK(complaint_about("alerts: [ { mail: { to: a@b, smtp: mail.example.com, from: d@e } } ]\n").find("smtps:// or smtp://") !=
        std::string::npos);
  CHECK(complaint_about("alerts: { mail: x }\n").find("a list of mail: and webhook:") != std::string::npos);
  CHECK(complaint_about("alerts: [ { sms: 1 } ]\n").find("has no key 'sms'") != std::string::npos);
  CHECK(complaint_about("alerts: [ { mail: { to: a@b, smtp: \"smtp://${secret:mail}\", from: d@e } } ]\n").find("secret.misplaced") !=
        std::string::npos);
}
