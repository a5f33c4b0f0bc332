#include "engine/pipeline/alerts/alert_book.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "engine/base/clock.h"
#include "engine/base/secret.h"
#include "engine/base/text/durations.h"

namespace engine::pipeline {

namespace json = boost::json;

namespace {

constexpr std::int64_t surely_over_ms = 60'000;

const std::map<std::string, const char*>& titles() {
  static const std::map<std::string, const char*> by_kind{
      {"source_down", "source {} cannot be read"},    {"table_paused", "table {} is paused"},
      {"journal_full", "the journal's disk is full"}, {"auth_refused", "{} refuses our credentials"},
      {"target_down", "{} takes nothing"},            {"pipeline_stopped", "pipeline {} maps nothing"},
      {"dead_letters", "dead letters of {}"},         {"uncertain", "uncertain deliveries of {}"},
      {"source_silent", "{} is unusually silent"},    {"stage_silent", "{} hangs"},
      {"anomaly", "held: unusual changes of {}"}};
  return by_kind;
}

std::string title_of(const std::string& kind, const std::string& subject) {
  const auto title = titles().find(kind);
  return title == titles().end() ? kind + " " + subject : fmt::format(fmt::runtime(title->second), subject);
}

}  // namespace

model::Notice AlertBook::notice(const Entry& entry, bool over, std::int64_t now_ms) const {
  const std::string title = title_of(entry.kind, entry.subject);
  model::Notice notice;
  notice.id = fmt::format("{}.{}.{}.{}.{}", instance_, entry.kind, entry.subject, entry.since_ms, over ? "over" : "begun");
  notice.subject = fmt::format("[datapicker {}] {}{}", instance_, over ? "over: " : "", title);
  notice.text = over ? fmt::format("Over: {}.\nIt lasted {}.\n", title, span_text(now_ms - entry.since_ms))
                     : redact(entry.text) + fmt::format("\nSince {}.\n", utc_text(entry.since_ms));
  notice.json = json::serialize(json::object{{"instance", instance_},
                                             {"kind", entry.kind},
                                             {"subject", entry.subject},
                                             {"state", over ? "over" : "begun"},
                                             {"since", utc_text(entry.since_ms)},
                                             {"title", title},
                                             {"text", notice.subject + "\n" + notice.text}});
  return notice;
}

void AlertBook::note(const Condition& condition, std::int64_t now_ms, std::vector<model::Notice>& notices) {
  Entry& entry = entries_[condition.id()];
  if (entry.since_ms == 0) entry.since_ms = now_ms;
  entry.kind = condition.kind;
  entry.subject = condition.subject;
  entry.text = condition.text;
  entry.over_since_ms = 0;
  if (entry.told || now_ms - entry.since_ms < condition.told_after_ms) return;
  entry.told = true;
  notices.push_back(notice(entry, false, now_ms));
}

std::vector<model::Notice> AlertBook::update(const Conditions& conditions, std::int64_t now_ms) {
  std::vector<model::Notice> notices;
  std::set<std::string> present;
  for (const std::string& id : conditions.silenced) entries_.erase(id);
  for (const Condition& condition : conditions.present) {
    note(condition, now_ms, notices);
    present.insert(condition.id());
  }
  for (auto at = entries_.begin(); at != entries_.end();) {
    auto& [id, entry] = *at;
    const bool stays = present.contains(id) || conditions.unknown.contains(id);
    if (!stays && entry.over_since_ms == 0) entry.over_since_ms = now_ms;
    const bool over = !stays && (!entry.told || now_ms - entry.over_since_ms >= surely_over_ms);
    if (over && entry.told) notices.push_back(notice(entry, true, now_ms));
    at = over ? entries_.erase(at) : std::next(at);
  }
  return notices;
}

std::map<std::string, int> AlertBook::active() const {
  std::map<std::string, int> active;
  for (const auto& [kind, title] : titles()) active[kind] = 0;
  for (const auto& [id, entry] : entries_) {
    if (entry.told) ++active[entry.kind];
  }
  return active;
}

std::string AlertBook::json() const {
  json::array entries;
  for (const auto& [id, entry] : entries_) {
    if (!entry.told) continue;
    entries.push_back(json::object{{"kind", entry.kind}, {"subject", entry.subject}, {"text", redact(entry.text)}, {"since_ms", entry.since_ms}});
  }
  return json::serialize(entries);
}

void AlertBook::restore(const std::string& text) {
  try {
    const json::value value = json::parse(text);
    for (const json::value& item : value.as_array()) {
      const json::object& object = item.as_object();
      const Condition condition{std::string(object.at("kind").as_string()), std::string(object.at("subject").as_string()), "", 0};
      entries_[condition.id()] = {.kind = condition.kind,
                                  .subject = condition.subject,
                                  .text = std::string(object.at("text").as_string()),
                                  .since_ms = object.at("since_ms").to_number<std::int64_t>(),
                                  .over_since_ms = 0,
                                  .told = true};
    }
  } catch (const std::exception&) {
    entries_.clear();
  }
}

}  // namespace engine::pipeline
