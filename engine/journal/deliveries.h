// Deliveries, their attempts, what was last sent, and the remote ids: all that section 8 of the design keeps.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/journal/delivery/guard/rejections.h"
#include "engine/journal/delivery/moves.h"
#include "engine/model/source/question.h"

namespace engine::journal {

class Connection;
class Statement;

enum class DeliveryState : std::uint8_t {
  pending,
  held,
  in_flight,
  uncertain,  // open
  delivered,
  skipped,
  superseded,
  suppressed,
  dropped,
  expired,
  rejected,
  dead,
  healed
};
std::string_view name_of(DeliveryState state);
DeliveryState delivery_state_of(std::string_view name);
constexpr bool is_open(DeliveryState state) { return state <= DeliveryState::uncertain; }

/// Why a guard of single records wants a delivery to be held.
struct Objection {
  std::string kind;     ///< of the anomaly: "rule: " and its name, flip_flop_kind
  std::string text;
  std::string numbers = "{}";  ///< JSON
  std::int64_t stays_ms = 0;   ///< so long the anomaly stays open when nothing is held by it any more
};

struct Delivery {
  std::int64_t id = 0;
  std::int64_t pipeline_id = 0;
  std::string key;
  std::int64_t cycle_id = 0;
  std::int64_t first_seq = 0;
  std::int64_t last_seq = 0;
  std::int64_t generation = 0;
  std::string connection;
  std::string object;
  std::string match;  ///< flat JSON of the match fields, see model/fields.h; "{}": the key alone orders
  std::optional<std::string> also_match;  ///< set by `plan`: the match value the record has so far, a second lane
  bool present = true;                    ///< the wanted effect: the record is there with these fields, or it is gone
  std::optional<std::string> fields;      ///< flat JSON
  std::optional<std::string> comment;
  bool every_change = false;
  std::string mapping;
  DeliveryState state = DeliveryState::pending;
  std::string reason;
  std::string step;                   ///< pending: the call to go on with; empty: decide at the head of the lane
  std::string operation;              ///< what was decided last: create, update, …
  std::optional<std::string> frozen;  ///< pending: this request may have been applied and goes out again as it is
  std::optional<std::string> idempotency_key;
  int tries = 0;  ///< failed ones in a row, of the step
  int looks = 0;  ///< look-ups after an uncertain call that found nothing
  std::int64_t not_before_ms = 0;
  std::optional<std::int64_t> expires_ms;
  std::optional<std::int64_t> superseded_by;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  /// What its references stood for when its request was made: {"companies [\"C001\"]":"4711"}; none: it has no references,
  /// or no request yet.
  std::optional<std::string> look_ups;
  std::optional<std::int64_t> anomaly_id;  ///< what holds it, or held it when it was rejected or healed
  /// Of `deliver: together`: those that come of the same transaction; see delivery/bundles.h. Set when it is planned.
  std::optional<std::int64_t> bundle_id;
  /// It waits for a quiet moment, `not_before_ms`, which a newer state moves, but not behind this. None: it does not, or was looked at since.
  std::optional<std::int64_t> settle_by_ms;
  std::optional<std::string> waits;        ///< as `Waits` (delivery/waits.h) writes them: since when conditions keep it back
  std::optional<std::string> drift;        ///< as `Drift` (delivery/drift.h) writes it: what somebody changed at the target; none: nothing, as far as it was read
  std::optional<Objection> objection;      ///< told to `plan` and not stored: it holds
};

struct Attempt {
  std::int64_t id = 0;
  std::int64_t delivery_id = 0;
  std::string step;
  int number = 0;
  std::int64_t started_ms = 0;
  std::optional<std::int64_t> ended_ms;
  std::string request;
  std::optional<std::string> outcome;
  std::optional<int> status;
  std::optional<std::string> reason;
  std::optional<std::string> answer;
};

struct LastSent {
  std::int64_t pipeline_id = 0;
  std::string key;
  std::string connection;
  std::string object;
  std::string match;
  std::optional<std::string> fields;  ///< none: unknown
  bool live = false;
  std::string mapping;
  std::int64_t sent_ms = 0;
  std::string kept_under;  ///< the key that the row had, while it is still stored there (see delivery/moves.h); empty: its own, or nobody looked
};

/// What a person decided about a delivery.
struct DeliveryDecision {
  std::string decision;  ///< retry, discard, delivered, not_delivered, release, reject
  std::string actor;
  std::string reason;
  std::int64_t at_ms = 0;
  std::optional<std::int64_t> anomaly_id;  ///< what held it
};

struct DeadLetterFilter {
  std::string pipeline;  ///< empty: all
  bool uncertain = true;
  bool dead = true;
  std::size_t limit = 100;
};

/// What a delivery waits for: a record of another pipeline.
struct Awaited {
  std::int64_t pipeline_id = 0;
  std::string pipeline;
  std::string key;
  bool operator==(const Awaited&) const = default;
};

/// A delivery that may be decided, with what the decision needs, as of one moment.
struct Head {
  Delivery delivery;
  std::vector<Awaited> awaits;           ///< records that must be there (or, of a delete, gone) first
  std::string reference_problem;         ///< a reference that no wait can mend
  std::optional<LastSent> last_sent;
  std::optional<std::string> remote_id;  ///< of the match value the record is addressed by
  bool taken_over = false;               ///< of a delete: another row of the pipeline stands for the record now
  bool held_back = false;                ///< its bundle waits for it: it may be looked at, and nothing of it sent
  std::int64_t captured_ms = 0;          ///< of the newest change it covers; 0: unknown
  int attempts = 0;                      ///< made of it so far
  bool has_dead = false;                 ///< its key has dead letters; while it is open and the first of its key, no older one joins them
  std::vector<model::Question> questions;  ///< one for each condition of its pipeline, in their order
  std::int64_t window_until_ms = 0;      ///< messages: until when the recipient may be written to freely
};

/// A lane and a key that became free: what stood behind them may be at the head now.
struct Freed {
  std::int64_t pipeline_id = 0;
  std::string key;
  std::string object;
  std::vector<std::string> matches;
  std::optional<std::int64_t> bundle_id;
};

/// Some pipelines, or all but some; by default all.
struct PipelineChoice {
  std::string ids;       ///< ",3,17,"; empty: all
  bool all_but = false;  ///< those not in `ids`
  static PipelineChoice of(const std::vector<std::int64_t>& ids, bool all_but);
};

struct HeadScan {
  std::int64_t scanned_to = 0;  ///< id of the last one looked at
  std::size_t scanned = 0;      ///< less than asked for: there are no more
  std::size_t blocked = 0;      ///< wait behind an older one
};

class Deliveries {
 public:
  explicit Deliveries(Connection& connection) : connection_(connection), moves_(connection), rejections_(connection) {}

