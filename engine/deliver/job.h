// A delivery under way in this process: what was read, decided, sent and answered, until the journal holds its end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/deliver/association.h"
#include "engine/deliver/budget/permit.h"
#include "engine/deliver/decision.h"
#include "engine/deliver/loop/busy_lanes.h"
#include "engine/journal/deliveries.h"
#include "engine/model/target.h"

namespace engine::deliver {

/// What an answer proves beside the delivery's own state. Gathered until the next write, and committed with it.
struct Effects {
  std::optional<journal::LastSent> last_sent;
  std::optional<std::string> found_remote_id;  ///< of the match value in `remote_match`
  bool forget_remote_id = false;               ///< of the match value in `forgotten_match`
  std::string remote_match;
  std::string forgotten_match;
  bool supersede_dead = false;
  /// The record was proven absent: a delete that waits takes over, and has nothing to do (rule 7).
  bool yield_to_delete = false;
  std::string closed_window_of;  ///< the target says that this recipient was not heard lately
};

struct StartingBatch;

/// One thread's: the loop's. The journal's writer gets a snapshot of it (`loop/ledger.h`).
struct Job {
  journal::Head head;
  const PipelineTarget* pipeline = nullptr;
  const model::ObjectTraits* traits = nullptr;

  BusyLanes::Lanes lanes;  ///< what it occupies

  journal::DeliveryState journaled = journal::DeliveryState::pending;  ///< its state as the journal has it
  bool unjournaled = false;  ///< an upsert that went out without a trace: a newer one may have superseded it meanwhile
  bool may_have_been_sent = false;
  bool suspected = false;  ///< an earlier try of its frozen request may have been applied
  bool absent_at_target = false;
  bool moves = false;  ///< it gives the record another match value
  bool went_missing = false;  ///< the record vanished once while we worked on it
  bool window_open = false;   ///< the recipient may be written to freely
  std::string refused_request;  ///< outside his window: the same request would be refused again
  bool alone = false;         ///< a batch with it was refused as a whole: it goes by itself

  std::shared_ptr<StartingBatch> starting;  ///< the batch whose start is being written
  bool resends = false;       ///< the next call is the frozen request, as it is
  Permit permit;              ///< its places in budgets

  model::CallKind kind = model::CallKind::upsert;  ///< the call under way or next
  /// The call under way, or what it looks up an id for, reads these before they are overwritten. None: the next one writes.
  std::optional<Overwritten> reads_first;
  std::optional<journal::Drift> drift;  ///< what that showed, perhaps in an earlier process; none: nothing was read
  std::optional<model::CallKind> after_find;       ///< what a find interrupts; none: the decision
  model::FieldMap fields;
  model::FieldMap changed_fields;
  model::FieldMap sent_fields;  ///< what the last write sent: compared when it is read back
  std::string partial_reason;   ///< what the target said it refused
  model::PreparedCall prepared;
  /// The target carries it out as a job of several records, which are asked for together.
  std::shared_ptr<const std::string> poll_of_all;
  std::optional<journal::Attempt> attempt;  ///< under way
  std::vector<journal::Attempt> ended;      ///< to be written
  Effects effects;
  std::optional<std::int64_t> again_ms;  ///< steady: taken up again then, once its wait is on disk
  bool is_retry = false;                 ///< it waits because the target was not well

  journal::Delivery& delivery() { return head.delivery; }
  const journal::Delivery& delivery() const { return head.delivery; }
  /// Nothing of it was sent or written yet: another may take it up from the journal.
  bool is_fresh() const { return journaled == journal::DeliveryState::pending && ended.empty() && !resends; }
  bool is_uncertain() const { return head.delivery.state == journal::DeliveryState::uncertain; }
};
using JobPtr = std::shared_ptr<Job>;

/// "<journal>-<pipeline>-<last_seq>-<generation>", with "-comment" for that call, and "-associate-NAME" for those: each
/// call of a delivery has its own.
std::string idempotency_key(const std::string& journal_id, const journal::Delivery& delivery, model::CallKind kind);
std::string idempotency_key(const std::string& journal_id, const Job& job);

/// Of a job whose fields are known: the relation to be made or ended next; none: none.
std::optional<AssociationCall> next_association(const Job& job);

/// What a comment carries so that it can be found again: "[dp:3f2a-7-1045-0]".
std::string comment_marker(const std::string& journal_id, const journal::Delivery& delivery);

/// The recipient of a message as the journal names people; empty: the fields name none.
std::string recipient_of(const journal::Delivery& delivery, const model::ObjectTraits& traits);

model::Call make_call(const Job& job, model::CallKind kind, const std::string& journal_id);

/// It writes the record itself: not a comment at it, nor its relations to others.
bool writes_record(model::CallKind kind);
bool relates(model::CallKind kind);
/// Sending the same request again does no harm: it reads, the target recognises it, or it addresses one known record.
/// `moves`: it gives the record another match value; by the old one it would then make a second record.
bool may_repeat(model::CallKind kind, const model::ObjectTraits& traits, bool has_remote_id, bool moves);
/// The call must be in the journal before it is sent (rule 4).
bool is_journaled_first(model::CallKind kind, const model::ObjectTraits& traits, bool moves);

/// What is known when a write may or may not have been applied: the record may be there, with fields unknown (rule 8).
journal::LastSent unknown_last_sent(const journal::Delivery& delivery, const std::optional<journal::LastSent>& before,
                                    std::int64_t now_ms);

}  // namespace engine::deliver
