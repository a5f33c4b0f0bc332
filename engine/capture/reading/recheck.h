// Reads rows again by their keys: what a pass only suspects is never journaled on suspicion.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/capture/reading/cycle_writer.h"
#include "engine/capture/reading/keyed_batch.h"

namespace engine::capture {

class Recheck {
 public:
  Recheck(model::Source& source, const model::TableRequest& request, const model::TableShape& shape,
          journal::Journal& journal, const TrackedTable& table, CycleWriter& writer, const StopSignal& stop);

  struct Suspect {
    std::string key;  ///< encoded; a suspect comes once
    model::SourceKey source_key;
    bool found = false;
  };
  /// Sets `found` where a row with exactly that encoded key is there now (a server may answer with rows whose keys it merely
  /// compares as equal), and gives the writer what differs from its image. Nothing of these keys may wait in the
  /// writer. Throws source_bad_data when two rows share a key.
  void look(std::span<Suspect> suspects);
  /// Once more, by the key as the image has it: padding may have changed since the locator was stored, and nothing else with it.
  void look_by_canonical_key(Suspect& suspect, const journal::RowImage& image);

  std::size_t keys_max() const { return source_.keys_max(); }

 private:
  void look_at_group(std::span<Suspect> suspects);
  void take(std::size_t index, Suspect& suspect);

  model::Source& source_;
  const model::TableRequest& request_;
  const model::TableShape& shape_;
  journal::Journal& journal_;
  const TrackedTable& table_;
  CycleWriter& writer_;
  const StopSignal& stop_;
  model::RowBatch rows_;
  KeyedBatch keys_;
  model::RowBatch image_row_;
};

/// The key of an image as the source gave it, to be bound there. `row` is memory for the image.
model::SourceKey source_key_of(const model::Layout& layout, const journal::RowImage& image, model::RowBatch& row);
/// The same in canonical form.
model::SourceKey canonical_source_key(const model::Layout& layout, const std::string& image, model::RowBatch& row);

void stop_if_asked(const StopSignal& stop);

}  // namespace engine::capture
