// The seam to a target system: builds requests without sending them, sends them without blocking, judges the answers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/fields.h"
#include "engine/model/outcome.h"

namespace engine::model {

/// What can be asked of a target about one record. Its definition says which of them an object offers.
enum class CallKind : std::uint8_t {
  find,
  create,
  update,
  upsert,
  delete_,
  archive,
  resolve,
  comment,
  read_back,
  find_comment,
  associate,   ///< relates the record to another one
  dissociate,  ///< ends such a relation
  poll,        ///< asks how a job goes
};

std::string_view name_of(CallKind kind);  ///< "find" "create" … "delete" … "read_back" "find_comment" …
std::optional<CallKind> call_kind_of(std::string_view name);
bool only_reads(CallKind kind);  ///< nothing at the target changes by it
bool is_removal(CallKind kind);  ///< after it the record does not count any more

/// Whether a record is read after it was written, to see what the target took: see `read_back.h`.
enum class ReadBack : std::uint8_t { never, always };

/// What one kind of call on one object is like.
struct CallTraits {
  bool native_upsert = false;     ///< the target itself finds by key and creates or updates: repeating does no harm
  bool repeat_safe = false;       ///< the same body under the same idempotency key has one effect
  ReadBack read_back = ReadBack::never;
  bool whole = false;             ///< a write that carries every field, whatever differs
  std::size_t records_max = 1;    ///< records a request may carry; above 1 answers are accounted record by record
  std::size_t bytes_max = 0;      ///< of a batch's body; 0: no limit
};

/// What the engine has to know of an object: which calls there are, and what may be expected of them.
struct ObjectTraits {
  std::map<CallKind, CallTraits> calls;  ///< what the object offers
  std::int64_t consistent_after_ms = 0;  ///< how long a find may lag behind writes
  bool wants_origin = false;             ///< calls carry their `origin`: it costs, so only who asks gets it
  /// No answer tells an id: the only match value stands for it.
  bool match_is_id = false;
  /// Messages: the field with the recipient, and how long after his own last message he may be written to freely.
  /// Empty: the target knows no such window.
  std::string window_of;
  std::int64_t window_ms = 0;
  bool has(CallKind kind) const { return calls.contains(kind); }
  const CallTraits& of(CallKind kind) const { return calls.at(kind); }
};

/// Where a call comes from, for targets that tell a change on instead of applying it.
struct CallOrigin {
  std::string pipeline;
  std::int64_t seq = 0;            ///< of the newest change that the call covers
  std::int64_t changed_ms = 0;     ///< when that change was captured
  bool is_new = false;             ///< the record is not at the target by our hand
  std::optional<FieldMap> before;  ///< what the record was last sent; none: nothing, or that is unknown
};

/// One wanted effect on one record.
struct Call {
  CallKind kind = CallKind::upsert;
  std::string object;
  FieldMap match;                        ///< the value the record is addressed by; with a remote id, the one it shall have
  std::optional<std::string> remote_id;
  FieldMap fields;                       ///< everything mapped
  FieldMap changed_fields;               ///< what differs from last_sent; equal to `fields` when that is unknown
  FieldMap wanted;                       ///< read_back, before a write: what the fields shall hold next; see CallAnswer::fields
  std::string comment;                   ///< text of a comment, its marker included
  std::string marker;                    ///< what find_comment looks for
  std::string association;               ///< associate, dissociate: the relation's name at the target
  std::string to;                        ///< and the other record's id
  std::string idempotency_key;
  std::optional<CallOrigin> origin;
  bool window_open = false;              ///< the recipient wrote to us within ObjectTraits::window_ms
};

/// What a connector keeps of a request that it prepared, beside the text that says the same.
struct ReadyRequest {
  virtual ~ReadyRequest() = default;
};

/// A request, frozen: after a crash the same bytes go out under the same key. Holds no secret; those join in `send`.
struct PreparedCall {
  CallKind kind = CallKind::upsert;
  std::string object;
  std::size_t records = 1;
  std::string request;  ///< JSON text {"method":…,"url":…,"headers":{…},"body":"…"}: kept in the journal, shown to people
  std::shared_ptr<const ReadyRequest> ready;  ///< spares `send` the reading of the text; none for one from the journal
};

/// What an answer tells of a budget at the target.
struct BudgetReading {
  std::string budget;                      ///< its name; empty: the connection's own
  std::optional<std::int64_t> remaining;   ///< requests
  std::optional<std::int64_t> of;          ///< as many are allowed in all
  std::optional<std::int64_t> reset_ms;    ///< from now: then there are more again
  std::int64_t wait_ms = 0;                ///< nothing before that
};

/// What became of one record of a call.
struct CallAnswer {
  DeliveryOutcome outcome;
  int status = 0;                  ///< HTTP status; 0: none came
  std::string answer;              ///< bounded text of the answer, secrets masked: kept in the journal
  bool any_byte_sent = true;       ///< false only when proven
  std::vector<std::string> found;  ///< find: ids of the records; find_comment: one entry when the marker is there
  /// read_back: what the record holds, by the names of the call's fields. Where that means what was sent (5 as "5"), it is told as sent; else
  /// where it means what is wanted, as wanted.
  FieldMap fields;
  std::int64_t duration_ms = 0;
  bool of_this_record = true;      ///< false: a batch was answered as a whole
  std::vector<BudgetReading> budgets;  ///< with the first record
};

class Target {
 public:
  using Answered = std::function<void(std::vector<CallAnswer>)>;

  virtual ~Target() = default;
  /// Throws Error config_invalid for an object the definition does not know.
  virtual const ObjectTraits& traits(std::string_view object) const = 0;
  /// Pure. All calls have one kind and object; at most records_max. Throws Error config_invalid when a template names a
  /// value the call lacks.
  virtual PreparedCall prepare(std::span<const Call> calls) const = 0;
  /// Starts sending and returns at once. `answered` is called exactly once, from any thread, with one answer a record.
  virtual void send(const PreparedCall& call, Answered answered) = 0;
  /// Calls `answered` from the thread that sends, when it takes up new work next: proof that it does. A target without a
  /// thread of its own, or whose thread may rightly wait for a slow disk, answers at once.
  virtual void ping(std::function<void()> answered) { answered(); }
  /// Ends what is under way; each `answered` is still called. No send may follow.
  virtual void stop() = 0;
};

}  // namespace engine::model
