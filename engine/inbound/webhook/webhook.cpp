#include "engine/inbound/webhook/webhook.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/metrics.h"
#include "engine/base/text/characters.h"
#include "engine/inbound/webhook/signature.h"
#include "engine/inbound/webhook/whatsapp_events.h"

namespace engine::inbound {

namespace {

constexpr std::size_t challenge_bytes_max = 200;
constexpr std::int64_t warn_every_ms = 60'000;

HttpResponse plain(int status, std::string text) { return {status, "text/plain; charset=utf-8", std::move(text)}; }

/// Percent-decoded, and '+' is a blank, as in forms; what is no escape stays.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

/// The first one of that name; empty when there is none.
std::string parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && decoded(pair.substr(0, equals)) == name) return decoded(pair.substr(equals + 1));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

/// The challenge is a number; nothing else is repeated to whoever asks.
HttpResponse handshake(const WebhookPlace& place, const std::string& query) {
  const std::string challenge = parameter(query, "hub.challenge");
  const bool fits = parameter(query, "hub.mode") == "subscribe" && challenge.size() <= challenge_bytes_max &&
                    std::all_of(challenge.begin(), challenge.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
  if (!fits || !is_equal_secret(parameter(query, "hub.verify_token"), place.verify_token.reveal())) {
    return plain(403, "the verify token is another one\n");
  }
  return plain(200, challenge);
}

/// What became of a post's events, for the metrics: told only when it is on disk.
struct Counted {
  std::map<std::string, int> reports;  ///< by status; "foreign" and "known" for those that were not kept
  int messages = 0;
  bool settled = false;
};
using Counts = std::map<std::string, Counted>;

/// Runs on the journal's writer thread, all of a post in one piece of work: it is kept as a whole or comes again.
void write_events(journal::Records& records, const std::string& connection, NumberEvents& events, Counted& counted) {
  for (const NumberEvents::Heard& heard : events.heard) {
    records.conversations.heard(connection, heard.party, heard.at_ms);
  }
  for (const std::string& party : events.closed) records.conversations.close(connection, party);
  for (journal::InboundMessage& message : events.messages) {
    message.connection = connection;
    if (records.conversations.keep(message)) ++counted.messages;
  }
  for (journal::Report& report : events.reports) {
    report.connection = connection;
    const auto outcome = records.reports.take(report);
    const bool kept = outcome.taken == journal::Reports::Taken::kept;
    const char* other = outcome.taken == journal::Reports::Taken::known ? "known" : "foreign";
    ++counted.reports[kept ? report.status : other];
    counted.settled = counted.settled || outcome.settled;
  }
}

void publish(const Counts& counts) {
  for (const auto& [connection, counted] : counts) {
    for (const auto& [status, number] : counted.reports) {
      count("datapicker_message_reports_total", {{"connection", connection}, {"status", status}}, number);
    }
    if (counted.messages > 0) count("datapicker_inbound_messages_total", {{"connection", connection}}, counted.messages);
  }
}

void count_post(const std::string& path, int status) {
  count("datapicker_webhook_posts_total", {{"path", path}, {"status", std::to_string(status)}}, 1);
}

}  // namespace

Webhook::Webhook(std::map<std::string, WebhookPlace> places, journal::Journal& journal, const Clock& clock,
                 std::function<void()> settled)
    : places_(std::move(places)), journal_(journal), clock_(clock), settled_(std::move(settled)) {}

/// The signature goes before the parsing: nothing that a stranger sends is looked into.
void Webhook::answer(const HttpRequest& request, Respond respond) {
  const auto place = places_.find(request.path);
  if (place == places_.end()) return respond(plain(404, "nothing is posted here\n"));
  if (request.method == "GET") return respond(handshake(place->second, request.query));
  if (request.method != "POST") return respond(plain(405, "GET and POST\n"));
  const std::string* signature = request.header("X-Hub-Signature-256");
  if (signature == nullptr || !is_signed(request.body, *signature, place->second.app_secret.reveal())) {
    warn_unsigned(request.path);
    count_post(request.path, 401);
    return respond(plain(401, "the signature does not fit\n"));
  }
  take(place->second, place->first, request, std::move(respond));
}

void Webhook::warn_unsigned(const std::string& path) {
  const std::int64_t now_ms = clock_.steady_ms();
  if (warned_ms_ && now_ms - *warned_ms_ < warn_every_ms) return;
  warned_ms_ = now_ms;
  log_event(LogLevel::warning, "webhook.unsigned",
            {{"path", path}, {"hint", "is app_secret that of the app whose webhook this is?"}});
}

void Webhook::take(const WebhookPlace& place, const std::string& path, const HttpRequest& request, Respond respond) {
  auto events = whatsapp_events(request.body, clock_.wall_ms());
  if (!events) {
    count_post(path, 400);
    return respond(plain(400, "no JSON object\n"));
  }
  // Events of numbers that are nobody's are taken and left: refused, they would come again for a week.
  std::erase_if(*events, [&](const NumberEvents& each) { return !place.connections.contains(each.phone_number_id); });
  if (events->empty()) {
    count_post(path, 200);
    return respond(plain(200, ""));
  }
  auto counts = std::make_shared<Counts>();
  auto work = [events = std::make_shared<std::vector<NumberEvents>>(std::move(*events)), counts,
               &connections = place.connections](journal::Records& records) {
    counts->clear();
    for (NumberEvents& each : *events) {
      const std::string& connection = connections.at(each.phone_number_id);
      write_events(records, connection, each, (*counts)[connection]);
    }
  };
  // The server ends only when each request was answered, and this object after the server.
  auto committed = [this, counts, path, respond = std::move(respond)](std::exception_ptr error) {
    count_post(path, error ? 503 : 200);
    if (error) return respond(plain(503, "the journal cannot take it now\n"));
    publish(*counts);
    const bool settled = std::any_of(counts->begin(), counts->end(), [](const auto& each) { return each.second.settled; });
    if (settled) settled_();
    respond(plain(200, ""));
  };
  journal_.write_async(std::move(work), std::move(committed));
}

}  // namespace engine::inbound
