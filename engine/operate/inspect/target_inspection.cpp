#include <fstream>
#include <regex>
#include <set>

#include "engine/base/error.h"
#include "engine/settings/target/built_in.h"
#include "engine/operate/inspect.h"

namespace engine::operate {

namespace {

/// Names that templates take from a pipeline.
struct Wanted {
  std::set<std::string> match, fields;
  bool whole_match = false;  ///< {match}: the one match value, whatever its name
};

void collect(const std::string& text, Wanted& wanted) {
  static const std::regex placeholder(R"(\{(match|field)(?:\.([A-Za-z0-9_]+))?[|}])");
  for (std::sregex_iterator at(text.begin(), text.end(), placeholder), end; at != end; ++at) {
    if (!(*at)[2].matched) {
      wanted.whole_match |= (*at)[1] == "match";
    } else {
      ((*at)[1] == "match" ? wanted.match : wanted.fields).insert((*at)[2]);
    }
  }
}

void collect(const settings::RequestTemplate& request, Wanted& wanted) {
  collect(request.path, wanted);
  collect(request.body, wanted);
  for (const auto& [name, value] : request.query) collect(value, wanted);
  for (const auto& [name, value] : request.headers) collect(value, wanted);
}

TargetObject inspect_object(const settings::ObjectDefinition& definition, const settings::TargetConnection& connection) {
  TargetObject object{.name = definition.name};
  Wanted wanted;
  if (definition.find) collect(definition.find->request, wanted);
  for (const auto& [kind, call] : definition.calls) {
    object.calls.emplace_back(model::name_of(kind));
    collect(call.request, wanted);
  }
  for (const auto& [kind, batch] : definition.batch) {
    collect(batch.request, wanted);
    collect(batch.record, wanted);
  }
  object.match.assign(wanted.match.begin(), wanted.match.end());
  // A record found again by one field of the target's has that field's name as an option.
  const auto key_field = connection.options.find("key_field");
  if (object.match.empty() && wanted.whole_match) {
    object.match.push_back(key_field == connection.options.end() || key_field->second.empty() ? "key" : key_field->second);
  }
  object.required.assign(wanted.fields.begin(), wanted.fields.end());
  return object;
}

}  // namespace

TargetInspection inspect_target(const settings::TargetConnection& connection) {
  TargetInspection result{.connection = connection.name, .target = connection.target.name, .about = connection.target.about};
  if (result.target == "file") {
    result.about = "JSON lines in " + connection.path;
    result.objects.push_back({.name = "*", .calls = {"upsert", "delete", "archive", "resolve", "comment"}});
    return result;
  }
  if (settings::is_built_in(result.target)) {
    result.objects.push_back({.name = "*", .calls = {"upsert", "delete"}});
    return result;
  }
  for (const auto& [name, object] : connection.target.objects) result.objects.push_back(inspect_object(object, connection));
  return result;
}

std::vector<std::string> write_new_files(const std::filesystem::path& folder, const std::vector<YamlFile>& files) {
  std::vector<std::string> written;
  for (const YamlFile& file : files) {
    const std::filesystem::path path = folder / file.path;
    std::error_code failed;
    std::filesystem::create_directories(path.parent_path(), failed);
    if (std::filesystem::exists(path)) continue;
    std::ofstream out(path);
    out << file.text;
    if (!out.flush()) throw Error(ErrorCode::environment_missing, "cannot write " + path.string(), {}, "check the folder's permissions and free space");
    written.push_back(file.path);
  }
  return written;
}

}  // namespace engine::operate
