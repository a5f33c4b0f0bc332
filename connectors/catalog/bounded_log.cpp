#include "connectors/catalog/bounded_log.h"

#include <tuple>
#include <utility>
#include <vector>

namespace connectors::catalog {

namespace model = engine::model;

namespace {

class BoundedLog final : public model::ChangeLog {
 public:
  BoundedLog(std::shared_ptr<odbc::DriverThread> thread, std::unique_ptr<model::ChangeLog> log) : thread_(std::move(thread)), log_(std::move(log)) {}
  ~BoundedLog() override { thread_->leave(std::move(log_)); }

  void resume(const std::string& mark) override {
    ask([mark](model::ChangeLog& log) { log.resume(mark); });
  }
  void refresh(bool at_once) override {
    ask([at_once](model::ChangeLog& log) { log.refresh(at_once); });
  }
  void require_installed() override {
    ask([](model::ChangeLog& log) { log.require_installed(); });
  }
  void require_usable() override {
    ask([](model::ChangeLog& log) { log.require_usable(); });
  }
  std::vector<std::string> remarks() override {
    return ask([](model::ChangeLog& log) { return log.remarks(); });
  }
  bool keeps_entries() const override { return log_->keeps_entries(); }
  bool names_each_change() const override { return log_->names_each_change(); }
  bool has_entries() override {
    return ask([](model::ChangeLog& log) { return log.has_entries(); });
  }
  Backlog backlog() override {
    return ask([](model::ChangeLog& log) { return log.backlog(); });
  }
  void rewind() override {
    ask([](model::ChangeLog& log) { log.rewind(); });
  }
  bool next_page(std::vector<model::LoggedChange>& into) override { return page(into, &model::ChangeLog::next_page); }
  std::string forget() override {
    return ask([](model::ChangeLog& log) { return log.forget(); });
  }
  void give_up() override {
    ask([](model::ChangeLog& log) { log.give_up(); });
  }
  bool knows_places() const override { return log_->knows_places(); }
  void rewind_places() override {
    ask([](model::ChangeLog& log) { log.rewind_places(); });
  }
  bool next_places(std::vector<model::LoggedChange>& into) override { return page(into, &model::ChangeLog::next_places); }

 private:
  using NextPage = bool (model::ChangeLog::*)(std::vector<model::LoggedChange>&);

  template <typename Work>
  std::invoke_result_t<Work&, model::ChangeLog&> ask(Work work) {
    return thread_->run([log = log_, work = std::move(work)]() mutable { return work(*log); });
  }
  bool page(std::vector<model::LoggedChange>& into, NextPage next) {
    bool more = false;
    std::tie(more, into) = ask([next, entries = std::move(into)](model::ChangeLog& log) mutable {
      const bool some = (log.*next)(entries);
      return std::pair(some, std::move(entries));
    });
    return more;
  }

  std::shared_ptr<odbc::DriverThread> thread_;
  std::shared_ptr<model::ChangeLog> log_;
};

class BoundedFeed final : public model::ChangeFeed {
 public:
  BoundedFeed(std::shared_ptr<odbc::DriverThread> thread, std::unique_ptr<model::ChangeFeed> feed) : thread_(std::move(thread)), feed_(std::move(feed)) {}
  ~BoundedFeed() override { thread_->leave(std::move(feed_)); }

  void require_table() override {
    ask([](model::ChangeFeed& feed) { feed.require_table(); });
  }
  void require_usable() override {
    ask([](model::ChangeFeed& feed) { feed.require_usable(); });
  }
  bool tells_transactions() const override { return feed_->tells_transactions(); }
  std::vector<std::string> identities() override {
    return ask([](model::ChangeFeed& feed) { return feed.identities(); });
  }
  Standing standing(const std::string& position) override {
    return ask([position](model::ChangeFeed& feed) { return feed.standing(position); });
  }
  void begin_anew() override {
    ask([](model::ChangeFeed& feed) { feed.begin_anew(); });
  }
  // What is taken is journaled by whoever reads, on a thread of its own: never on one that may be left behind.
  void read(const std::string& position, const Take& take) override {
    ask([position, &take, caller = thread_->caller()](model::ChangeFeed& feed) {
      feed.read(position, [&](const Batch& batch) { caller.run([&] { take(batch); }); });
    });
  }
  void confirm(const std::string& position) override {
    ask([position](model::ChangeFeed& feed) { feed.confirm(position); });
  }
  model::LoggedChange change_of(const std::string& key, model::Provenance provenance) const override {
    return feed_->change_of(key, std::move(provenance));
  }

 private:
  template <typename Work>
  std::invoke_result_t<Work&, model::ChangeFeed&> ask(Work work) {
    return thread_->run([feed = feed_, work = std::move(work)]() mutable { return work(*feed); });
  }

  std::shared_ptr<odbc::DriverThread> thread_;
  std::shared_ptr<model::ChangeFeed> feed_;
};

}  // namespace

std::unique_ptr<model::ChangeLog> bounded_log(std::shared_ptr<odbc::DriverThread> thread, std::unique_ptr<model::ChangeLog> log) {
  return std::make_unique<BoundedLog>(std::move(thread), std::move(log));
}

std::unique_ptr<model::ChangeFeed> bounded_feed(std::shared_ptr<odbc::DriverThread> thread, std::unique_ptr<model::ChangeFeed> feed) {
  return std::make_unique<BoundedFeed>(std::move(thread), std::move(feed));
}

}  // namespace connectors::catalog