  /// A new delivery; with `latest`, older open ones of the same (pipeline, key) that are not proven or suspected to
  /// have been applied become superseded and their first_seq is taken over, but for those that free a lane somebody
  /// else waits for. Sets also_match. What an anomaly holds of the record, or a person rejected, holds the new one, too, or
  /// heals (see delivery/holding.h). One that settles keeps the time by which those it replaces would have gone at the latest. Returns the id.
  std::int64_t plan(const Delivery& delivery);
  /// Writes what changes while a delivery is worked on: all but identity, lane and content. It settles no more.
  void update(const Delivery& delivery);
  /// The same when its state in the journal is one of `expected`, three at most. False: somebody else decided meanwhile, nothing was
  /// written.
  bool update_if(const Delivery& delivery, std::initializer_list<DeliveryState> expected);
  /// The record is elsewhere than `plan` knew: the delivery occupies that lane, too.
  void occupy_also(std::int64_t id, const std::string& also_match);
  /// A dead one that was never sent is wanted after all, in its old place, with what was mapped anew.
  void put_back(const Delivery& delivery);
  std::optional<Delivery> find(std::int64_t id);
  std::vector<Delivery> of_key(std::int64_t pipeline_id, const std::string& key, std::size_t limit);

  /// The id given last; 0 without any.
  std::int64_t last_id();
  std::int64_t last_attempt_id();
  /// The highest last_seq among those of a key; 0 without any.
  std::int64_t newest_seq(std::int64_t pipeline_id, const std::string& key);
  /// The next generation of what covers the key up to `last_seq`: 1 when nothing was planned for it yet.
  std::int64_t next_generation(std::int64_t pipeline_id, const std::string& key, std::int64_t last_seq);

