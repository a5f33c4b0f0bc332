// `target:` of a pipeline: which records of which object, and what becomes of them when the row goes.
#include <fmt/format.h>

#include "engine/settings/map_reader.h"
#include "engine/settings/read/pipeline/pipeline_reader.h"
#include "engine/settings/read/sql_text.h"

namespace engine::settings {
namespace {

/// `on_delete: archive`, or `on_delete: { update: { active: false } }`.
void read_on_delete(MapReader& reader, TargetUse& use) {
  Diagnostics& diagnostics = reader.diagnostics();
  const YamlNode* written = reader.take("on_delete");
  if (written == nullptr) return;
  if (!written->is_map()) {
    use.on_delete = reader.one_of("on_delete", OnDelete::delete_,
                                  {{"delete", OnDelete::delete_},
                                   {"archive", OnDelete::archive},
                                   {"resolve", OnDelete::resolve},
                                   {"ignore", OnDelete::ignore}});
    return;
  }
  MapReader update(*written, on_delete_block(), "on_delete", diagnostics);
  use.on_delete = OnDelete::update;
  if (const YamlNode* fields = update.require("update")) {
    use.on_delete_update = read_constants(*fields, "update", diagnostics);
    if (fields->is_map() && fields->entries().empty()) {
      diagnostics.error("value.missing", fields->origin(), "'update' of on_delete names no field");
    }
  }
  update.finish();
}

/// The fields by which the record of a row is found again, each by one expression.
void read_match(MapReader& reader, const PipelineDefinition& pipeline, TargetUse& use) {
  Diagnostics& diagnostics = reader.diagnostics();
  const YamlNode* match = reader.take("match");
  if (match != nullptr) {
    use.match = read_fields(*match, "match", diagnostics);
    for (const FieldExpression& field : use.match) {
      if (field.is_list)
        diagnostics.error("value.type", match->find(field.field)->origin(),
                          fmt::format("'{}' of match must be one expression", field.field));
    }
  }
  // A message is a new record each time; everything else must be found again.
  const bool is_message = pipeline.deliver == DeliverPolicy::every_change;
  const bool empty = match == nullptr ? !reader.has("match") : match->is_map() && match->entries().empty();
  if (empty && !is_message && reader.is_map()) {
    diagnostics.error("key.missing", use.origin, "the target has no 'match'",
                      "add 'match: { field: expression }': how the record of a row is found again");
  }
}

std::vector<FieldExpression> read_associations(const YamlNode& value, Diagnostics& diagnostics) {
  std::vector<FieldExpression> associations = read_fields(value, "associations", diagnostics);
  for (const FieldExpression& one : associations) {
    if (!one.is_list) continue;
    diagnostics.error("value.type", value.find(one.field)->origin(),
                      fmt::format("'{}' of associations must be one expression", one.field));
  }
  return associations;
}

void read_comment(const YamlNode& value, TargetUse& use, Diagnostics& diagnostics) {
  MapReader reader(value, comment_block(), "comment", diagnostics);
  CommentDefinition comment;
  if (const YamlNode* when = reader.require("when")) {
    if (auto expression = read_expression(*when, reader.named("when"), diagnostics))
      comment.when = std::move(*expression);
  }
  if (const YamlNode* text = reader.require("text")) {
    if (auto expression = read_expression(*text, reader.named("text"), diagnostics))
      comment.text = std::move(*expression);
  }
  reader.finish();
  use.comment = std::move(comment);
}

}  // namespace

void read_target_use(const YamlNode& value, ReadPipeline& pipeline, Diagnostics& diagnostics) {
  MapReader reader(value, target_use_block(), "the target", diagnostics);
  TargetUse& use = pipeline.definition.target;
  const auto place = [&](const char* key) {
    return value.find(key) == nullptr ? value.origin() : value.find(key)->origin();
  };
  use.origin = value.origin();
  use.connection = reader.required_text("connection");
  use.object = reader.required_text("object");
  pipeline.connection = place("connection");
  pipeline.object = place("object");
  pipeline.on_delete = place("on_delete");
  read_match(reader, pipeline.definition, use);
  use.mode = reader.one_of("mode", WriteMode::upsert,
                           {{"upsert", WriteMode::upsert},
                            {"create_only", WriteMode::create_only},
                            {"update_only", WriteMode::update_only}});
  if (reader.has("updates")) use.whole_updates = reader.one_of("updates", false, {{"changed", false}, {"whole", true}});
  pipeline.mode = place("mode");
  pipeline.updates = place("updates");
  if (const YamlNode* associations = reader.take("associations"))
    use.associations = read_associations(*associations, diagnostics);
  // A message tells of something that happened: a row that goes takes nothing back, unless the pipeline says so.
  if (pipeline.definition.deliver == DeliverPolicy::every_change) use.on_delete = OnDelete::ignore;
  read_on_delete(reader, use);
  const YamlNode* comment = reader.take("comment");
  if (comment != nullptr) read_comment(*comment, use, diagnostics);
  if (comment != nullptr && pipeline.definition.settle.is_on()) {
    diagnostics.error("key.conflict", comment->origin(), "a comment tells of one change, and 'settle' of the guard sends the last of several",
                      "remove one of the two");
  }
  reader.finish();
}

}  // namespace engine::settings
