#include "test/support/fake_log.h"

#include <algorithm>
#include <set>

#include "engine/base/error.h"

namespace test {

class FakeLog::Open final : public engine::model::ChangeLog {
 public:
  explicit Open(FakeLog& log) : log_(log) {}

  void require_installed() override {
    if (!log_.has_triggers) throw engine::Error(engine::ErrorCode::source_refused, "the triggers are missing");
  }
  void require_usable() override { require_installed(); }

  bool names_each_change() const override { return log_.names_each_change; }
  bool has_entries() override {
    ++log_.looks;
    return std::ranges::any_of(log_.entries, &Entry::visible);
  }

  Backlog backlog() override {
    Backlog backlog;
    for (const Entry& entry : log_.entries) {
      if (!entry.visible) continue;
      ++backlog.entries;
      if (!entry.key.empty()) continue;
      backlog.names_all_rows = true;
      handled_.insert(entry.id);
    }
    return backlog;
  }

  void rewind() override {
    seen_.clear();
    std::ranges::copy_if(log_.entries, std::back_inserter(seen_), &Entry::visible);
    std::ranges::sort(seen_, {}, &Entry::id);
    at_ = 0;
  }

  bool next_page(std::vector<engine::model::LoggedChange>& into) override {
    if (log_.before_page) log_.before_page();
    into.clear();
    const std::size_t end = std::min(seen_.size(), at_ + log_.page_entries);
    const bool more = at_ < end;
    for (; at_ < end; ++at_) {
      if (seen_[at_].key.empty()) continue;
      into.push_back({seen_[at_].key, {seen_[at_].key}, seen_[at_].provenance});
      handled_.insert(seen_[at_].id);
    }
    return more;
  }

  std::string forget() override {
    if (handled_.empty()) return "{}";
    if (log_.before_deleting) log_.before_deleting();
    std::erase_if(log_.entries, [this](const Entry& entry) { return handled_.contains(entry.id); });
    handled_.clear();
    return "{}";
  }

  void give_up() override {
    if (log_.before_deleting) log_.before_deleting();
    std::erase_if(log_.entries, &Entry::visible);
  }

 private:
  FakeLog& log_;
  std::vector<Entry> seen_;
  std::size_t at_ = 0;
  std::set<std::int64_t> handled_;
};

FakeLog::Entry& FakeLog::add(std::vector<std::string> key, engine::model::Provenance provenance) {
  entries.push_back({++last_id_, std::move(key), std::move(provenance)});
  return entries.back();
}

std::size_t FakeLog::entries_of(const std::string& key) const {
  return static_cast<std::size_t>(std::ranges::count_if(entries, [&](const Entry& entry) { return !entry.key.empty() && entry.key[0] == key; }));
}

std::unique_ptr<engine::model::ChangeLog> FakeLog::open() { return std::make_unique<Open>(*this); }

}  // namespace test
