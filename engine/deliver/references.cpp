#include "engine/deliver/references.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/model/json_text.h"
#include "engine/model/key.h"
#include "engine/model/row_json.h"

namespace engine::deliver {

namespace {

/// Whoever waits for more is woken by the first hundred, and then asks for the rest.
constexpr std::size_t awaited_max = 100;

/// {"companies [\"C001\"]":"4711"}
using Known = std::map<std::string, std::string, std::less<>>;

Known known_of(const std::string& json) {
  Known known;
  for (const auto& [name, value] : model::fields_from_json(json)) {
    const auto* scalar = std::get_if<model::FieldScalar>(&value);
    const auto* text = scalar != nullptr ? std::get_if<std::string>(scalar) : nullptr;
    if (text != nullptr) known.emplace(name, *text);
  }
  return known;
}

std::string json_of(const Known& known) {
  model::FieldMap fields;
  for (const auto& [name, id] : known) fields[name] = model::FieldScalar(id);
  return model::fields_json(fields);
}

/// As it was given, where the table tells nothing yet.
std::string raw_key(const std::vector<std::string>& parts) {
  std::string json = "[";
  for (const std::string& part : parts) {
    if (json.size() > 1) json += ',';
    model::append_json_string(part, json);
  }
  return json += ']';
}

}  // namespace

std::string id_of_match(const std::string& match) {
  const model::FieldMap fields = model::fields_from_json(match);
  const auto* scalar = fields.size() == 1 ? std::get_if<model::FieldScalar>(&fields.begin()->second) : nullptr;
  if (scalar == nullptr) return {};
  if (const auto* text = std::get_if<std::string>(scalar)) return *text;
  if (const auto* number = std::get_if<model::NumberText>(scalar)) return number->digits;
  if (const auto* integer = std::get_if<std::int64_t>(scalar)) return std::to_string(*integer);
  return {};
}

/// Of a pipeline that is depended on no more, nothing is kept.
std::vector<journal::Deliveries::LookUp> look_ups_of(const std::string& json, const PipelineTarget& pipeline) {
  std::vector<journal::Deliveries::LookUp> look_ups;
  for (const auto& [name, id] : known_of(json)) {
    const std::size_t blank = name.find(' ');
    for (const ParentPipeline& parent : pipeline.parents) {
      if (blank != std::string::npos && parent.name == name.substr(0, blank))
        look_ups.push_back({parent.id, name.substr(blank + 1), id});
    }
  }
  return look_ups;
}

void ReferenceReader::resolve(journal::Head& head, const PipelineTarget& pipeline) {
  const journal::Delivery& delivery = head.delivery;
  const bool refers = delivery.present && !pipeline.parents.empty() && delivery.fields;
  if (refers && model::may_hold_references(*delivery.fields)) put_in(head, pipeline);
  if (!delivery.present && pipeline.has_children && delivery.state == journal::DeliveryState::pending) {
    head.awaits = records_.deliveries.deletes_of_children(delivery.pipeline_id, delivery.key, awaited_max);
  }
}

void ReferenceReader::put_in(journal::Head& head, const PipelineTarget& pipeline) {
  journal::Delivery& delivery = head.delivery;
  // What may have been applied holds the ids of that time: looked up again, they could be others.
  const bool begun = delivery.frozen || !delivery.step.empty() || delivery.state == journal::DeliveryState::uncertain;
  const Known frozen = begun && delivery.look_ups ? known_of(*delivery.look_ups) : Known{};
  Known known;
  model::FieldMap fields = model::fields_from_json(*delivery.fields);
  model::put_in_ids(fields, [&](const model::Reference& reference) -> std::optional<std::string> {
    const auto parent = std::find_if(pipeline.parents.begin(), pipeline.parents.end(),
                                     [&](const ParentPipeline& one) { return one.name == reference.pipeline; });
    if (parent == pipeline.parents.end()) {
      head.reference_problem = "'" + reference.pipeline + "' does not stand under `depends_on:` any more";
      return std::nullopt;
    }
    const Found found = find(*parent, reference.key);
    const std::string key = found.key.empty() ? raw_key(reference.key) : found.key;
    const std::string name = model::shown(parent->name, key);
    if (found.key.empty()) head.reference_problem = name + " has not the form of a key of that pipeline's table";
    const auto before = frozen.find(name);
    const std::optional<std::string> id = before != frozen.end() ? std::optional(before->second) : found.id;
    if (id) {
      known[name] = *id;
    } else if (head.awaits.size() < awaited_max) {
      head.awaits.push_back({parent->id, parent->name, key});
    }
    return id;
  });
  delivery.fields = model::fields_json(fields);
  delivery.look_ups = json_of(known);
}

const std::optional<model::Layout>& ReferenceReader::layout_of(const ParentPipeline& parent) {
  const auto known = layouts_.find(parent.id);
  if (known != layouts_.end()) return known->second;
  std::optional<model::Layout>& layout = layouts_[parent.id];
  const auto table = records_.tables.find(parent.table);
  if (table && table->layout_id) layout = records_.tables.layout(*table->layout_id);
  return layout;
}

bool ReferenceReader::match_is_id(const std::string& object) const {
  try {
    return target_.traits(object).match_is_id;
  } catch (const Error&) {
    return false;  // the configuration dropped the object
  }
}

ReferenceReader::Found ReferenceReader::find(const ParentPipeline& parent, const std::vector<std::string>& key) {
  const auto& layout = layout_of(parent);
  // Its table was not read yet, so its record cannot be there.
  if (!layout) return {std::nullopt, raw_key(key)};
  const auto json = model::key_json_of(*layout, key);
  if (!json) return {};
  const auto sent = records_.deliveries.last_sent(parent.id, *json);
  if (!sent || !sent->live) return {std::nullopt, *json};
  auto id = records_.deliveries.remote_id(sent->connection, sent->object, sent->match);
  if (!id && match_is_id(sent->object)) {
    std::string by_match = id_of_match(sent->match);
    if (!by_match.empty()) id = std::move(by_match);
  }
  return {std::move(id), *json};
}

}  // namespace engine::deliver
