// A target in memory with records of its own, so that tests look at effects and not at our counters.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/model/target.h"

namespace test {

/// What befalls a request at the target or on its way.
enum class Fate : std::uint8_t {
  taken,
  taken_answer_lost,  ///< applied, and nobody hears of it
  lost,               ///< the request never arrives, and nobody can tell
  unreachable,        ///< proven: no byte was sent
  busy,               ///< 503, not applied
  throttled,          ///< 429 with a wait
  refused,            ///< 422, never will be
  outside,      ///< refused because the recipient did not write lately
  auth,               ///< 401
  partly,             ///< takes all but the fields in `refused_fields`, and says so
  silently,           ///< the same, and says nothing
};

class FakeTarget final : public engine::model::Target {
 public:
  struct Record {
    std::string object;
    std::string match;  ///< JSON
    engine::model::FieldMap fields;
    std::vector<std::string> comments;
    std::string state = "open";
    std::set<std::string> associations;  ///< "company:R1"
    std::int64_t written_ms = 0;         ///< by `clock`
  };
  struct Effect {
    engine::model::CallKind kind;
    std::string id;
    std::string match;
    std::string idempotency_key;
    engine::model::FieldMap fields;
  };
  struct Seen {
    engine::model::CallKind kind;
    std::string request;
  };

  /// Adds a call that the object offers.
  FakeTarget& offers(engine::model::CallKind kind, engine::model::CallTraits traits = {});
  engine::model::ObjectTraits& object() { return traits_; }

  const engine::model::ObjectTraits& traits(std::string_view object) const override;
  engine::model::PreparedCall prepare(std::span<const engine::model::Call> calls) const override;
  /// Queues the request; `process` decides its fate, or at once when `automatic`.
  void send(const engine::model::PreparedCall& call, Answered answered) override;
  void stop() override {}

  std::size_t waiting() const { return queue_.size(); }
  /// The oldest request that waits is such a call, of at least so many records.
  bool next_is(engine::model::CallKind kind, std::size_t records) const {
    return !queue_.empty() && queue_.front().call.kind == kind && queue_.front().call.records >= records;
  }
  /// The oldest request that waits meets its fate; the answer is given at once.
  void process(Fate fate);
  /// The same for the request at `index`; the answer is returned instead of given.
  std::function<void()> process_at(std::size_t index, Fate fate);
  /// Nobody listens any more: what waits is lost.
  void forget_waiting() { queue_.clear(); }

  /// Writes are answered with a job, which is over when it was asked for this often; 0: at once, without one.
  int polls_of_job = 0;
  bool automatic = true;
  std::deque<Fate> script;  ///< of the next requests when automatic; then `otherwise`
  Fate otherwise = Fate::taken;
  std::map<std::string, Fate> fate_of_match;  ///< of single records that arrive, in a batch or alone
  std::set<std::string> refused_fields;
  std::size_t records_taken_max = 1'000;  ///< a request with more is too much: 503
  std::int64_t throttle_ms = 5'000;
  /// A search shows a record only so long after it was made.
  std::int64_t find_lags_ms = 0;
  const engine::Clock* clock = nullptr;
  bool tells_ids = true;         ///< in answers to writes
  bool refuses_doubles = false;  ///< a create of a match value that is there is refused, and says so

  std::map<std::string, Record> records;  ///< by id
  std::vector<Effect> effects;
  std::vector<Seen> seen;  ///< every request that arrived
  const Record* record(const std::string& match_json) const;
  int count_seen(engine::model::CallKind kind) const;

 private:
  struct Waiting {
    engine::model::PreparedCall call;
    Answered answered;
  };
  std::vector<engine::model::CallAnswer> answer(const engine::model::PreparedCall& call, Fate fate);
  engine::model::CallAnswer apply(engine::model::CallKind kind, const std::string& one, Fate fate);
  void relate(engine::model::CallKind kind, const std::string& id, const std::string& relation, const std::string& key);
  std::vector<std::string> found_by(const std::string& match) const;
  std::string id_of(const std::string& match, const std::string& remote_id) const;

  engine::model::ObjectTraits traits_;
  std::deque<Waiting> queue_;
  std::vector<engine::model::CallAnswer> poll(const engine::model::PreparedCall& call, Fate fate);
  std::vector<engine::model::CallAnswer> as_job(std::vector<engine::model::CallAnswer> answers);

  struct RunningJob {
    std::vector<engine::model::CallAnswer> answers;
    int polls = 0;
  };
  std::vector<RunningJob> jobs_;
  std::set<std::string> known_keys_;
  int next_id_ = 1;
};

}  // namespace test
