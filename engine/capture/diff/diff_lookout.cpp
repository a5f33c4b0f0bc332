#include "engine/capture/diff/diff_lookout.h"

#include <algorithm>
#include <utility>

#include "engine/base/log.h"

namespace engine::capture {

namespace {
constexpr int losses_max = 5;
constexpr std::int64_t left_out_ms = 600'000;
}  // namespace

Finding DiffLookout::look(Reading& reading) {
  look_began_ms_ = clock_.steady_ms();
  verdict_.reset();
  if (table_.capture.probe) probed_ = reading.scope.source.probe(table_.request);
  if (is_unchanged()) return Finding::nothing;
  // Until `settle`, nothing stands: a cycle that fails must not be taken for one that read its rows.
  settled_.clear();
  if (!is_worth_comparing() || !segments_.compare(reading)) return Finding::everything;
  verdict_ = segments_.verdict();
  return *verdict_;
}

/// Any proof will do: one probe may move with every transaction of the server, another only with the table.
bool DiffLookout::is_unchanged() const {
  return std::ranges::any_of(probed_, [&](const std::string& proof) { return std::ranges::find(settled_, proof) != settled_.end(); });
}

bool DiffLookout::is_worth_comparing() const { return table_.capture.segments && clock_.steady_ms() >= left_out_until_ms_; }

void DiffLookout::read_part(Reading& reading) { segments_.read_changed(reading); }

void DiffLookout::read_all(Reading& reading) {
  const std::int64_t began = clock_.steady_ms();
  if (is_worth_comparing()) {
    segments_.read_all(reading);
  } else {
    segments_.forget();
    Lookout::read_all(reading);
  }
  whole_took_ms_ = clock_.steady_ms() - began;
}

void DiffLookout::distrust() {
  settled_.clear();
  segments_.forget();
}

std::string DiffLookout::settle(Finding read) {
  settled_ = probed_;
  // All rows that were read for another reason say nothing about comparing.
  if (verdict_ == read) weigh();
  return {};
}

/// A server that is slower than the link, or a table that changes in most of its ranges each time: then reading it all is the quicker way.
void DiffLookout::weigh() {
  const bool lost = verdict_ == Finding::everything || clock_.steady_ms() - look_began_ms_ > whole_took_ms_;
  losses_ = lost ? losses_ + 1 : 0;
  if (losses_ < losses_max) return;
  losses_ = 0;
  left_out_until_ms_ = clock_.steady_ms() + left_out_ms;
  log_event(LogLevel::info, "capture.segments_left_out",
            {{"table", table_.name}, {"reason", "comparing checksums takes longer than reading all rows"}});
}

}  // namespace engine::capture
