#include "connectors/catalog/inquiries.h"

#include "engine/base/error.h"
#include "engine/base/threads/leavable_thread.h"
#include "engine/base/work_queue.h"

namespace connectors::catalog {

using engine::model::Inquirer;
using engine::model::Question;
using engine::model::Reply;

namespace {

constexpr std::size_t waiting_max = 50'000;
constexpr std::int64_t left_alone_ms = 5'000;
/// Of who asks when the daemon is told to end, for a question under way.
constexpr std::chrono::milliseconds stop_patience{1'000};

/// One connection, with its thread.
class Desk {
 public:
  Desk(const std::string& name, MakeInquirer make, const engine::Clock& clock)
      : connection_(name), make_(std::move(make)), clock_(clock), asked_({.thread_name = "ask-" + name, .waiting_max = waiting_max}, [this](auto&) { serve(); }) {}
  ~Desk() { stop(); }

  void ask(const Question& question, std::function<void(Reply)> answered) {
    Asked asked{question, std::move(answered)};
    if (const char* refused = asked_.put(asked)) asked.answered({.problem = refused});
  }

  void stop() {
    engine::LeavableThread::stop_waiting(connection_, stop_patience);
    asked_.give_up([](Asked&) {});
  }

 private:
  struct Asked {
    Question question;
    std::function<void(Reply)> answered;
  };

  void serve() {
    for (;;) {
      std::deque<Asked> next = asked_.take(1);
      if (next.empty()) return inquirer_.reset();
      next.front().answered(reply_to(next.front().question));
    }
  }

  Reply reply_to(const Question& question) {
    if (clock_.steady_ms() < left_alone_until_ms_) return {.problem = unreached_};
    try {
      if (!inquirer_) inquirer_ = make_();
      return {.any_row = inquirer_->any_row(question)};
    } catch (const engine::Error& error) {
      if (error.code() == engine::ErrorCode::source_unreachable) {
        left_alone_until_ms_ = clock_.steady_ms() + left_alone_ms;
        unreached_ = error.what();
      }
      return {.problem = error.what()};
    }
  }

  const std::string connection_;
  MakeInquirer make_;
  const engine::Clock& clock_;
  std::unique_ptr<Inquirer> inquirer_;  ///< the thread's, as all below
  std::int64_t left_alone_until_ms_ = 0;
  std::string unreached_;
  engine::WorkQueue<Asked> asked_;
};

class AllDesks : public engine::model::Inquiries {
 public:
  AllDesks(std::map<std::string, MakeInquirer> connections, const engine::Clock& clock) {
    for (auto& [name, make] : connections) desks_.emplace(name, std::make_unique<Desk>(name, std::move(make), clock));
  }

  void ask(const Question& question, std::function<void(Reply)> answered) override {
    const auto desk = desks_.find(question.connection);
    if (desk == desks_.end()) return answered({.problem = "there is no connection '" + question.connection + "'"});
    desk->second->ask(question, std::move(answered));
  }

  void stop() override {
    for (const auto& [name, desk] : desks_) desk->stop();
  }

 private:
  std::map<std::string, std::unique_ptr<Desk>> desks_;
};

}  // namespace

std::unique_ptr<engine::model::Inquiries> make_inquiries(std::map<std::string, MakeInquirer> connections, const engine::Clock& clock) {
  return std::make_unique<AllDesks>(std::move(connections), clock);
}

}  // namespace connectors::catalog
