#include "test/engine/capture/captured_table.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/model/key.h"
#include "engine/model/row_json.h"
#include "test/support/random_rows.h"

namespace test {

using namespace engine;

TemporaryFolder::TemporaryFolder() {
  // In memory where there is such a folder: hundreds of journals are written, and no disk needs to keep them.
  const std::filesystem::path memory = "/dev/shm";
  const auto parent = std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
  std::string name = (parent / "datapicker-capture-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  path = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

CapturedTable::CapturedTable(model::Layout layout, std::size_t chunk_rows) : source(std::move(layout)) {
  set_log_level(LogLevel::error);
  definition.name = "customers";
  definition.capture.chunk_rows = chunk_rows;
  path_ = folder_.path / "journal.db";
}

void CapturedTable::open() {
  if (journal) return;
  journal = journal::Journal::open({.path = path_});
  mode_ = capture::make_capture_mode(definition, *journal, clock);
}

capture::SelectedRows CapturedTable::read_again(const std::vector<std::string>& keys) {
  capture::Selection selection;
  for (const std::string& key : keys) selection.keys.push_back(selected(key));
  return mode_->read_again(source, selection, stop, progress);
}

capture::Selection::Key CapturedTable::selected(const std::string& key) {
  model::RowBatch batch;
  batch.begin(source.layout.columns.size());
  append({key, std::nullopt, std::nullopt}, batch);
  std::string encoded;
  model::encode_key(source.layout, batch.row(0), encoded);
  const auto image = journal->read()->images.find(row()->id, encoded);
  const bool has_locator = image && image->locator;
  return {encoded, has_locator ? model::source_key_from_json(*image->locator) : model::SourceKey{{key}}};
}

std::vector<capture::ChunkRows> CapturedTable::read_range(const std::optional<std::string>& first, const std::optional<std::string>& last, std::size_t chunk_rows) {
  capture::KeyChunk chunk{.rows = chunk_rows};
  if (first) chunk.first = selected(*first);
  if (last) chunk.up_to = selected(*last).source_key;
  std::vector<capture::ChunkRows> chunks;
  do {
    source.statements.clear();
    chunks.push_back(mode_->read_chunk(source, chunk, stop));
    chunk.after = chunks.back().last;
  } while (chunk.after);
  return chunks;
}

void CapturedTable::close() {
  mode_.reset();
  journal.reset();
}

void CapturedTable::restart() {
  close();
  open();
}

void CapturedTable::restart_from(const std::filesystem::path& journal_copy) {
  close();
  path_ = journal_copy;
  open();
}

capture::CycleResult CapturedTable::cycle() {
  open();
  clock.advance(1'000);
  source.statements.clear();
  try {
    return mode_->run_cycle(source, stop, progress);
  } catch (const Error&) {
    source.close();
    throw;
  }
}

std::vector<model::Change> CapturedTable::changes_after(std::int64_t seq) {
  return journal->read()->changes.page(seq, 1'000'000, false);
}
std::vector<model::Change> CapturedTable::changes() { return changes_after(0); }
std::int64_t CapturedTable::last_seq() { return journal->read()->changes.last_seq(); }
std::optional<journal::SourceTable> CapturedTable::row() { return journal->read()->tables.find(definition.name); }
std::vector<journal::Cycle> CapturedTable::cycles() { return journal->read()->cycles.latest(row()->id, 1000); }
std::int64_t CapturedTable::images() { return journal->read()->images.count(row()->id); }

std::string CapturedTable::key_json(const Cells& row) const {
  model::RowBatch batch;
  batch.begin(source.layout.columns.size());
  append(row, batch);
  return model::key_json(source.layout, batch.row(0));
}

std::map<std::string, std::string> CapturedTable::imaged() {
  std::map<std::string, std::string> state;
  auto lease = journal->read();
  for (const auto& image : lease->images.page(lease->tables.find(definition.name)->id, 0, 1'000'000)) {
    model::RowBatch batch;
    batch.begin(source.layout.columns.size());
    model::append_row_from_json(source.layout, image.image, batch);
    CHECK(state.emplace(model::key_json(source.layout, batch.row(0)), image.image).second);
    CHECK(image.digest == model::digest_of(batch.row(0)));
  }
  return state;
}

std::map<std::string, std::string> CapturedTable::held() {
  std::map<std::string, std::string> state;
  for (const Cells& row : source.rows) {
    model::RowBatch batch;
    batch.begin(source.layout.columns.size());
    append(row, batch);
    state[key_json(row)] = model::row_json(source.layout, batch.row(0));
  }
  return state;
}

std::map<std::string, std::string> CapturedTable::applied(std::map<std::string, std::string> state,
                                                          const std::vector<model::Change>& changes) {
  for (const model::Change& change : changes) {
    const auto found = state.find(change.key);
    const bool known = found != state.end();
    const bool adds = change.operation == model::Operation::insert || change.operation == model::Operation::snapshot;
    CHECK(known != adds);
    CHECK(change.before.has_value() == known);
    if (known && change.before) CHECK(*change.before == found->second);
    CHECK((change.changed_columns != "[]") == (change.operation == model::Operation::update));
    if (change.after) {
      state[change.key] = *change.after;
    } else {
      state.erase(change.key);
    }
  }
  return state;
}

model::Layout small_layout(model::ColumnType key) {
  model::Layout layout = layout_of({key, model::ColumnType::text, model::ColumnType::text}, 1);
  layout.columns[0].name = "k";
  layout.columns[1].name = "a";
  layout.columns[2].name = "b";
  return layout;
}

void fill(CapturedTable& table, const std::vector<std::string>& keys) {
  for (const auto& key : keys) table.source.put({key, "a", "b"});
}

std::vector<std::string> told(const std::vector<model::Change>& changes) {
  std::vector<std::string> lines;
  for (const auto& change : changes) lines.push_back(std::string(name_of(change.operation)) + " " + change.key);
  return lines;
}

std::vector<std::string> news(CapturedTable& table) {
  const std::int64_t before = table.last_seq();
  table.cycle();
  return told(table.changes_after(before));
}

}  // namespace test
