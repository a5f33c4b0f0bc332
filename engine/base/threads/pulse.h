// Whether the threads that do the work still come round: each is asked now and then, and must answer by itself.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace engine {

/// A process that lives is not an engine that advances: one thread in an endless wait is enough to stop everything. Every
/// stage therefore answers from its own thread, at the place where it takes up new work.
class Pulse {
 public:
  using Answer = std::function<void()>;
  /// Passes the question on to the stage's thread. Called in `round`; the answer may come on any thread, at once, later or
  /// never, and may outlive the stage and the Pulse.
  using Ask = std::function<void(Answer)>;

  void add(std::string stage, Ask ask);
  /// When it returns, nobody asks that stage any more.
  void remove(const std::string& stage);

  /// Names the stages that have not answered since they were asked; asks those that have. So with a round every quarter
  /// of a limit, a stage that hangs is named after a quarter at the latest, and one that is only slow for less is not
  /// missed for long.
  std::vector<std::string> round();
  /// What the last round named, and whom it asked. Neither waits for a round.
  std::vector<std::string> silent() const;
  std::vector<std::string> stages() const;

 private:
  struct Stage {
    std::string name;
    Ask ask;
    std::shared_ptr<std::atomic<bool>> answered = std::make_shared<std::atomic<bool>>(true);
  };

  std::mutex stages_mutex_;
  std::vector<Stage> stages_;
  /// Of the last round. Apart from the other, since whoever wants to know what hangs must not hang on a stage that is being asked.
  mutable std::mutex result_mutex_;
  std::vector<std::string> silent_;
  std::vector<std::string> names_;
};

}  // namespace engine
