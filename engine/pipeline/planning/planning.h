// From a change to a delivery: mapping one pipeline's changes and planning what its target records should become.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/journal/journal.h"
#include "engine/map/mapper.h"
#include "engine/model/older_layout.h"
#include "engine/model/row.h"
#include "engine/settings/pipeline_definition.h"

namespace engine::pipeline {

/// Flat JSON of mapped fields, with those replaced that the connection redirects: a trial reaches nobody else.
std::string redirected(std::string fields, const model::FieldMap& redirect);

/// How people are told of it.
std::string not_met(const settings::GuardRule& rule);

/// What became of one change of a pipeline. `delivery` is none where nothing has to happen: the row is outside `where` and was
/// never at the target.
struct PlannedChange {
  std::int64_t seq = 0;
  std::optional<journal::Delivery> delivery;
  std::optional<std::string> moved_from{};  ///< the key that the row had before
  bool moved_away = false;                  ///< the row goes on under another key, of which a change before this one told
};

/// Changes of one transaction, or of several that cannot be told apart.
struct TogetherGroup {
  std::string transaction;           ///< of the first of them; empty: the source did not tell
  std::size_t size = 0;              ///< changes in all
  std::size_t planned = 0;           ///< of those, before
  std::size_t count = 0;             ///< of those, in this page
  bool apart = false;                ///< of more rows than `together_max`: each goes alone
  std::optional<std::int64_t> bundle_id;  ///< the row that says how much was planned before
};

/// Changes of one table behind a position, as of one moment, and what becomes of them: planned in one transaction of the journal.
struct PlanningPage {
  std::vector<model::Change> changes;         ///< in order; of `groups`: one group after the other
  std::set<std::int64_t> passed_over;         ///< of those: what we wrote there ourselves, and what has nothing to tell
  std::vector<PlannedChange> planned;         ///< one of each change, once they are mapped
  std::int64_t position = 0;                  ///< the pipeline's once it is planned
  std::optional<std::int64_t> open_cycle{};   ///< of the table, when the changes were read
  bool is_last = true;                        ///< nothing stood behind them
  std::int64_t read_ms = 0;                   ///< wall clock
  std::int64_t cycle_id = 0;                  ///< of `groups`
  std::vector<TogetherGroup> groups{};        ///< none: each change goes alone
  bool ends_cycle = false;                    ///< of `groups`: nothing of the cycle is left; else the position stays as it was
  bool is_whole_cycle = false;                ///< of `groups`: nothing of it was planned before, either
};

/// One pipeline over one layout of its table, compiled. Used by one thread at a time.
class Planning {
 public:
  /// Null when an expression does not compile; the reasons are in `diagnostics`.
  static std::unique_ptr<Planning> compile(const settings::PipelineDefinition& pipeline, const model::Layout& layout,
                                           settings::Diagnostics& diagnostics);

  /// How changes and images that were made with that layout are read; to be called before they are mapped, unless it is the one compiled for.
  void learn(journal::Records& records, std::int64_t layout_id);
  /// What was made with it lacks a column that the pipeline reads, or has it in another type.
  bool lacks_columns(std::int64_t layout_id) const;
  enum class Renewal : std::uint8_t {
    done,   ///< the change can be mapped
    wait,   ///< its row was not read with these columns yet
    moved,  ///< the row is gone, or has another key: a later change tells
  };
  /// Makes a change that lacks columns one of the row as it is now. A message is of its moment, and a delete needs no columns: they stay as
  /// they are.
  Renewal renew(journal::Records& records, model::Change& change);

  /// Maps one change, without the journal. Columns it lacks are NULL. Never throws for what the data holds.
  PlannedChange map_change(const journal::PipelineRow& row, const model::Change& change, const Clock& clock);
  /// Whether anything follows from it: what is not at the target need not leave it.
  static bool is_news(journal::Records& records, const PlannedChange& planned);
  /// Stores what was mapped, on the writer thread; with a bundle, as parts of it.
  static void store(journal::Records& records, std::span<const PlannedChange> planned, std::optional<std::int64_t> bundle_id = std::nullopt);

  /// Maps a row as it was last seen, as if it had just come: for what is sent again without a change. `seq` and generation are the
  /// caller's to set. Never throws for what the image holds.
  journal::Delivery map_image(const journal::PipelineRow& row, const journal::RowImage& image, const Clock& clock);

  /// Maps the newest state of a delivery's key anew (for messages: the change it stood for) and plans it as a new
  /// generation. The old one becomes superseded, but for one whose transaction waits for it: that one keeps its place and its change. Returns the
  /// delivery's id, or none when nothing has to be sent.
  std::optional<std::int64_t> plan_again(journal::Records& records, const journal::Delivery& old, const Clock& clock);

  const std::string& fingerprint() const { return mapper_->fingerprint(); }
  const settings::PipelineDefinition& definition() const { return pipeline_; }

  /// Plans what was not asked for by a change. Of a paused pipeline it is held from the start: pending, it could leave before the pause
  /// is looked at again. Returns the delivery's id.
  std::int64_t plan_under_pauses(journal::Records& records, journal::Delivery& delivery) const;

  /// Whether a record that was wanted gone can be there by our hand.
  static bool may_be_at_target(journal::Records& records, const journal::Delivery& delivery);

 private:
  Planning(const settings::PipelineDefinition& pipeline, const model::Layout& layout, std::unique_ptr<map::Mapper> mapper);
  map::MapOutcome map_images(const std::optional<std::string>& after, const std::optional<std::string>& before,
                             std::int64_t layout_id, std::int64_t time_ms);
  void hold_under_pauses(journal::Records& records, journal::Delivery& delivery) const;
  bool put_back(journal::Records& records, const journal::Delivery& old, const PlannedChange& planned) const;
  void fill(journal::Delivery& delivery, map::MapOutcome outcome, std::int64_t captured_ms) const;
  std::optional<std::string> key_before(const model::Change& change);

  settings::PipelineDefinition pipeline_;
  model::Layout layout_;
  model::Layout key_layout_;
  std::unique_ptr<map::Mapper> mapper_;
  struct Older {
    model::OlderLayout layout;
    bool lacks = false;
  };
  std::map<std::int64_t, Older> older_;
  model::RowBatch after_;
  model::RowBatch before_;
};

}  // namespace engine::pipeline
