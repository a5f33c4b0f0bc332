// Alerts by mail and by webhook.
#pragma once

#include <memory>

#include "engine/model/notice.h"
#include "engine/settings/instance.h"

namespace connectors::http {

std::unique_ptr<engine::model::NoticeChannel> make_mail_channel(const engine::settings::MailAlert& mail);
std::unique_ptr<engine::model::NoticeChannel> make_webhook_channel(const engine::settings::WebhookAlert& webhook);

/// A notice as a mail: headers, then the text in base64, so that no line of it is too long or looks like an end.
std::string mail_of(const engine::settings::MailAlert& mail, const engine::model::Notice& notice, std::int64_t now_ms);

}  // namespace connectors::http
