#include "engine/inbound/webhook/whatsapp_events.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/base/text/characters.h"

namespace engine::inbound {

namespace json = boost::json;
using journal::InboundMessage;
using journal::party_of;
using journal::Report;

namespace {

constexpr std::size_t depth_max = 64;
constexpr std::size_t reason_bytes_max = 500;
/// "Re-engagement message": more than 24 hours since the person's last one (documented).
constexpr std::string_view window_closed = "131047";

const json::object empty_object;
const json::array empty_array;

const json::object& object_at(const json::object& from, json::string_view name) {
  const json::value* value = from.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : empty_object;
}

const json::array& list_at(const json::object& from, json::string_view name) {
  const json::value* value = from.if_contains(name);
  return value != nullptr && value->is_array() ? value->get_array() : empty_array;
}

/// Numbers as their digits: the examples have ids as either.
std::string text_at(const json::object& from, json::string_view name) {
  const json::value* value = from.if_contains(name);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->get_string());
  return value->is_int64() || value->is_uint64() ? json::serialize(*value) : std::string();
}

/// In seconds, as a text. None, or one that lies ahead, is taken for now: a window must not stay open longer by it.
std::int64_t time_ms_at(const json::object& from, std::int64_t now_ms) {
  const std::string text = text_at(from, "timestamp");
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || seconds <= 0 || seconds > now_ms / 1000) return now_ms;
  return seconds * 1000;
}

/// "131026 Message undeliverable: …": the code first, since that is what people look up.
std::string reason_of(const json::object& error) {
  std::string reason = text_at(error, "code");
  for (const std::string& part : {text_at(error, "title"), text_at(object_at(error, "error_data"), "details")}) {
    if (part.empty() || reason.find(part) != std::string::npos) continue;
    reason += (reason.find(' ') == std::string::npos ? " " : ": ") + part;
  }
  return std::string(cut(reason, reason_bytes_max));
}

/// One post on its way to events, sorted by the number that it speaks of.
class Reading {
 public:
  explicit Reading(std::int64_t now_ms) : now_ms_(now_ms) {}

  std::vector<NumberEvents> run(const json::object& post) {
    for (const json::value& entry : list_at(post, "entry")) {
      if (!entry.is_object()) continue;
      for (const json::value& change : list_at(entry.get_object(), "changes")) {
        if (change.is_object()) read_change(change.get_object());
      }
    }
    return std::move(all_);
  }

 private:
  void read_change(const json::object& change) {
    const json::object& value = object_at(change, "value");
    NumberEvents& events = of_number(text_at(object_at(value, "metadata"), "phone_number_id"));
    if (text_at(change, "field") == "user_preferences") read_preferences(value, events);
    for (const json::value& status : list_at(value, "statuses")) {
      if (status.is_object()) read_status(status.get_object(), events);
    }
    for (const json::value& message : list_at(value, "messages")) {
      if (message.is_object()) read_message(message.get_object(), events);
    }
  }

  NumberEvents& of_number(const std::string& phone_number_id) {
    for (NumberEvents& events : all_) {
      if (events.phone_number_id == phone_number_id) return events;
    }
    all_.push_back({.phone_number_id = phone_number_id});
    return all_.back();
  }

  /// A message's id and its status must be there; all else may be missing.
  void read_status(const json::object& status, NumberEvents& events) const {
    Report report{.connection = {},
                  .remote_id = text_at(status, "id"),
                  .status = text_at(status, "status"),
                  .key = text_at(status, "biz_opaque_callback_data"),
                  .recipient = party_of(text_at(status, "recipient_id")),
                  .reason = {},
                  .at_ms = time_ms_at(status, now_ms_),
                  .received_ms = now_ms_};
    for (const json::value& error : list_at(status, "errors")) {
      if (!error.is_object() || !report.reason.empty()) continue;
      report.reason = reason_of(error.get_object());
      if (text_at(error.get_object(), "code") == window_closed) events.closed.push_back(report.recipient);
    }
    if (!report.remote_id.empty() && !report.status.empty()) events.reports.push_back(std::move(report));
  }

  void read_message(const json::object& message, NumberEvents& events) const {
    // A person without a visible number has a user id instead.
    std::string sender = text_at(message, "from");
    if (sender.empty()) sender = text_at(message, "from_user_id");
    const std::string id = text_at(message, "id");
    if (sender.empty() || id.empty()) return;
    const std::int64_t at_ms = time_ms_at(message, now_ms_);
    const std::string kind = text_at(message, "type");
    // "system" tells of a changed number: nobody wrote.
    if (kind != "system") events.heard.push_back({party_of(sender), at_ms});
    events.messages.push_back({.connection = {},
                               .message_id = id,
                               .sender = party_of(sender),
                               .kind = kind.empty() ? "unknown" : kind,
                               .message = json::serialize(message),
                               .sent_ms = at_ms,
                               .received_ms = now_ms_});
  }

  /// "Stop" and "resume" of marketing messages, said to the platform instead of to us: kept as if they were written.
  void read_preferences(const json::object& value, NumberEvents& events) const {
    std::vector<const json::object*> all{&value};
    for (const json::value& each : list_at(value, "user_preferences")) {
      if (each.is_object()) all.push_back(&each.get_object());
    }
    for (const json::object* each : all) {
      const std::string person = party_of(text_at(*each, "wa_id"));
      if (person.empty()) continue;
      const std::string id = fmt::format("preference:{}:{}:{}", person, text_at(*each, "category"), text_at(*each, "timestamp"));
      events.messages.push_back({.connection = {},
                                 .message_id = id,
                                 .sender = person,
                                 .kind = "user_preferences",
                                 .message = json::serialize(*each),
                                 .sent_ms = time_ms_at(*each, now_ms_),
                                 .received_ms = now_ms_});
    }
  }

  std::int64_t now_ms_;
  std::vector<NumberEvents> all_;
};

}  // namespace

std::optional<std::vector<NumberEvents>> whatsapp_events(std::string_view body, std::int64_t now_ms) {
  json::parse_options options;
  options.max_depth = depth_max;
  boost::system::error_code error;
  const json::value post = json::parse({body.data(), body.size()}, error, {}, options);
  if (error || !post.is_object()) return std::nullopt;
  return Reading(now_ms).run(post.get_object());
}

}  // namespace engine::inbound
