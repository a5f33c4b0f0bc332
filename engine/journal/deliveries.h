// Deliveries, their attempts, what was last sent, and the remote ids: all that section 8 of the design keeps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::journal {

class Connection;

enum class DeliveryState : std::uint8_t {
  pending, held, in_flight, uncertain,  // open
  delivered, skipped, superseded, suppressed, dropped, expired, rejected, dead, healed
};
std::string_view name_of(DeliveryState state);
DeliveryState delivery_state_of(std::string_view name);
constexpr bool is_open(DeliveryState state) { return state <= DeliveryState::uncertain; }

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
  std::string match;                  ///< flat JSON of the match fields, see model/fields.h
  bool present = true;                ///< the wanted effect: the record is there with these fields, or it is gone
  std::optional<std::string> fields;  ///< flat JSON
  std::optional<std::string> comment;
  bool every_change = false;
  std::string mapping;
  DeliveryState state = DeliveryState::pending;
  std::string reason;
  std::string step;
  std::string operation;
  std::optional<std::string> frozen;
  std::optional<std::string> idempotency_key;
  int tries = 0;
  int looks = 0;
  std::int64_t not_before_ms = 0;
  std::optional<std::int64_t> expires_ms;
  std::optional<std::int64_t> superseded_by;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
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
};

struct DeadLetterFilter {
  std::string pipeline;  ///< empty: all
  bool uncertain = true;
  bool dead = true;
  std::size_t limit = 100;
};

class Deliveries {
 public:
  explicit Deliveries(Connection& connection) : connection_(connection) {}

  /// A new delivery; with `latest`, older open ones of the same (pipeline, key) that are not proven or suspected to have been
  /// applied become superseded and their first_seq is taken over. Returns the id.
  std::int64_t plan(const Delivery& delivery);
  /// Writes every field of `delivery` but identity (id, pipeline, key, created).
  void update(const Delivery& delivery);
  std::optional<Delivery> find(std::int64_t id);
  std::vector<Delivery> of_key(std::int64_t pipeline_id, const std::string& key, std::size_t limit);

  /// Pending deliveries of a connection that stand at the head of their lane and of their key and are due, in order of id, above
  /// `after_id`.
  std::vector<Delivery> due(const std::string& connection, std::int64_t now_ms, std::int64_t after_id, std::size_t limit);
  /// When the next pending one becomes due, if any waits.
  std::optional<std::int64_t> next_due_ms(const std::string& connection);
  std::vector<Delivery> in_state(const std::string& connection, DeliveryState state, std::size_t limit);
  /// An open delivery of the same lane or key that is younger than `id`, if any: what waits behind it.
  std::optional<Delivery> waiting_behind(const Delivery& delivery);
  /// After a delivered or skipped one: dead ones of the key before it are superseded.
  void supersede_dead_before(const Delivery& delivery, std::int64_t now_ms);

  std::int64_t start_attempt(const Attempt& attempt);
  void end_attempt(const Attempt& attempt);
  std::vector<Attempt> attempts(std::int64_t delivery_id);

  std::optional<LastSent> last_sent(std::int64_t pipeline_id, const std::string& key);
  void put_last_sent(const LastSent& last_sent);

  std::optional<std::string> remote_id(const std::string& connection, const std::string& object, const std::string& match);
  void put_remote_id(const std::string& connection, const std::string& object, const std::string& match,
                     const std::string& remote_id, std::int64_t now_ms);
  void forget_remote_id(const std::string& connection, const std::string& object, const std::string& match);

  std::vector<Delivery> dead_letters(const DeadLetterFilter& filter);
  void record_decision(std::int64_t delivery_id, const std::string& decision, const std::string& actor,
                       const std::string& reason, std::int64_t now_ms);
  /// (state, count) over open and dead deliveries of a pipeline.
  std::vector<std::pair<DeliveryState, std::int64_t>> counts(std::int64_t pipeline_id);

 private:
  Connection& connection_;
};

}  // namespace engine::journal
