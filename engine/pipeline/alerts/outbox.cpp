#include "engine/pipeline/alerts/outbox.h"

#include <boost/json.hpp>

#include "engine/base/log.h"
#include "engine/base/metrics.h"
#include "engine/base/retry_policy.h"

namespace engine::pipeline {

namespace json = boost::json;

namespace {

constexpr RetryPolicy again_policy{.first_wait_ms = 30'000, .wait_ms_max = 1'800'000, .tries_max = 0};

/// "mail" of "mail edp@example.com": addresses are no business of metrics.
MetricLabels kind_of(const std::string& channel) { return {{"channel", channel.substr(0, channel.find(' '))}}; }

}  // namespace

Outbox::Outbox(std::vector<std::string> channels) {
  for (const std::string& name : channels) {
    const auto same = std::count_if(channels_.begin(), channels_.end(), [&](const Channel& each) { return each.name.starts_with(name); });
    channels_.push_back({.name = same == 0 ? name : name + " " + std::to_string(same + 1)});
  }
}

void Outbox::add(const model::Notice& notice, std::int64_t now_ms) {
  for (Channel& channel : channels_) {
    channel.waiting.push_back({notice, now_ms});
    if (channel.waiting.size() > waiting_max) drop_oldest(channel, "too many wait");
  }
}

void Outbox::drop_oldest(Channel& channel, const std::string& reason) {
  log_event(LogLevel::error, "alert.dropped",
            {{"channel", channel.name}, {"alert", channel.waiting.front().notice.subject}, {"reason", reason}});
  count("datapicker_alerts_dropped_total", kind_of(channel.name));
  channel.waiting.pop_front();
}

bool Outbox::send_due(std::int64_t now_ms, const std::function<void(std::size_t, const model::Notice&)>& tell) {
  bool any = false;
  for (std::size_t i = 0; i < channels_.size(); ++i) any = send_due(i, now_ms, tell) || any;
  return any;
}

bool Outbox::send_due(std::size_t index, std::int64_t now_ms, const std::function<void(std::size_t, const model::Notice&)>& tell) {
  Channel& channel = channels_[index];
  bool any = false;
  while (!channel.waiting.empty() && channel.again_ms <= now_ms) {
    any = true;
    try {
      tell(index, channel.waiting.front().notice);
      count("datapicker_alerts_sent_total", kind_of(channel.name));
      channel.waiting.pop_front();
      channel.tries = 0;
    } catch (const std::exception& error) {
      count("datapicker_alert_failures_total", kind_of(channel.name));
      channel.again_ms = now_ms + again_policy.wait_ms(++channel.tries, 1);
      log_event(LogLevel::warning, "alert.not_told", {{"channel", channel.name}, {"reason", error.what()}});
      if (now_ms - channel.waiting.front().since_ms > given_up_after_ms) drop_oldest(channel, error.what());
    }
  }
  return any;
}

std::size_t Outbox::waiting() const {
  std::size_t waiting = 0;
  for (const Channel& channel : channels_) waiting += channel.waiting.size();
  return waiting;
}

std::string Outbox::json() const {
  json::object channels;
  for (const Channel& channel : channels_) {
    json::array waiting;
    for (const auto& [notice, since_ms] : channel.waiting) {
      waiting.push_back(json::object{
          {"id", notice.id}, {"subject", notice.subject}, {"text", notice.text}, {"json", notice.json}, {"since_ms", since_ms}});
    }
    channels[channel.name] = std::move(waiting);
  }
  return json::serialize(channels);
}

void Outbox::restore(const std::string& text) {
  try {
    const json::value value = json::parse(text);
    for (Channel& channel : channels_) {
      const json::value* waiting = value.as_object().if_contains(channel.name);
      if (waiting == nullptr) continue;
      for (const json::value& item : waiting->as_array()) {
        const auto field = [&item](const char* name) { return std::string(item.at(name).as_string()); };
        channel.waiting.push_back({{field("id"), field("subject"), field("text"), field("json")},
                                   item.at("since_ms").to_number<std::int64_t>()});
      }
    }
  } catch (const std::exception&) {
    for (Channel& channel : channels_) channel.waiting.clear();
  }
}

}  // namespace engine::pipeline
