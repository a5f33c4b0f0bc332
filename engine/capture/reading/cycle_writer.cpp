#include "engine/capture/reading/cycle_writer.h"

#include "engine/base/error.h"
#include "engine/model/row_json.h"

namespace engine::capture {

namespace {

constexpr std::int64_t note_every_ms = 60'000;

std::optional<model::Operation> operation_of_insert(bool snapshot, settings::Initial initial) {
  if (!snapshot) return model::Operation::insert;
  if (initial == settings::Initial::deliver) return model::Operation::snapshot;
  return std::nullopt;
}

}  // namespace

CycleWriter::CycleWriter(journal::Journal& journal, const Clock& clock, const TrackedTable& table, settings::Initial initial,
                         PassBitmap& seen)
    : journal_(journal),
      clock_(clock),
      table_(table),
      insert_operation_(operation_of_insert(table.position.snapshot, initial)),
      seen_(seen),
      cycle_id_(table.open_cycle),
      moved_(journal, table),
      older_(journal, table),
      key_layout_(model::key_layout(table.layout)) {
  result_.snapshot = table.position.snapshot;
}

void CycleWriter::insert(const SeenRow& seen) {
  if (is_visible_ && !is_visible_(seen.row) && !moved_.has_come(seen.key)) ++result_.healed.inserts;
  Found found{.effect = Effect::insert,
              .operation = insert_operation_,
              .image = image_of(seen),
              .key = insert_operation_ ? model::key_json(table_.layout, seen.row) : std::string(),
              .range = seen_.recorded()};
  found.provenance = provenance_of(found);
  if (moved_.is_watched()) return moved_.came(std::move(found), seen.row);
  insert_keys_.emplace(seen.key);
  keep(std::move(found));
}

void CycleWriter::update(journal::RowImage before, const SeenRow& seen) {
  moved_.is_there(seen.key);
  Found found{.effect = Effect::update, .image = image_of(seen)};
  found.image.ordinal = before.ordinal;
  if (auto changed = changed_names(before, found.image.image)) {
    found.operation = model::Operation::update;
    found.key = model::key_json(table_.layout, seen.row);
    found.before = std::move(before.image);
    found.changed = std::move(*changed);
    if (is_visible_ && !is_visible_(seen.row)) ++result_.healed.updates;
  }
  hold(std::move(found));
}

void CycleWriter::erase(journal::RowImage image) {
  if (is_visible_) ++result_.healed.deletes;
  // The key alone: the other columns may be those of an older layout.
  compared_.begin(key_layout_.columns.size());
  model::append_row_from_json(key_layout_, image.image, compared_);
  Found found{.effect = Effect::erase,
              .operation = model::Operation::delete_,
              .image = std::move(image),
              .key = model::key_json(key_layout_, compared_.row(0))};
  found.before = std::move(found.image.image);
  found.provenance = provenance_of(found);
  moved_.is_watched() ? moved_.went(std::move(found)) : keep(std::move(found));
}

void CycleWriter::settle_moves() {
  commit(std::nullopt);
  if (moved_.empty()) return;
  for (const auto& [came, went] : moved_.pairs()) become_move(came->found, went->found);
  for (auto* rows : {&moved_.came(), &moved_.went()}) {
    for (auto& [key, row] : *rows) {
      row.found.provenance = row.provenance ? &*row.provenance : nullptr;
      keep(std::move(row.found));
    }
  }
  commit(std::nullopt);
  moved_.clear();
}

/// As two images, since a key leads to each: the new one is made before the old one goes. The delete says with its columns that the row goes on.
void CycleWriter::become_move(Found& came, Found& went) {
  journal::RowImage before{.layout_id = went.image.layout_id, .image = *went.before};
  if (auto changed = changed_names(before, came.image.image)) came.changed = std::move(*changed);
  came.operation = model::Operation::update;
  came.before = std::move(before.image);
  went.changed = came.changed;
}

journal::RowImage CycleWriter::image_of(const SeenRow& seen) const {
  return {.table_id = table_.row.id,
          .layout_id = table_.layout_id,
          .key = std::string(seen.key),
          .digest = seen.digest,
          .image = model::row_json(table_.layout, seen.row),
          .locator = locator_of(seen)};
}

/// Only where the source gave the key in other bytes than its canonical form, such as padded CHARs.
std::optional<std::string> CycleWriter::locator_of(const SeenRow& seen) const {
  const auto& key = table_.layout.key;
  bool same = seen.source_key.parts.size() == key.size();
  for (std::size_t i = 0; same && i < key.size(); ++i) same = seen.source_key.parts[i] == seen.row.text(key[i]);
  if (same) return std::nullopt;
  return model::source_key_json(seen.source_key);
}

/// Images are compared rather than rows: what people read in the journal decides what a change is. None when they are equal. A change has one
/// layout: an older image becomes what it says in today's.
std::optional<std::string> CycleWriter::changed_names(journal::RowImage& before, const std::string& after) {
  compared_.begin(table_.layout.columns.size());
  const model::OlderLayout& made_with = older_.of(before.layout_id);
  made_with.append_row(before.image, compared_);
  model::append_row_from_json(table_.layout, after, compared_);
  const std::vector<std::string> changed = older_.changed_columns(made_with, compared_.row(0), compared_.row(1));
  if (!changed.empty() && before.layout_id != table_.layout_id) before.image = model::row_json(table_.layout, compared_.row(0));
  if (changed.empty()) return std::nullopt;
  std::string names = "[";
  for (const std::string& name : changed) {
    if (names.size() > 1) names += ',';
    model::append_json_string(name, names);
  }
  return names += ']';
}

void CycleWriter::attribute(Provenances provenances) {
  ENGINE_ASSERT(found_.empty());
  provenances_ = std::move(provenances);
}

const model::Provenance* CycleWriter::provenance_of(const Found& found) const {
  const auto known = provenances_.find(found.image.key);
  return known == provenances_.end() ? nullptr : &known->second;
}

void CycleWriter::hold(Found found) {
  found.provenance = provenance_of(found);
  keep(std::move(found));
}

void CycleWriter::keep(Found found) {
  bytes_ += sizeof found + found.image.image.size() + found.image.key.size() + found.key.size();
  if (found.before) bytes_ += found.before->size();
  count(found);
  found_.push_back(std::move(found));
}

void CycleWriter::count(const Found& found) {
  if (found.effect == Effect::insert) ++growth_;
  if (found.effect == Effect::erase) --growth_;
  if (!found.operation) return;
  switch (*found.operation) {
    case model::Operation::insert:
    case model::Operation::snapshot: ++result_.inserts; break;
    case model::Operation::update: ++result_.updates; break;
    case model::Operation::delete_: ++result_.deletes; break;
  }
}

/// Journals one finding; returns the ordinal of a new image, else 0. Texts are moved through the change, not copied.
std::int64_t CycleWriter::apply(journal::Records& records, std::int64_t cycle_id, std::int64_t now_ms, Found& found) {
  journal::RowImage& image = found.image;
  if (found.operation) {
    model::Change change{.table_id = table_.row.id,
                         .layout_id = image.layout_id,
                         .cycle_id = cycle_id,
                         .key = std::move(found.key),
                         .operation = *found.operation,
                         .before = std::move(found.before),
                         .changed_columns = std::move(found.changed),
                         .captured_ms = now_ms};
    if (found.effect != Effect::erase) change.after = std::move(image.image);
    if (found.provenance != nullptr) {
      change.source_transaction = found.provenance->transaction;
      change.source_time_ms = found.provenance->time_ms;
      change.source_user = found.provenance->user;
    }
    records.changes.append(change);
    if (found.effect != Effect::erase) image.image = std::move(*change.after);
  }
  switch (found.effect) {
    case Effect::insert: return records.images.insert(image);
    case Effect::update:
      records.images.update(image.ordinal, image.layout_id, image.digest, image.image, image.locator);
      break;
    case Effect::erase: records.images.erase(image.ordinal); break;
  }
  return 0;
}

void CycleWriter::write(const std::optional<model::SourceKey>& up_to) {
  commit(up_to);
  if (moved_.is_full()) settle_moves();
}

// One transaction: a checkpoint without its changes would lose them, images without changes would hide them.
void CycleWriter::commit(const std::optional<model::SourceKey>& up_to) {
  if (found_.empty() && !up_to) return;
  const std::int64_t now = clock_.wall_ms();
  std::optional<std::int64_t> cycle = cycle_id_;
  std::vector<std::pair<std::int64_t, OrdinalRuns*>> made;
  journal_.write([&](journal::Records& records) {
    const bool changes = result_.inserts + result_.updates + result_.deletes > 0;
    if (!cycle && changes) cycle = records.cycles.start(table_.row.id, table_.position.snapshot ? "snapshot" : kind_, now);
    for (Found& found : found_) {
      if (const std::int64_t ordinal = apply(records, cycle.value_or(0), now, found)) made.emplace_back(ordinal, found.range.get());
    }
    if (cycle) {
      write_ties(records, *cycle);
      records.cycles.add(*cycle, result_.rows_read - written_.rows_read, result_.inserts - written_.inserts,
                         result_.updates - written_.updates, result_.deletes - written_.deletes);
    }
    if (up_to) records.tables.save_checkpoint(table_.row.id, position_text({.snapshot = true, .after = up_to}), now);
  });
  cycle_id_ = cycle;
  if (cycle) ties_.clear();
  written_ = result_;
  for (const auto& [ordinal, range] : made) seen_.mark(ordinal, range);
  found_.clear();
  insert_keys_.clear();
  bytes_ = 0;
}

void CycleWriter::write_ties(journal::Records& records, std::int64_t cycle_id) const {
  for (const auto& [transaction, to] : ties_) records.cycles.tie(cycle_id, transaction, to);
}

void CycleWriter::finish(std::int64_t rows_in_table, const Position& position) {
  write();
  const std::int64_t now = clock_.wall_ms();
  const bool moved = position != table_.position;
  // A first snapshot that went on did not see the rows before its checkpoint: the next pass renews their images.
  const bool renewed = table_.row.renewing && !table_.position.snapshot;
  if (!cycle_id_ && !moved && !renewed && !worth_noting(now)) return;
  journal_.write([&](journal::Records& records) {
    if (cycle_id_) {
      write_ties(records, *cycle_id_);
      records.cycles.add(*cycle_id_, result_.rows_read - written_.rows_read, 0, 0, 0);
      records.cycles.close(*cycle_id_, now);
    }
    if (moved) records.tables.save_checkpoint(table_.row.id, position_text(position), now);
    if (renewed) records.tables.set_renewing(table_.row.id, false);
    if (table_.row.state != "watching") records.tables.set_state(table_.row.id, "watching", "");
    records.tables.cycle_done(table_.row.id, now, rows_in_table);
  });
}

/// The clock may have been set back: what lies in the future is as old as can be.
bool CycleWriter::worth_noting(std::int64_t now_ms) const {
  const std::int64_t last = table_.row.last_cycle_ms;
  return table_.row.state != "watching" || now_ms < last || now_ms - last >= note_every_ms;
}

}  // namespace engine::capture
