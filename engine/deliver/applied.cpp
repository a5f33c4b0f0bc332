#include "engine/deliver/applied.h"

#include <utility>

#include "engine/deliver/association.h"

namespace engine::deliver {

namespace {

/// Relations are made after the record: what counts as sent of them is what was.
std::string before_associations(const Job& job, const std::string& fields) {
  const auto& sent = job.head.last_sent;
  const bool known = sent && sent->live && sent->fields;
  const model::FieldMap before = known ? model::fields_from_json(*sent->fields) : model::FieldMap{};
  return fields_json(sent_before_associations(model::fields_from_json(fields), before));
}

}  // namespace

void remember_sent(Job& job, std::optional<std::string> fields, bool live, std::int64_t now_ms) {
  const journal::Delivery& delivery = job.delivery();
  if (fields && job.drift) fields = job.drift->as_sent(*fields);
  if (fields && model::has_associations(job.fields)) fields = before_associations(job, *fields);
  journal::LastSent sent = unknown_last_sent(delivery, job.head.last_sent, now_ms);
  job.effects.forgotten_match = sent.match;
  // A record that is gone keeps the match value it had; one that is there has the new one now.
  if (delivery.present) sent.match = delivery.match;
  sent.fields = std::move(fields);
  sent.live = live;
  job.head.last_sent = sent;
  job.effects.last_sent = std::move(sent);
}

void remember_remote_id(Job& job, const std::optional<std::string>& remote_id) {
  const std::string& match = job.head.last_sent->match;
  const bool gone = job.kind == model::CallKind::delete_;
  // Under the old match value nobody must find it any more.
  job.effects.forget_remote_id = job.head.remote_id.has_value() && (gone || job.effects.forgotten_match != match);
  job.head.remote_id = gone ? std::nullopt : remote_id;
  if (gone || !remote_id || match == "{}") return;
  job.effects.found_remote_id = remote_id;
  job.effects.remote_match = match;
}

void mark_sent_unknown(Job& job, std::int64_t now_ms) {
  job.head.last_sent = unknown_last_sent(job.delivery(), job.head.last_sent, now_ms);
  job.effects.last_sent = job.head.last_sent;
}

}  // namespace engine::deliver
