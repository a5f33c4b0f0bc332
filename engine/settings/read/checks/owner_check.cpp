#include <fmt/format.h>

#include <map>
#include <optional>
#include <tuple>

#include "engine/settings/read/checks/use_check.h"

namespace engine::settings {
namespace {

/// As a whole word: `year` does not name `yearly`.
bool names_word(const std::string& text, const std::string& word) {
  const auto is_part = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_part(text[at - 1])) && (end == text.size() || !is_part(text[end]))) return true;
  }
  return false;
}

/// The same for two turns of one `for_each` that may write one record. Their match values come from one file, so they differ only by what
/// is varied; a value that names it is another one for every turn, and without any nothing keeps two turns apart.
std::string records_of(const PipelineDefinition& pipeline) {
  std::string records;
  for (const auto& field : pipeline.target.match) {
    if (field.expressions.size() != 1) continue;
    const std::string& sql = field.expressions[0].sql;
    if (names_word(sql, pipeline.each_name)) return pipeline.name;
    records += sql + '\n';
  }
  return records;
}

struct Writer {
  std::size_t order = 0;
  const ReadPipeline* pipeline = nullptr;
  const std::string* records = nullptr;  ///< see `records_of`; null without a `for_each`
  std::string field;
  Origin origin;
  bool whole = false;  ///< the field itself, not one that holds it

  const PipelineDefinition& definition() const { return pipeline->definition; }
};

/// Writers of one field in the order in which they were read, kept so that whom a new one collides with is found without looking at all.
class FieldWriters {
 public:
  /// The earliest one; null when there is none.
  const Writer* collision(const Writer& writer) const {
    const Writer* earliest = nullptr;
    for (const bool owns_rows : {false, true}) {
      for (const bool whole : {false, true}) {
        // Whoever owns rows agreed to it. A field inside another one collides with it; two inside the same third one do not.
        if ((owns_rows && writer.definition().owns_rows) || (!whole && !writer.whole)) continue;
        const Writer* found = groups_[owns_rows ? 1 : 0][whole ? 1 : 0].first_beside(writer);
        if (found != nullptr && (earliest == nullptr || found->order < earliest->order)) earliest = found;
      }
    }
    return earliest;
  }

  void add(const Writer& writer) { groups_[writer.definition().owns_rows ? 1 : 0][writer.whole ? 1 : 0].add(writer); }

 private:
  struct Group {
    std::vector<const Writer*> first_of_family;
    std::map<std::pair<std::string, std::string>, std::vector<const Writer*>> by_records;  ///< of turns: the first two pipelines

    const Writer* first_beside(const Writer& writer) const {
      const Writer* earliest = nullptr;
      for (const Writer* each : first_of_family) {
        if (each->definition().family == writer.definition().family) continue;
        earliest = each;
        break;
      }
      if (writer.records == nullptr) return earliest;
      const auto same = by_records.find({writer.definition().family, *writer.records});
      if (same == by_records.end()) return earliest;
      for (const Writer* each : same->second) {
        if (each->pipeline != writer.pipeline && (earliest == nullptr || each->order < earliest->order)) return each;
      }
      return earliest;
    }

    void add(const Writer& writer) {
      const bool has_two = first_of_family.size() > 1;
      if (!has_two && (first_of_family.empty() || first_of_family[0]->definition().family != writer.definition().family)) {
        first_of_family.push_back(&writer);
      }
      if (writer.records == nullptr) return;
      std::vector<const Writer*>& same = by_records[{writer.definition().family, *writer.records}];
      if (same.empty() || (same.size() == 1 && same[0]->pipeline != writer.pipeline)) same.push_back(&writer);
    }
  };
  Group groups_[2][2];  ///< by whether they own rows, and write the whole field
};

/// Connection, object and field.
using Place = std::tuple<std::string, std::string, std::string>;

/// One field is looked at under its own name and under each name it is nested in: `address` and `address.city` collide.
void add_writers(const ReadPipeline& pipeline, const std::string* records, std::map<Place, std::vector<Writer>>& writers) {
  const TargetUse& use = pipeline.definition.target;
  const auto add = [&](const std::string& at, const std::string& field, const Origin& origin) {
    std::vector<Writer>& list = writers[{use.connection, use.object, at}];
    list.push_back({list.size(), &pipeline, records, field, origin, at == field});
  };
  for (const auto& [field, origin] : pipeline.fields) {
    for (std::size_t end = field.find('.'); end != std::string::npos; end = field.find('.', end + 1)) add(field.substr(0, end), field, origin);
    add(field, field, origin);
  }
}

}  // namespace

void check_owners(const std::vector<ReadPipeline>& pipelines, Diagnostics& diagnostics) {
  std::map<std::string, std::string> records;
  std::map<Place, std::vector<Writer>> writers;
  for (const ReadPipeline& pipeline : pipelines) {
    const PipelineDefinition& definition = pipeline.definition;
    const bool is_message = definition.deliver == DeliverPolicy::every_change && definition.target.match.empty();
    if (is_message) continue;
    const bool is_turn = !definition.each_name.empty();
    const std::string* own = is_turn ? &records.emplace(definition.name, records_of(definition)).first->second : nullptr;
    add_writers(pipeline, own, writers);
  }
  for (const auto& [place, list] : writers) {
    FieldWriters before;
    for (const Writer& writer : list) {
      if (const Writer* other = before.collision(writer)) {
        diagnostics.error("field.two_writers", writer.origin,
                          fmt::format("the pipelines '{}' and '{}' both write '{}' of '{}' at '{}'", other->definition().name,
                                      writer.definition().name, writer.field, std::get<1>(place), std::get<0>(place)),
                          fmt::format("the other one writes it at {}; keep one, or say 'owner: rows' in both when no "
                                      "record gets rows of both",
                                      other->origin.text()));
      }
      before.add(writer);
    }
  }
}

}  // namespace engine::settings