  /// Looks at up to `limit` pending ones above `after_id` in order of id, due or not, and gives `found` those that stand at the
  /// head of their lanes and of their key, as `complete` has them. Its cost is bound by `limit`, however many wait.
  HeadScan scan_heads(const std::string& connection, std::int64_t after_id, std::size_t limit, const PipelineChoice& pipelines,
                      const std::function<void(Head)>& found);
  /// Nothing open stands before it in its lanes, nor of its key.
  bool is_head(const Delivery& delivery);
  /// The heads of lanes and key that became free, at most one each.
  std::vector<Delivery> heads_behind(const std::string& connection, const Freed& freed);
  /// Whether another row of the pipeline stands for the record that this delete would take away: one is live, or with `planned` on its way.
  bool is_taken_over(const Delivery& leaving, const std::string& match, bool planned);
  /// Reads what a decision needs beside the delivery.
  Head complete(Delivery delivery);
  bool has_dead(std::int64_t pipeline_id, const std::string& key);

  /// In flight or uncertain ones of a connection.
  std::vector<Delivery> unsettled(const std::string& connection, std::int64_t after_id, std::size_t limit);
  /// An open delivery of the same lane or key that is younger than `id`, if any: what waits behind it.
  std::optional<Delivery> waiting_behind(const Delivery& delivery);
  /// An open delete of the same key that is younger, if any; one that an anomaly holds is not decided yet.
  std::optional<std::int64_t> delete_behind(const Delivery& delivery);
  /// `older` gives its place to `younger_id`, which takes over its first_seq.
  void supersede(const Delivery& older, std::int64_t younger_id, const std::string& reason, std::int64_t now_ms);
  /// After a delivered or skipped one: dead ones of the key before it are superseded.
  void supersede_dead_before(const Delivery& delivery, std::int64_t now_ms);
  /// The newest change that a delivery may cover.
  std::int64_t last_seq_planned();

  /// Number 0: the next within the delivery.
  std::int64_t start_attempt(const Attempt& attempt);
  void end_attempt(const Attempt& attempt);
  /// Ends what a killed process left under way.
  void end_open_attempts(std::int64_t delivery_id, const std::string& reason, std::int64_t now_ms);
  std::vector<Attempt> attempts(std::int64_t delivery_id);

  /// What was sent of a record, or is under way.
  struct SentState {
    std::int64_t sent_ms = 0;
    bool present = true;
    std::string match;
    std::string fields;     ///< flat JSON; empty when it was taken away
    bool released = false;  ///< a person let it go
  };
  /// Of the last `looked_at` deliveries of a record those that went out, newest first; of those before `since_ms` the newest alone.
  std::vector<SentState> sent_states(std::int64_t pipeline_id, const std::string& key, std::int64_t since_ms, std::size_t looked_at);
  std::optional<LastSent> last_sent(std::int64_t pipeline_id, const std::string& key);
  /// Whether the delivery wants nothing but what was last sent, references counted as the ids that were sent for them.
  bool is_as_sent(const Delivery& delivery, const std::optional<LastSent>& sent);
  void put_last_sent(const LastSent& last_sent);
  /// A row got another key: its record at the target is the new key's from here on, as soon as what is under way for the old one has ended. With it go what
  /// people rejected of the row, its dead letters and its references. False: there is no record, or none that is known by a match value, or the new key
  /// has something there itself.
  bool move_record(std::int64_t pipeline_id, const std::string& from_key, const std::string& to_key);
  /// The key that the row of this one has by now.
  std::string key_now(std::int64_t pipeline_id, const std::string& key) { return moves_.now(pipeline_id, key); }
  /// What is under way for this key is followed by what another key does to its record.
  bool is_moved_away(std::int64_t pipeline_id, const std::string& key) { return moves_.left_at(pipeline_id, key).has_value(); }

  std::optional<std::string> remote_id(const std::string& connection, const std::string& object,
                                       const std::string& match);
  void put_remote_id(const std::string& connection, const std::string& object, const std::string& match,
                     const std::string& remote_id, std::int64_t now_ms);
  void forget_remote_id(const std::string& connection, const std::string& object, const std::string& match);

