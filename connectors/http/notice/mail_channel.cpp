#include <curl/curl.h>
#include <fmt/chrono.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

#include "connectors/http/notice/channels.h"
#include "connectors/http/notice/errand.h"
#include "engine/base/text/base64.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"

namespace connectors::http {

namespace {

using engine::model::Notice;
using engine::settings::MailAlert;

constexpr std::size_t line_bytes = 76;

std::string in_lines(const std::string& base64) {
  std::string lines;
  for (std::size_t at = 0; at < base64.size(); at += line_bytes) lines += base64.substr(at, line_bytes) + "\r\n";
  return lines;
}

/// What libcurl has not read yet.
struct Upload {
  std::string_view left;
  static std::size_t read(char* into, std::size_t size, std::size_t count, void* self) {
    std::string_view& left = static_cast<Upload*>(self)->left;
    const std::size_t length = std::min(left.size(), size * count);
    std::memcpy(into, left.data(), length);
    left.remove_prefix(length);
    return length;
  }
};

/// libcurl's list, freed when the mail is gone.
struct Recipients {
  explicit Recipients(const std::vector<std::string>& addresses) {
    for (const std::string& address : addresses) list = curl_slist_append(list, ("<" + address + ">").c_str());
  }
  ~Recipients() { curl_slist_free_all(list); }
  Recipients(const Recipients&) = delete;
  Recipients& operator=(const Recipients&) = delete;
  curl_slist* list = nullptr;
};

class MailChannel : public engine::model::NoticeChannel {
 public:
  explicit MailChannel(MailAlert mail) : mail_(std::move(mail)), name_("mail " + fmt::format("{}", fmt::join(mail_.to, ","))) {}

  const std::string& name() const override { return name_; }

  void tell(const Notice& notice, const engine::StopSignal& stop) override {
    Errand errand(mail_.smtp, "smtp,smtps", mail_.ca, stop);
    const std::string mail = mail_of(mail_, notice, engine::system_clock().wall_ms());
    const Recipients recipients(mail_.to);
    Upload upload{mail};
    // A password goes over TLS or not at all.
    const bool logs_in = !mail_.user.empty();
    curl_easy_setopt(errand.handle(), CURLOPT_USE_SSL, static_cast<long>(logs_in ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    if (logs_in) {
      curl_easy_setopt(errand.handle(), CURLOPT_USERNAME, mail_.user.c_str());
      curl_easy_setopt(errand.handle(), CURLOPT_PASSWORD, mail_.password.reveal().c_str());
    }
    curl_easy_setopt(errand.handle(), CURLOPT_MAIL_FROM, ("<" + mail_.from + ">").c_str());
    curl_easy_setopt(errand.handle(), CURLOPT_MAIL_RCPT, recipients.list);
    curl_easy_setopt(errand.handle(), CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(errand.handle(), CURLOPT_READFUNCTION, &Upload::read);
    curl_easy_setopt(errand.handle(), CURLOPT_READDATA, static_cast<void*>(&upload));
    errand.run();
  }

 private:
  MailAlert mail_;
  std::string name_;
};

}  // namespace

std::string mail_of(const MailAlert& mail, const Notice& notice, std::int64_t now_ms) {
  const std::string domain = mail.from.substr(mail.from.find('@') + 1);
  std::string text = fmt::format("From: <{}>\r\nTo: <{}>\r\nSubject: {}\r\n", mail.from, fmt::join(mail.to, ">, <"), notice.subject);
  text += fmt::format("Date: {:%a, %d %b %Y %H:%M:%S} +0000\r\n", fmt::gmtime(static_cast<std::time_t>(now_ms / 1000)));
  text += fmt::format("Message-ID: <{}@{}>\r\n", notice.id, domain);
  // So that no absence note answers.
  text += "Auto-Submitted: auto-generated\r\n";
  text += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  std::string body;
  engine::append_base64(notice.text, body);
  return text + in_lines(body);
}

std::unique_ptr<engine::model::NoticeChannel> make_mail_channel(const MailAlert& mail) {
  return std::make_unique<MailChannel>(mail);
}

}  // namespace connectors::http
