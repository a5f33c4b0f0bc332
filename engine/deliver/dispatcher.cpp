#include "engine/deliver/dispatcher.h"

#include <pthread.h>

#include <chrono>
#include <random>

#include "engine/base/blocking.h"
#include "engine/base/error.h"
#include "engine/deliver/loop/loop.h"
#include "engine/deliver/loop/mailbox.h"

namespace engine::deliver {

/// The loop with its thread, and the world as it is: journal, system clock, a thread that reads.
class Dispatcher::Running : public Surroundings {
 public:
  Running(journal::Journal& journal, model::Target& target, std::map<std::int64_t, PipelineTarget> pipelines,
          DispatcherOptions options, const Clock& clock)
      : journal_(journal),
        target_(target),
        clock_(clock),
        pipelines_(std::move(pipelines)),
        inquiries_(options.inquiries),
        loop_(*this, target, pipelines_, options, [this](std::exception_ptr error) { tell_fatal(error); }),
        reader_("deliver-" + options.connection, 1) {}

  ~Running() override {
    mailbox_->close();
    if (thread_.joinable()) thread_.join();
    reader_.stop();
    try {
      journal_.write([](journal::Records&) {});  // behind it nothing of ours runs any more
    } catch (const std::exception&) {
      // A journal that failed runs nothing.
    }
  }

  void start() {
    mailbox_->post([this] { loop_.start(); });
    thread_ = std::thread([this] { run(); });
  }

  void post(Event event) { mailbox_->post(std::move(event)); }
  Loop& loop() { return loop_; }
  model::Target& target() { return target_; }

  void begin_drain() {
    mailbox_->post([this] { loop_.drain(); });
  }
  void drain(std::int64_t wait_ms) {
    begin_drain();
    std::unique_lock lock(mutex_);
    turned_.wait_for(lock, std::chrono::milliseconds(wait_ms), [this] { return status_.state == "stopped" && idle_; });
  }

  DispatcherStatus status() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

  void on_fatal(std::function<void(std::exception_ptr)> fatal) {
    const std::lock_guard lock(mutex_);
    fatal_ = std::move(fatal);
  }

  std::function<void(Event)> poster() override {
    return [mailbox = mailbox_](Event event) { mailbox->post(std::move(event)); };
  }

  void read(Work work, Done done) override {
    auto job = [this, work = std::move(work), done = std::move(done), mailbox = mailbox_] {
      std::exception_ptr error;
      try {
        journal::Journal::Lease lease = journal_.read();
        // Heads, lanes and what was last sent must be of one state, or a lane could look free.
        lease.keep_state();
        work(*lease);
      } catch (...) {
        error = std::current_exception();
      }
      mailbox->post([done, error = std::move(error)] { done(error); });
    };
    reader_.post(std::move(job));
  }

  void write(Work work, Done done) override {
    journal_.write_async(std::move(work), [done = std::move(done), mailbox = mailbox_](std::exception_ptr error) {
      mailbox->post([done, error = std::move(error)] { done(error); });
    });
  }

  void ask(const model::Question& question, std::function<void(model::Reply)> answered) override {
    ENGINE_ASSERT(inquiries_ != nullptr);
    inquiries_->ask(question, [answered = std::move(answered), mailbox = mailbox_](model::Reply reply) {
      mailbox->post([answered, reply = std::move(reply)] { answered(reply); });
    });
  }

  double random() override { return std::uniform_real_distribution<double>(0, 1)(generator_); }
  const Clock& clock() const override { return clock_; }
  const std::string& journal_id() const override { return journal_.id(); }

 private:
  void run() {
    pthread_setname_np(pthread_self(), "dispatcher");
    try {
      while (!mailbox_->closed()) {
        for (const Event& event : mailbox_->take(loop_.wait_ms())) event();
        loop_.turn();
        publish();
      }
    } catch (const std::exception&) {
      // What the loop does not expect may have left it between two steps: the journal knows where to go on.
      tell_fatal(std::current_exception());
    }
  }

  /// What others ask for is copied: they never wait for a turn of the loop.
  void publish() {
    const std::lock_guard lock(mutex_);
    status_ = loop_.status();
    idle_ = loop_.is_idle();
    turned_.notify_all();
  }

  /// Called without the lock: whoever is told may ask for the status.
  void tell_fatal(std::exception_ptr error) {
    std::function<void(std::exception_ptr)> fatal;
    {
      const std::lock_guard lock(mutex_);
      fatal = fatal_;
    }
    if (fatal) fatal(error);
  }

  journal::Journal& journal_;
  model::Target& target_;
  const Clock& clock_;
  std::map<std::int64_t, PipelineTarget> pipelines_;
  model::Inquiries* inquiries_;
  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  std::mt19937_64 generator_{std::random_device{}()};
  mutable std::mutex mutex_;
  std::condition_variable turned_;
  DispatcherStatus status_{.state = "paused", .reason = "not started"};
  bool idle_ = true;
  std::function<void(std::exception_ptr)> fatal_;
  Loop loop_;
  BlockingPool reader_;
  std::thread thread_;
};

Dispatcher::Dispatcher(journal::Journal& journal, model::Target& target,
                       std::map<std::int64_t, PipelineTarget> pipelines, DispatcherOptions options, const Clock& clock)
    : running_(std::make_unique<Running>(journal, target, std::move(pipelines), std::move(options), clock)) {}

Dispatcher::~Dispatcher() = default;

void Dispatcher::start() { running_->start(); }

void Dispatcher::wake() {
  Running* running = running_.get();
  running->post([running] { running->loop().wake(); });
}

void Dispatcher::look_again() {
  Running* running = running_.get();
  running->post([running] { running->loop().look_again(); });
}

void Dispatcher::pauses_changed() {
  Running* running = running_.get();
  running->post([running] { running->loop().pauses_changed(); });
}

void Dispatcher::begin_drain() { running_->begin_drain(); }

void Dispatcher::drain(std::int64_t wait_ms) { running_->drain(wait_ms); }

void Dispatcher::ping(std::function<void()> answered) {
  Running* running = running_.get();
  auto come_round = [running, answered = std::move(answered)](std::exception_ptr) { running->target().ping(answered); };
  running->post([running, come_round] { running->read([](journal::Records&) {}, come_round); });
}

DispatcherStatus Dispatcher::status() const { return running_->status(); }

void Dispatcher::on_fatal(std::function<void(std::exception_ptr)> fatal) { running_->on_fatal(std::move(fatal)); }

}  // namespace engine::deliver
