#include "connectors/http/find_in_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace connectors::http {

using engine::model::CallAnswer;

namespace {

/// Kept alive by the page that is under way. One page at a time, so nothing here is locked.
class PagedFind : public std::enable_shared_from_this<PagedFind> {
 public:
  PagedFind(Dispatched first, const ObjectPlan& object, Dispatch dispatch)
      : find_(std::move(first)), object_(object), dispatch_(std::move(dispatch)) {}

  void ask() {
    Dispatched page;
    page.exchange = find_.exchange;
    page.judge = [self = shared_from_this()](const RawAnswer& raw) {
      self->raw_ = raw;
      return self->find_.judge(raw);
    };
    page.answered = [self = shared_from_this()](std::vector<CallAnswer> answers) { self->take(std::move(answers.front())); };
    dispatch_(std::move(page));
  }

 private:
  void take(CallAnswer answer) {
    duration_ms_ += answer.duration_ms;
    answer.duration_ms = duration_ms_;
    const bool has_list = raw_.failure.empty() && raw_.status >= 200 && raw_.status < 300;
    if (!std::holds_alternative<engine::model::Delivered>(answer.outcome) || !has_list) return end(std::move(answer));
    // A record that is made meanwhile moves the others: the last of a page may come again on the next one.
    for (const std::string& id : answer.found) {
      if (std::find(found_.begin(), found_.end(), id) == found_.end()) found_.push_back(id);
    }
    answer.found = found_;
    // One is enough where the first is taken, two where more than one is refused.
    if (found_.size() >= (object_.first_found_only ? 1U : 2U)) return end(std::move(answer));
    PageStep step = next_page(object_.pages, object_.found_items, find_.exchange.url, raw_, page_);
    if (step.url && ++page_ >= object_.pages.rule.pages_max) {
      step.problem = fmt::format("the list has more than {} pages", object_.pages.rule.pages_max);
    }
    if (!step.problem.empty()) {
      answer.found.clear();
      answer.outcome = engine::model::Permanent{.reason = std::move(step.problem)};
      return end(std::move(answer));
    }
    if (!step.url) return end(std::move(answer));
    find_.exchange.url = std::move(*step.url);
    ask();
  }

  void end(CallAnswer answer) { find_.answered({std::move(answer)}); }

  Dispatched find_;
  const ObjectPlan& object_;
  const Dispatch dispatch_;
  RawAnswer raw_;  ///< the page last answered
  std::vector<std::string> found_;
  std::size_t page_ = 0;
  std::int64_t duration_ms_ = 0;
};

}  // namespace

void find_in_pages(Dispatched first, const ObjectPlan& object, Dispatch dispatch) {
  std::make_shared<PagedFind>(std::move(first), object, std::move(dispatch))->ask();
}

}  // namespace connectors::http
