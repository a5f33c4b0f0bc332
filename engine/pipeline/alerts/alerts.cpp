#include "engine/pipeline/alerts/alerts.h"

#include <pthread.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "connectors/catalog/catalog.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/metrics.h"

namespace engine::pipeline {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t look_ms = 5'000;
constexpr std::int64_t keep_rhythm_ms = 600'000;

fs::path beside(const fs::path& journal, const char* suffix) { return journal.string() + suffix; }

std::string text_of_file(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// A full disk costs at worst an alert that is told twice after a restart.
void keep(const fs::path& path, const std::string& text) {
  const fs::path fresh = path.string() + ".new";
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  std::error_code error;
  fs::permissions(fresh, fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read, error);
  if (file) fs::rename(fresh, path, error);
  if (!file || error) log_event(LogLevel::warning, "alert.state_not_kept", {{"file", path.string()}});
}

std::vector<std::string> names_of(const std::vector<std::unique_ptr<model::NoticeChannel>>& channels) {
  std::vector<std::string> names;
  for (const auto& channel : channels) names.push_back(channel->name());
  return names;
}

}  // namespace

Alerts::Alerts(const settings::Instance& instance, journal::Journal& journal, LiveStatusOf live_status, const Pulse& pulse)
    : instance_(instance),
      journal_(journal),
      live_status_(std::move(live_status)),
      pulse_(pulse),
      channels_(connectors::catalog::make_notice_channels(instance.alerts)),
      book_(instance.name),
      outbox_(names_of(channels_)) {
  const std::string kept = text_of_file(beside(instance_.journal_path, ".alerts"));
  const std::size_t line_end = kept.find('\n');
  if (line_end != std::string::npos) {
    book_.restore(kept.substr(0, line_end));
    outbox_.restore(kept.substr(line_end + 1));
  }
  rhythm_.restore(text_of_file(beside(instance_.journal_path, ".rhythm")));
  thread_ = std::thread([this] { watch(); });
}

Alerts::~Alerts() {
  stop_.request();
  thread_.join();
  keep_rhythm();
}

void Alerts::watch() {
  pthread_setname_np(pthread_self(), "alerts");
  while (!stop_.wait_for(look_ms)) {
    try {
      look();
    } catch (const std::exception& error) {
      // The journal failed: the supervisor ends the process for it.
      log_event(LogLevel::warning, "alert.no_look", {{"reason", error.what()}});
    }
  }
}

void Alerts::look() {
  const std::int64_t now_ms = system_clock().wall_ms();
  const auto notices = book_.update(conditions_in(observe()), now_ms);
  for (const model::Notice& notice : notices) {
    log_event(LogLevel::info, "alert", {{"alert", notice.subject}});
    outbox_.add(notice, now_ms);
  }
  if (!notices.empty()) keep_book();
  const bool sent = outbox_.send_due(now_ms, [this](std::size_t channel, const model::Notice& notice) {
    channels_[channel]->tell(notice, stop_);
  });
  if (sent) keep_book();
  if (now_ms - rhythm_kept_ms_ >= keep_rhythm_ms) keep_rhythm();
  for (const auto& [kind, number] : book_.active()) gauge("datapicker_alerts_active", {{"kind", kind}}, number);
  gauge("datapicker_alerts_waiting", {}, static_cast<double>(outbox_.waiting()));
}

Observed Alerts::observe() {
  Observed observed;
  observed.live = live_status_();
  observed.awaiting = awaiting_person();
  observed.held = held_by_guards();
  observed.silent_stages = pulse_.silent();
  const std::int64_t now_ms = system_clock().wall_ms();
  for (const TableLive& table : observed.live.tables) {
    if (!is_well(table) || table.last_cycle_ms == 0) continue;
    rhythm_.observe(table.name, table.last_change_ms, now_ms);
    if (auto silence = rhythm_.unusual_silence(table.name, now_ms)) observed.silences.push_back(std::move(*silence));
  }
  return observed;
}

std::vector<AwaitingPerson> Alerts::awaiting_person() {
  auto reader = journal_.read();
  std::map<std::int64_t, AwaitingPerson> by_pipeline;
  for (const journal::Deliveries::Awaiting& each : reader->deliveries.awaiting_person()) {
    AwaitingPerson& pipeline = by_pipeline[each.pipeline_id];
    (each.state == journal::DeliveryState::dead ? pipeline.dead : pipeline.uncertain) = each.number;
  }
  std::vector<AwaitingPerson> all;
  for (const journal::PipelineRow& row : reader->pipelines.all()) {
    const auto found = by_pipeline.find(row.id);
    if (found == by_pipeline.end() || !instance_.pipelines.contains(row.name)) continue;
    found->second.pipeline = row.name;
    all.push_back(found->second);
  }
  return all;
}

std::vector<HeldByGuard> Alerts::held_by_guards() {
  auto reader = journal_.read();
  std::vector<HeldByGuard> held;
  const std::int64_t now_ms = system_clock().wall_ms();
  for (const journal::Anomaly& anomaly : reader->anomalies.all_open()) {
    for (const journal::PipelineRow& row : reader->pipelines.all()) {
      if (row.id != anomaly.pipeline_id) continue;
      const bool is_snoozed = reader->anomalies.snoozed_until(anomaly.id) > now_ms;
      held.push_back({row.name, anomaly.id, reader->anomalies.count_held(anomaly.id), anomaly.text, is_snoozed});
    }
  }
  return held;
}

void Alerts::keep_book() { keep(beside(instance_.journal_path, ".alerts"), book_.json() + "\n" + outbox_.json()); }

void Alerts::keep_rhythm() {
  rhythm_kept_ms_ = system_clock().wall_ms();
  keep(beside(instance_.journal_path, ".rhythm"), rhythm_.json());
}

std::unique_ptr<Alerts> make_alerts(const settings::Instance& instance, journal::Journal& journal,
                                    Alerts::LiveStatusOf live_status, const Pulse& pulse) {
  if (instance.alerts.empty()) return nullptr;
  return std::make_unique<Alerts>(instance, journal, std::move(live_status), pulse);
}

}  // namespace engine::pipeline
