#include "engine/operate/review/plan/page_work.h"

#include <algorithm>

#include "engine/model/row_json.h"

namespace engine::operate {

std::optional<model::RowView> PageWork::read(const std::optional<std::string>& image, std::int64_t layout_id, const OlderLayouts& older,
                                             model::RowBatch& into) const {
  into.begin(layout_.columns.size());
  if (!image) return std::nullopt;
  const auto made_with = older.find(layout_id);
  made_with == older.end() ? model::append_row_from_json(layout_, *image, into) : made_with->second.append_row(*image, into);
  return into.row(0);
}

PastRow PageWork::read(const model::Change& change, const OlderLayouts& older) {
  return {.change = change,
          .after = read(change.after, change.layout_id, older, after_),
          .before = read(change.before, change.layout_id, older, before_),
          .time_ms = change.source_time_ms.value_or(change.captured_ms)};
}

CallDifference PageWork::explain(std::size_t pipeline, const model::Change& change, const OlderLayouts& older) {
  return comparisons_[pipeline]->explain(read(change, older));
}

std::vector<std::vector<Compared>> PageWork::compare(std::span<const model::Change> changes, const OlderLayouts& older) {
  std::vector<std::vector<Compared>> results(comparisons_.size());
  for (auto& each : results) each.reserve(changes.size());
  for (const model::Change& change : changes) {
    const PastRow row = read(change, older);
    for (std::size_t i = 0; i < comparisons_.size(); ++i) results[i].push_back(comparisons_[i]->compare(row));
  }
  return results;
}

PageUnderWay::PageUnderWay(std::vector<PageWork>& workers, std::vector<model::Change> changes, OlderLayouts older)
    : changes_(std::move(changes)), older_(std::move(older)), results_(workers.size()), failures_(workers.size()) {
  const std::size_t share = (changes_.size() + workers.size() - 1) / workers.size();
  for (std::size_t i = 0; i < workers.size(); ++i) {
    const std::size_t begin = std::min(i * share, changes_.size());
    const std::span<const model::Change> part(changes_.data() + begin, std::min(share, changes_.size() - begin));
    threads_.emplace_back([this, i, part, &worker = workers[i]] {
      try {
        results_[i] = worker.compare(part, older_);
      } catch (...) {
        failures_[i] = std::current_exception();
      }
    });
  }
}

PageUnderWay::~PageUnderWay() {
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::vector<std::vector<std::vector<Compared>>> PageUnderWay::wait() {
  for (std::thread& thread : threads_) thread.join();
  for (const std::exception_ptr& failure : failures_) {
    if (failure) std::rethrow_exception(failure);
  }
  return std::move(results_);
}

}  // namespace engine::operate
