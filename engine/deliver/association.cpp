#include "engine/deliver/association.h"

namespace engine::deliver {

using model::CallKind;
using model::FieldMap;

namespace {

/// Ids are texts; a mapping may give them as numbers. Empty for NULL.
std::string id_in(const FieldMap& fields, const std::string& name) {
  const auto found = fields.find(name);
  if (found == fields.end()) return {};
  const auto* scalar = std::get_if<model::FieldScalar>(&found->second);
  if (scalar == nullptr) return {};
  if (const auto* text = std::get_if<std::string>(scalar)) return *text;
  if (const auto* number = std::get_if<model::NumberText>(scalar)) return number->digits;
  if (const auto* integer = std::get_if<std::int64_t>(scalar)) return std::to_string(*integer);
  return {};
}

template <class Visit>
void each_association(const FieldMap& fields, const Visit& visit) {
  for (auto at = fields.lower_bound(model::association_prefix); at != fields.end() && model::is_association(at->first); ++at)
    visit(at->first);
}

}  // namespace

std::optional<AssociationCall> next_association(const FieldMap& wanted, const FieldMap& sent,
                                                const model::ObjectTraits& traits) {
  std::optional<AssociationCall> next;
  const auto look_at = [&](const std::string& name) {
    if (next) return;
    const std::string to = id_in(wanted, name);
    const std::string had = id_in(sent, name);
    // Equal ids are one relation, however each was written.
    if (to == had) return;
    // A relation that the mapping does not speak of any more stays where the target cannot end it.
    if (!wanted.contains(name) && !traits.has(CallKind::dissociate)) return;
    const bool ends = !had.empty() && (to.empty() || traits.has(CallKind::dissociate));
    next = AssociationCall{ends ? CallKind::dissociate : CallKind::associate,
                           name.substr(model::association_prefix.size()), ends ? had : to};
  };
  each_association(wanted, look_at);
  each_association(sent, look_at);
  return next;
}

void note_association(const AssociationCall& done, FieldMap& sent) {
  const std::string name = std::string(model::association_prefix) + done.name;
  if (done.kind == CallKind::associate) {
    sent[name] = model::FieldScalar(done.to);
  } else {
    sent.erase(name);
  }
}

FieldMap sent_before_associations(const FieldMap& fields, const FieldMap& sent_before) {
  FieldMap sent = model::without_associations(fields);
  each_association(sent_before, [&](const std::string& name) { sent[name] = sent_before.at(name); });
  return sent;
}

}  // namespace engine::deliver
