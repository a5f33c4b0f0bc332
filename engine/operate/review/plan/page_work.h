// Recorded changes of one table through both configurations, a page at a time, on several threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "engine/model/older_layout.h"
#include "engine/operate/review/plan/comparison.h"

namespace engine::operate {

/// How images of other layouts than today's are read, by layout; none is needed for today's.
using OlderLayouts = std::map<std::int64_t, model::OlderLayout>;

/// One thread's: all comparisons of a table, one a pipeline.
class PageWork {
 public:
  PageWork(const model::Layout& layout, std::vector<std::unique_ptr<Comparison>> comparisons)
      : layout_(layout), comparisons_(std::move(comparisons)) {}

  /// Results by pipeline, one of each change.
  std::vector<std::vector<Compared>> compare(std::span<const model::Change> changes, const OlderLayouts& older);
  CallDifference explain(std::size_t pipeline, const model::Change& change, const OlderLayouts& older);

 private:
  PastRow read(const model::Change& change, const OlderLayouts& older);
  std::optional<model::RowView> read(const std::optional<std::string>& image, std::int64_t layout_id, const OlderLayouts& older,
                                     model::RowBatch& into) const;

  const model::Layout& layout_;
  std::vector<std::unique_ptr<Comparison>> comparisons_;
  model::RowBatch after_;
  model::RowBatch before_;
};

/// A page that is being compared; the next one may be read meanwhile. What a thread throws is thrown by `wait`.
class PageUnderWay {
 public:
  PageUnderWay(std::vector<PageWork>& workers, std::vector<model::Change> changes, OlderLayouts older);
  ~PageUnderWay();

  /// Results of a stretch of the page after the other, each by pipeline.
  std::vector<std::vector<std::vector<Compared>>> wait();
  const std::vector<model::Change>& changes() const { return changes_; }

 private:
  std::vector<model::Change> changes_;
  OlderLayouts older_;
  std::vector<std::vector<std::vector<Compared>>> results_;
  std::vector<std::exception_ptr> failures_;
  std::vector<std::thread> threads_;
};

}  // namespace engine::operate
