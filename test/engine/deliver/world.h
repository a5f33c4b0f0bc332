// A loop in a world whose every step a test takes by hand: commits, reads, answers, time, and the death of the process.
#pragma once

#include <stdlib.h>

#include <deque>
#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include "engine/base/error.h"
#include "engine/deliver/loop/loop.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_target.h"

namespace test {

class World : public engine::deliver::Surroundings {
 public:
  World();
  ~World() override;

  // The daemon.
  void start();
  /// SIGKILL: what is not on disk is gone, no answer is heard; what is under way to the target is lost unless
  /// `arrives`.
  void kill(Fate of_what_is_under_way = Fate::lost);
  /// The process starts again over the same journal.
  void restart() {
    kill();
    start();
  }
  /// Takes steps until nothing moves at this moment; time stands still.
  void settle();
  /// Lets time pass, with all that happens in it.
  void pass(std::int64_t ms);
  /// One step: a commit, a reading, an event. False when there is none. `pick` chooses among those possible.
  bool step(const std::function<std::size_t(std::size_t)>& pick);
  bool commit_next();

  // The pipeline before us.
  std::int64_t plan(const std::string& key, const std::string& fields, const std::string& match = {});
  std::int64_t plan_delete(const std::string& key, const std::string& match = {});
  std::int64_t plan(engine::journal::Delivery delivery);
  /// Another pipeline of the same connection, over a table `name` with one text key; to be said before the start.
  engine::deliver::PipelineTarget& add_pipeline(const std::string& name);
  std::int64_t id_of(const std::string& pipeline) const { return ids_.at(pipeline); }
  /// A delivery of another pipeline, to an object called as the pipeline.
  engine::journal::Delivery of_pipeline(const std::string& name, const std::string& key);
  engine::journal::Delivery delivery_for(const std::string& key, const std::string& match);

  // What the journal says.
  engine::journal::Delivery delivery(std::int64_t id);
  std::string state(std::int64_t id) { return std::string(name_of(delivery(id).state)); }
  std::optional<engine::journal::LastSent> last_sent(const std::string& key);
  std::vector<engine::journal::Attempt> attempts(std::int64_t id);
  void write(const std::function<void(engine::journal::Records&)>& work) { journal_->write(work); }
  engine::journal::Journal& journal() { return *journal_; }

  std::function<void(Event)> poster() override;
  void read(Work work, Done done) override;
  void write(Work work, Done done) override;
  void ask(const engine::model::Question& question, std::function<void(engine::model::Reply)> answered) override;
  double random() override { return 0.5; }
  const engine::Clock& clock() const override { return time; }
  const std::string& journal_id() const override { return journal_->id(); }

  FakeClock time;
  FakeTarget target;
  engine::deliver::PipelineTarget pipeline{.name = "customers"};
  engine::deliver::DispatcherOptions options{.connection = "crm", .in_flight = 4};
  std::map<std::int64_t, engine::deliver::PipelineTarget> other_pipelines;  ///< by ids of their own choice
  /// What databases say to conditions, and what they were asked.
  std::function<engine::model::Reply(const engine::model::Question&)> say = [](const auto&) { return engine::model::Reply{}; };
  std::vector<engine::model::Question> asked;
  std::int64_t answer_ms = 0;  ///< how long each question takes, one after the other
  bool answers = true;         ///< false: nobody ever hears anything
  std::unique_ptr<engine::deliver::Loop> loop;
  std::int64_t pipeline_id = 0;
  int commits = 0;

 private:
  struct Inbox {
    std::deque<Event> events;
    bool closed = false;
  };
  struct Pending {
    Work work;
    Done done;
  };

  std::filesystem::path folder_;
  std::unique_ptr<engine::journal::Journal> journal_;
  std::map<std::int64_t, engine::deliver::PipelineTarget> pipelines_;
  std::map<std::string, std::int64_t> ids_;
  std::shared_ptr<Inbox> inbox_;
  std::deque<Pending> reads_;
  std::deque<Pending> writes_;
  std::multimap<std::int64_t, Event> answers_;  ///< of databases, by the steady time at which they come
  std::int64_t seq_ = 0;
};

}  // namespace test