  /// One reference that a record has at its target: which record of which pipeline, and the id it was given for it.
  struct LookUp {
    std::int64_t parent_id = 0;  ///< pipeline
    std::string parent_key;
    std::string remote_id;
  };
  /// The fields with the ids in place of the references that were last sent.
  std::string with_sent_ids(std::int64_t pipeline_id, const std::string& key, const std::string& fields);
  /// Replaces what is known of the record's references.
  void put_look_ups(std::int64_t pipeline_id, const std::string& key, const std::vector<LookUp>& look_ups);
  /// The record has another id from now on: those that refer to it by the old one are out of date.
  void outdate_look_ups(std::int64_t parent_id, const std::string& parent_key, const std::string& remote_id);
  /// Keys of a pipeline whose references are out of date, at most `limit`.
  std::vector<std::string> outdated(std::int64_t pipeline_id, std::size_t limit);
  /// Its record was planned anew, or is not wanted any more.
  void settle_outdated(std::int64_t pipeline_id, const std::string& key);
  /// Open deletes of records that refer to this one.
  std::vector<Awaited> deletes_of_children(std::int64_t parent_id, const std::string& parent_key, std::size_t limit);

  /// What a connection used of its budgets, as `put_budget_use` had it; none before.
  std::optional<std::string> budget_use(const std::string& connection);
  void put_budget_use(const std::string& connection, const std::string& use, std::int64_t now_ms);
  struct Sent {
    std::string step;
    std::string object;
    std::string match;
    std::string fields;
    std::int64_t at_ms = 0;
  };
  /// The attempts at a connection that began since then, in their order, of deliveries that have fields.
  std::vector<Sent> sent_since(const std::string& connection, std::int64_t since_ms);

  /// What people rejected, which `plan` looks at.
  Rejections& rejections() { return rejections_; }

  std::vector<Delivery> dead_letters(const DeadLetterFilter& filter);
  void record_decision(std::int64_t delivery_id, const std::string& decision, const std::string& actor,
                       const std::string& reason, std::int64_t now_ms);
  /// In order.
  std::vector<DeliveryDecision> decisions(std::int64_t delivery_id);
  /// (state, count) over open and dead deliveries of a pipeline.
  std::vector<std::pair<DeliveryState, std::int64_t>> counts(std::int64_t pipeline_id);
  struct Awaiting {
    std::int64_t pipeline_id = 0;
    DeliveryState state = DeliveryState::dead;  ///< dead or uncertain
    std::int64_t number = 0;
  };
  struct SettlingCount {
    std::int64_t number = 0;
    std::int64_t first_until_ms = 0;  ///< when the first of them goes, unless its record changes
  };
  /// Pending ones of a pipeline that wait for a quiet moment.
  SettlingCount settling(std::int64_t pipeline_id);
  /// What waits for a person, over all pipelines. Costs as much as there is of it, however long the journal.
  std::vector<Awaiting> awaiting_person();
  struct Kept {
    std::string reason;
    std::int64_t number = 0;
  };
  /// The pending ones of a pipeline that a condition keeps back, by what they wait for, the most first.
  std::vector<Kept> kept_back(std::int64_t pipeline_id);
  /// When the oldest change was captured that a pending delivery, or one in flight, of a pipeline covers.
  std::optional<std::int64_t> oldest_under_way_ms(std::int64_t pipeline_id);

 private:
  std::optional<std::string> match_last_sent(const Delivery& delivery);
  std::optional<std::string> match_before(const Delivery& delivery);
  std::optional<LastSent> last_sent_before(std::int64_t delivery_id, std::int64_t pipeline_id, const std::string& key);
  Head head_of(const Statement& row, Delivery delivery);
  std::optional<LastSent> stored_last_sent(std::int64_t pipeline_id, const std::string& key);
  std::vector<Delivery> open_before_move(std::int64_t pipeline_id, const std::string& key);
  bool is_behind_move(const LastSent& sent, const std::string& origin);
  void follow_move(const Delivery& dead);

  Connection& connection_;
  Moves moves_;
  Rejections rejections_;
};

}  // namespace engine::journal
