#include "engine/pipeline/echo/echo_watch.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/metrics.h"
#include "engine/model/row_json.h"
#include "engine/pipeline/echo/comparable.h"
#include "engine/pipeline/echo/written_tables.h"

namespace engine::pipeline {

using journal::DeliveryState;

namespace {

constexpr std::size_t page_changes = 500;
constexpr std::size_t page_deliveries = 5'000;
/// A closed delivery whose effect was not seen for so long was overwritten before a cycle could see it.
constexpr std::int64_t awaited_ms_max = 3'600'000;

/// It was never sent, or the target refused it.
bool had_no_effect(DeliveryState state) {
  return state != DeliveryState::delivered && state != DeliveryState::superseded && !is_open(state);
}

/// The row's key as text that is equal for equal values; none when the values lack a part of it.
std::optional<std::string> key_of(const model::Layout& layout, const model::FieldMap& values) {
  std::string key;
  for (const std::size_t part : layout.key) {
    const auto found = std::find_if(values.begin(), values.end(), [&](const auto& value) { return layout.find(value.first) == part; });
    if (found == values.end()) return std::nullopt;
    const auto text = comparable_text(layout.columns[part].type, found->second);
    if (!text) return std::nullopt;
    key += *text + '\x1f';
  }
  return key;
}

std::string key_of(const model::Layout& layout, const model::RowView& row) {
  std::string key;
  for (const std::size_t part : layout.key) key += comparable_text(layout.columns[part].type, row.text(part)) + '\x1f';
  return key;
}

}  // namespace

void EchoWatch::start(const std::map<std::string, journal::PipelineRow>& rows) {
  watched_.clear();
  for (const auto& [name, writers] : written_tables(instance_)) {
    Watched watched{.name = name};
    for (const std::string& writer : writers) watched.writers.insert(rows.at(writer).id);
    journal_.write([&](journal::Records& records) {
      watched.table_id = records.tables.ensure(watched.name).id;
      const auto known = records.echoes.position(watched.table_id);
      watched.position = known.value_or(journal::Echoes::Position{records.changes.last_seq(), records.deliveries.last_id()});
      if (!known) records.echoes.set_position(watched.table_id, watched.position);
    });
    watched.loaded_to = watched.position.delivery_id;
    {
      auto reader = journal_.read();
      load(*reader, watched);
      drop_consumed(*reader, watched);
    }
    watched_.emplace(watched.table_id, std::move(watched));
  }
}

const model::Layout& EchoWatch::layout(journal::Records& records, std::int64_t layout_id) {
  const auto known = layouts_.find(layout_id);
  return known != layouts_.end() ? known->second : layouts_.emplace(layout_id, records.tables.layout(layout_id).value()).first->second;
}

void EchoWatch::load(journal::Records& records, Watched& watched) {
  const auto table = records.tables.find(watched.name);
  if (!table || !table->layout_id) return;
  const model::Layout& columns = layout(records, *table->layout_id);
  for (;;) {
    auto [planned, to] = records.echoes.planned_after(watched.writers, watched.loaded_to, page_deliveries);
    for (const auto& one : planned) {
      Awaited awaited{.delivery_id = one.id, .created_ms = one.created_ms, .present = one.present};
      awaited.values = model::fields_from_json(one.match);
      if (one.fields) {
        for (auto& [name, value] : model::fields_from_json(*one.fields)) awaited.values.insert_or_assign(name, value);
      }
      if (const auto key = key_of(columns, awaited.values)) watched.awaited[*key].push_back(std::move(awaited));
    }
    if (to == watched.loaded_to) return;
    watched.loaded_to = to;
  }
}

/// After a start: what came back before is awaited no more.
void EchoWatch::drop_consumed(journal::Records& records, Watched& watched) {
  const std::set<std::int64_t> came_back = records.echoes.deliveries_after(watched.position.delivery_id);
  for (auto& [key, all] : watched.awaited) {
    const auto last = std::find_if(all.rbegin(), all.rend(), [&](const Awaited& one) { return came_back.contains(one.delivery_id); });
    all.erase(all.begin(), last.base());
  }
}

void EchoWatch::drop_old(journal::Records& records, Watched& watched) {
  const std::int64_t old_ms = clock_.wall_ms() - awaited_ms_max;
  for (auto at = watched.awaited.begin(); at != watched.awaited.end();) {
    std::deque<Awaited>& all = at->second;
    while (!all.empty() && all.front().created_ms < old_ms) {
      const auto delivery = records.deliveries.find(all.front().delivery_id);
      if (delivery && (is_open(delivery->state) || delivery->updated_ms >= old_ms)) break;
      all.pop_front();
    }
    at = all.empty() ? watched.awaited.erase(at) : std::next(at);
  }
}

std::optional<std::int64_t> EchoWatch::delivery_behind(journal::Records& records, Watched& watched, const model::Change& change) {
  const std::optional<std::string>& image = change.after ? change.after : change.before;
  if (!image) return std::nullopt;
  const model::Layout& columns = layout(records, change.layout_id);
  model::RowBatch batch;
  batch.begin(columns.columns.size());
  model::append_row_from_json(columns, *image, batch);
  const auto found = watched.awaited.find(key_of(columns, batch.row(0)));
  if (found == watched.awaited.end()) return std::nullopt;
  std::deque<Awaited>& all = found->second;
  for (auto one = all.rbegin(); one != all.rend(); ++one) {
    const bool fits = one->present ? change.after && holds_what_was_written(columns, batch.row(0), one->values) : !change.after;
    if (!fits) continue;
    const auto delivery = records.deliveries.find(one->delivery_id);
    if (!delivery || had_no_effect(delivery->state)) continue;
    const std::int64_t id = one->delivery_id;
    all.erase(all.begin(), one.base());
    return id;
  }
  return std::nullopt;
}

bool EchoWatch::look_at(Watched& watched) {
  std::vector<Echo> echoes;
  journal::Echoes::Position position = watched.position;
  std::size_t looked_at = 0;
  {
    auto reader = journal_.read();
    const std::vector<model::Change> changes = reader->changes.after(watched.table_id, watched.position.seq, page_changes);
    if (changes.empty()) return false;
    // After the changes were read: whatever caused one of them was planned before.
    load(*reader, watched);
    for (const model::Change& change : changes) {
      if (const auto delivery = delivery_behind(*reader, watched, change)) echoes.emplace_back(change.seq, *delivery);
    }
    drop_old(*reader, watched);
    looked_at = changes.size();
    position.seq = changes.back().seq;
  }
  position.delivery_id = watched.loaded_to;
  for (const auto& [key, all] : watched.awaited) {
    if (!all.empty()) position.delivery_id = std::min(position.delivery_id, all.front().delivery_id - 1);
  }
  journal_.write([&](journal::Records& records) {
    for (const auto& [seq, delivery] : echoes) records.echoes.add(seq, delivery);
    records.echoes.set_position(watched.table_id, position);
  });
  watched.position = position;
  if (!echoes.empty()) count("datapicker_echoes_total", {{"table", watched.name}}, static_cast<double>(echoes.size()));
  return looked_at == page_changes;
}

bool EchoWatch::look() {
  bool more = false;
  for (auto& [table_id, watched] : watched_) {
    try {
      more = look_at(watched) || more;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::journal_full) throw;
      // What was found is not written: it is looked for again, from what the journal has.
      watched.awaited.clear();
      watched.loaded_to = watched.position.delivery_id;
      auto reader = journal_.read();
      load(*reader, watched);
      drop_consumed(*reader, watched);
    }
  }
  return more;
}

std::optional<std::int64_t> EchoWatch::limit(std::int64_t table_id) const {
  const auto watched = watched_.find(table_id);
  if (watched == watched_.end()) return std::nullopt;
  return watched->second.position.seq;
}

}  // namespace engine::pipeline
