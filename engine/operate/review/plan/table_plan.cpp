#include "engine/operate/review/plan/table_plan.h"

#include <algorithm>
#include <deque>

#include "engine/operate/instance_access.h"
#include "engine/operate/review/plan/page_work.h"

namespace engine::operate {

namespace {

constexpr std::size_t page_changes = 4'000;
constexpr unsigned threads_max = 8;

/// The last change before that time: times of capture grow with the log, but for a clock that was set back.
std::int64_t position_before(journal::Records& records, std::int64_t table_id, std::int64_t since_ms) {
  std::int64_t low = 0;
  std::int64_t high = records.changes.last_seq();
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    const auto captured = records.changes.captured_ms_after(table_id, middle);
    if (captured && *captured < since_ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/// One pipeline's half of the table: what was counted so far.
struct Counting {
  PipelinePlan plan;
  PastGuard guard_now;
  PastGuard guard_then;
  PastRecords records_now;
  PastRecords records_then;
  std::map<DifferenceKind, std::deque<std::int64_t>> samples;  ///< the newest of each kind, by seq
};

class TablePlanning {
 public:
  TablePlanning(const PlanSurroundings& surroundings, const std::string& table, const std::vector<PipelinePair>& pairs)
      : in_(surroundings), table_name_(table), pairs_(pairs) {}

  TablePlan run(std::int64_t done) {
    const auto row = table_row();
    if (!row || !row->layout_id) return never_read();
    table_ = *row;
    layout_ = *in_.records.tables.layout(*table_.layout_id);
    for (const PipelinePair& pair : pairs_) counting_.push_back(begin(pair));
    std::vector<PageWork> workers = make_workers();
    compare_all(workers, done);
    TablePlan result{.changes = changes_, .pipelines = {}};
    for (std::size_t pair = 0; pair < counting_.size(); ++pair) {
      explain_samples(workers.front(), pair);
      result.pipelines.push_back(finish(counting_[pair]));
    }
    return result;
  }

 private:
  std::optional<journal::SourceTable> table_row() const {
    auto row = in_.records.tables.find(table_name_);
    const auto edited = in_.then.tables.find(table_name_);
    if (!row && edited != in_.then.tables.end()) row = in_.records.tables.find(edited->second.renamed_from);
    return row;
  }

  TablePlan never_read() const {
    TablePlan result;
    for (const PipelinePair& pair : pairs_) {
      result.pipelines.push_back(named(pair));
      result.pipelines.back().notes.push_back("table " + table_name_ + " was never read: nothing of it is recorded");
    }
    return result;
  }

  static PipelinePlan named(const PipelinePair& pair) {
    using Known = PipelinePlan::Known;
    const Known known = pair.now == nullptr ? Known::only_then : pair.then == nullptr ? Known::only_now : Known::both;
    return {.pipeline = pair.any().name, .table = pair.table(), .known = known};
  }

  Counting begin(const PipelinePair& pair) const {
    PipelinePlan plan = named(pair);
    if (in_.now.tables.contains(table_name_) && !in_.sameness.is_table_same(table_name_)) {
      plan.notes.push_back("table " + table_name_ + " is edited, too: its changes are shown as they were read so far");
    }
    const PastKnowledge known = known_of(pair);
    return {std::move(plan), guard_of(pair.now, in_.now, known), guard_of(pair.then, in_.then, known), PastRecords(pair.now), PastRecords(pair.then), {}};
  }

  /// An edited pipeline begins with what today's has learnt; a new one knows nothing.
  PastKnowledge known_of(const PipelinePair& pair) const {
    const auto row = pair.now == nullptr ? std::nullopt : in_.records.pipelines.find(pair.now->name);
    if (!row) return {.live = in_.records.images.count(table_.id)};
    return {.live = in_.records.pipelines.live_records(row->id),
            .learns_since_ms = in_.records.effect_hours.since(row->id),
            .known_since_ms = in_.now_ms - journal::EffectHours::kept_ms,
            .lessons = in_.records.effect_hours.lessons(row->id),
            .announced = in_.records.guarding.announced(row->id, in_.since_ms)};
  }

  PastGuard guard_of(const settings::PipelineDefinition* pipeline, const settings::Instance& instance, const PastKnowledge& known) const {
    const auto table = instance.tables.find(table_name_);
    const bool together = pipeline != nullptr && pipeline->deliver == settings::DeliverPolicy::together;
    const bool follows_log = table != instance.tables.end() && table->second.capture.mode == "tail" && !together;
    settings::MassChange limits;
    limits.deletes.is_set = limits.rhythm.is_on = false;
    if (pipeline != nullptr) limits = pipeline->mass_change;
    return PastGuard(limits, follows_log, known, [this](std::int64_t first, std::int64_t last) {
      return in_.records.changes.count_rows(table_.id, first, last);
    });
  }

  /// Each thread has mappers of its own. Today's mapping may not fit its table any more: then it calls nothing, as it does.
  std::vector<PageWork> make_workers() {
    const unsigned wanted = in_.options.threads > 0 ? in_.options.threads : std::thread::hardware_concurrency();
    std::vector<PageWork> workers;
    for (unsigned i = 0; i < std::clamp(wanted, 1U, threads_max); ++i) {
      std::vector<std::unique_ptr<Comparison>> comparisons;
      for (std::size_t pair = 0; pair < pairs_.size(); ++pair) comparisons.push_back(comparison_of(pair, i == 0));
      workers.emplace_back(layout_, std::move(comparisons));
    }
    return workers;
  }

  std::unique_ptr<Comparison> comparison_of(std::size_t index, bool is_first) {
    const PipelinePair& pair = pairs_[index];
    settings::Diagnostics problems_now, problems_then;
    auto now = pair.now == nullptr ? nullptr : PastSide::make(in_.now, *pair.now, layout_, problems_now);
    auto then = pair.then == nullptr ? nullptr : PastSide::make(in_.then, *pair.then, layout_, problems_then);
    if (!problems_then.ok()) throw InvalidConfiguration(std::move(problems_then));
    if (is_first && !problems_now.ok()) {
      counting_[index].plan.notes.push_back("today's mapping does not fit its table and calls nothing: " +
                                            settings::diagnostic_text(problems_now.all().front()));
    }
    const bool same_sending = pair.now != nullptr && pair.then != nullptr && in_.sameness.is_sending_same(*pair.now, *pair.then);
    return std::make_unique<Comparison>(std::move(now), std::move(then), layout_, same_sending);
  }

  /// `more` is false when there was nothing left to read; what is no change of the pipelines' is left out.
  std::vector<model::Change> read_page(std::int64_t& position, bool& more) const {
    std::vector<model::Change> page = in_.records.changes.after(table_.id, position, page_changes);
    more = !page.empty();
    if (more) position = page.back().seq;
    const bool may_hold_echoes = in_.records.echoes.position(table_.id).has_value();
    std::erase_if(page, [&](const model::Change& change) {
      return change.captured_ms < in_.since_ms || (may_hold_echoes && in_.records.echoes.delivery_of(change.seq));
    });
    return page;
  }

  OlderLayouts older_layouts(const std::vector<model::Change>& page) const {
    OlderLayouts older;
    for (const model::Change& change : page) {
      if (change.layout_id == *table_.layout_id || older.contains(change.layout_id)) continue;
      if (const auto layout = in_.records.tables.layout(change.layout_id)) older.emplace(change.layout_id, model::OlderLayout(*layout, layout_));
    }
    return older;
  }

  /// The next page is read while one is compared.
  void compare_all(std::vector<PageWork>& workers, std::int64_t done) {
    std::int64_t position = position_before(in_.records, table_.id, in_.since_ms);
    const std::int64_t total = in_.records.changes.count_after(table_.id, position);
    bool more = true;
    std::vector<model::Change> page = read_page(position, more);
    while (more) {
      OlderLayouts older = older_layouts(page);
      PageUnderWay under_way(workers, std::move(page), std::move(older));
      page = read_page(position, more);
      const auto results = under_way.wait();
      count(under_way.changes(), results);
      in_.options.tell(done + changes_, done + total);
    }
  }

  void count(const std::vector<model::Change>& changes, const std::vector<std::vector<std::vector<Compared>>>& results) {
    changes_ += static_cast<std::int64_t>(changes.size());
    std::size_t begin = 0;
    for (const std::vector<std::vector<Compared>>& stretch : results) {
      for (std::size_t pair = 0; pair < counting_.size(); ++pair) {
        for (std::size_t i = 0; i < stretch[pair].size(); ++i) add(counting_[pair], changes[begin + i], stretch[pair][i]);
      }
      begin += stretch.front().size();
    }
  }

  void add(Counting& counting, const model::Change& change, const Compared& compared) const {
    PipelinePlan& plan = counting.plan;
    ++plan.changes;
    if (compared.now != PastCall::none) ++plan.calls[compared.now].now;
    if (compared.then != PastCall::none) ++plan.calls[compared.then].then;
    if (compared.rule_now != nullptr) ++plan.rules[compared.rule_now->name].now;
    if (compared.rule_then != nullptr) ++plan.rules[compared.rule_then->name].then;
    counting.guard_now.add(change, compared.effect_now);
    counting.guard_then.add(change, compared.effect_then);
    if (compared.move_now) counting.records_now.add(change, *compared.move_now);
    if (compared.move_then) counting.records_then.add(change, *compared.move_then);
    if (!compared.difference) return;
    ++plan.differences[*compared.difference];
    for (const std::string& field : compared.fields) ++plan.fields[field];
    std::deque<std::int64_t>& samples = counting.samples[*compared.difference];
    samples.push_back(change.seq);
    if (samples.size() > in_.options.samples) samples.pop_front();
  }

  /// What is to be shown costs more than the comparison, so it is made of these few alone, at the end.
  void explain_samples(PageWork& worker, std::size_t pair) {
    Counting& counting = counting_[pair];
    for (const auto& [kind, seqs] : counting.samples) {
      for (const std::int64_t seq : seqs) {
        const auto change = in_.records.changes.find(seq);
        if (change) counting.plan.samples.push_back(worker.explain(pair, *change, older_layouts({*change})));
      }
    }
    std::ranges::sort(counting.plan.samples, {}, &CallDifference::seq);
  }

  static PipelinePlan finish(Counting& counting) {
    counting.guard_now.finish();
    counting.guard_then.finish();
    counting.records_now.finish();
    counting.records_then.finish();
    PipelinePlan& plan = counting.plan;
    plan.holds_now = counting.guard_now.holds();
    plan.holds_then = counting.guard_then.holds();
    plan.merged = {counting.records_now.merged(), counting.records_then.merged()};
    plan.flip_flops = {counting.records_now.held(), counting.records_then.held()};
    plan.holds = {counting.guard_now.number(), counting.guard_then.number()};
    return std::move(plan);
  }

  const PlanSurroundings& in_;
  const std::string& table_name_;
  const std::vector<PipelinePair>& pairs_;
  journal::SourceTable table_;
  model::Layout layout_;
  std::vector<Counting> counting_;
  std::int64_t changes_ = 0;
};

}  // namespace

TablePlan plan_table(const PlanSurroundings& surroundings, const std::string& table, const std::vector<PipelinePair>& pairs, std::int64_t done) {
  return TablePlanning(surroundings, table, pairs).run(done);
}

}  // namespace engine::operate
