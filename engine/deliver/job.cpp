#include "engine/deliver/job.h"

#include <fmt/format.h>

#include "engine/journal/delivery/conversations.h"

namespace engine::deliver {

using model::CallKind;

std::string idempotency_key(const std::string& journal_id, const journal::Delivery& delivery, CallKind kind) {
  std::string key = journal_id;
  for (const std::int64_t part : {delivery.pipeline_id, delivery.last_seq, delivery.generation}) {
    key.append("-").append(std::to_string(part));
  }
  if (kind == CallKind::comment) key += "-comment";
  return key;
}

std::string idempotency_key(const std::string& journal_id, const Job& job) {
  std::string key = idempotency_key(journal_id, job.delivery(), job.kind);
  if (!relates(job.kind)) return key;
  const auto next = next_association(job);
  return key + fmt::format("-{}-{}", name_of(job.kind), next ? next->name : "");
}

std::optional<AssociationCall> next_association(const Job& job) {
  const auto& sent = job.head.last_sent;
  // Looked for as text: most records have no relations, and nothing is parsed for them.
  const bool had_some = sent && sent->fields && sent->fields->find("\"->") != std::string::npos;
  if (!had_some && !model::has_associations(job.fields)) return std::nullopt;
  const model::FieldMap before = had_some ? model::fields_from_json(*sent->fields) : model::FieldMap{};
  return next_association(job.fields, before, *job.traits);
}

std::string comment_marker(const std::string& journal_id, const journal::Delivery& delivery) {
  return fmt::format("[dp:{}-{}-{}-{}]", journal_id.substr(0, 6), delivery.pipeline_id, delivery.last_seq,
                     delivery.generation);
}

namespace {

/// For targets that tell a change on: where it comes from, and what the record was before.
model::CallOrigin origin_of(const Job& job) {
  model::CallOrigin origin;
  const auto& sent = job.head.last_sent;
  origin.pipeline = job.pipeline->name;
  origin.seq = job.delivery().last_seq;
  origin.changed_ms = job.head.captured_ms;
  origin.is_new = !(sent && sent->live);
  if (sent && sent->live && sent->fields) origin.before = model::fields_from_json(*sent->fields);
  return origin;
}

}  // namespace

std::string recipient_of(const journal::Delivery& delivery, const model::ObjectTraits& traits) {
  const model::FieldMap fields = model::fields_from_json(delivery.fields.value_or("{}"));
  const auto found = fields.find(traits.window_of);
  const auto* scalar = found == fields.end() ? nullptr : std::get_if<model::FieldScalar>(&found->second);
  const auto* text = scalar == nullptr ? nullptr : std::get_if<std::string>(scalar);
  return text == nullptr ? std::string() : journal::party_of(*text);
}

model::Call make_call(const Job& job, CallKind kind, const std::string& journal_id) {
  const journal::Delivery& delivery = job.delivery();
  model::Call call;
  call.kind = kind;
  call.object = delivery.object;
  call.remote_id = job.head.remote_id;
  // What is searched or upserted is addressed by its match value, known id or not.
  const bool by_id = call.remote_id && kind != CallKind::find && kind != CallKind::upsert && delivery.present;
  call.match = model::fields_from_json(by_id ? delivery.match : addressed_match(delivery, job.head.last_sent));
  call.idempotency_key = idempotency_key(journal_id, delivery, kind);
  if (job.traits->wants_origin) call.origin = origin_of(job);
  call.window_open = job.window_open;
  const bool reads = kind == CallKind::read_back;
  const model::FieldMap& compared = job.reads_first ? job.reads_first->sent : job.sent_fields;
  call.fields = reads ? compared : job.fields;
  call.changed_fields = reads ? compared : job.changed_fields;
  if (reads && job.reads_first) call.wanted = job.reads_first->wanted;
  if (model::has_associations(call.fields) || model::has_associations(call.changed_fields)) {
    call.fields = model::without_associations(call.fields);
    call.changed_fields = model::without_associations(call.changed_fields);
  }
  if (relates(kind)) {
    if (const auto next = next_association(job)) {
      call.association = next->name;
      call.to = next->to;
      call.idempotency_key = idempotency_key(journal_id, job);
    }
  }
  if (job.moves && !by_id && !only_reads(kind)) {
    // Addressed by the value it has, the record gets the new one as a field.
    for (const auto& [name, value] : model::fields_from_json(delivery.match)) {
      call.fields[name] = call.changed_fields[name] = value;
    }
  }
  if (kind == CallKind::comment || kind == CallKind::find_comment) {
    call.marker = comment_marker(journal_id, delivery);
    call.comment = delivery.comment.value_or("") + "\n\n" + call.marker;
  }
  return call;
}

bool relates(CallKind kind) { return kind == CallKind::associate || kind == CallKind::dissociate; }

bool writes_record(CallKind kind) { return !only_reads(kind) && kind != CallKind::comment && !relates(kind); }

bool may_repeat(CallKind kind, const model::ObjectTraits& traits, bool has_remote_id, bool moves) {
  if (only_reads(kind)) return true;
  // Sent twice, the second one would not find the old match value any more.
  if (moves && (!has_remote_id || kind == CallKind::upsert)) return false;
  const auto known = traits.calls.find(kind);
  if (known != traits.calls.end() && (known->second.native_upsert || known->second.repeat_safe)) return true;
  if (kind == CallKind::create || kind == CallKind::comment || kind == CallKind::upsert) return false;
  // To say twice what one known record shall be, or that it shall be gone, has one effect. Where records are upserted,
  // the match value itself is their address.
  const auto upsert = traits.calls.find(CallKind::upsert);
  return has_remote_id || (upsert != traits.calls.end() && upsert->second.native_upsert);
}

bool is_journaled_first(CallKind kind, const model::ObjectTraits& traits, bool moves) {
  if (only_reads(kind)) return false;
  return moves || !(kind == CallKind::upsert && traits.has(kind) && traits.of(kind).native_upsert);
}

journal::LastSent unknown_last_sent(const journal::Delivery& delivery, const std::optional<journal::LastSent>& before,
                                    std::int64_t now_ms) {
  return {.pipeline_id = delivery.pipeline_id,
          .key = delivery.key,
          .connection = delivery.connection,
          .object = delivery.object,
          .match = addressed_match(delivery, before),
          .fields = std::nullopt,
          .live = true,
          .mapping = delivery.mapping,
          .sent_ms = now_ms,
          .kept_under = before ? before->kept_under : std::string()};
}

}  // namespace engine::deliver
