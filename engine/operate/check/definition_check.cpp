#include "engine/operate/check/definition_check.h"

#include <algorithm>

#include "connectors/http/plan.h"
#include "engine/base/error.h"
#include "engine/settings/read/target_catalogue.h"
#include "engine/settings/target/options.h"

namespace engine::operate {

namespace {

/// What an option without a default is read as where no connection has set it.
constexpr char some_value = 'x';

/// The place that an error of the runtime names: "targets/crm.yaml:7:11".
settings::Origin place_of(const Error& error, const settings::Origin& otherwise) {
  for (const auto& [name, place] : error.context()) {
    if (name != "file") continue;
    const std::size_t column = place.rfind(':');
    const std::size_t line = column == std::string::npos ? column : place.rfind(':', column - 1);
    if (line == std::string::npos) return {place};
    return {place.substr(0, line), std::stoi(place.substr(line + 1)), std::stoi(place.substr(column + 1))};
  }
  return otherwise;
}

/// Building a plan ends at the first problem, so each part is built by itself.
class PartCheck {
 public:
  PartCheck(const settings::TargetConnection& connection, settings::Diagnostics& diagnostics)
      : connection_(connection), diagnostics_(diagnostics) {}

  void run() {
    for (const auto& [name, object] : connection_.target.objects) {
      settings::TargetConnection part = without_parts();
      part.target.objects.emplace(name, object);
      build(part);
    }
    for (const settings::AnswerRule& rule : connection_.target.answers) {
      settings::TargetConnection part = without_parts();
      part.target.answers.push_back(rule);
      build(part);
    }
  }

 private:
  settings::TargetConnection without_parts() const {
    settings::TargetConnection part = connection_;
    part.target.objects.clear();
    part.target.answers.clear();
    return part;
  }

  void build(const settings::TargetConnection& part) {
    try {
      const connectors::http::TargetPlan plan(part);
    } catch (const Error& error) {
      diagnostics_.error("target.invalid", place_of(error, connection_.target.origin), error.what(), error.hint());
    }
  }

  const settings::TargetConnection& connection_;
  settings::Diagnostics& diagnostics_;
};

}  // namespace

void check_definitions(const settings::Instance& instance, const settings::Catalogues& catalogues, settings::Diagnostics& diagnostics) {
  settings::TargetCatalogue catalogue(instance.folder, catalogues.targets);
  std::set<std::string> used;
  for (const auto& [name, connection] : instance.targets) {
    used.insert(connection.target.name);
    const bool is_code = catalogue.file_of(connection.target.name).empty();
    if (!is_code) PartCheck(connection, diagnostics).run();
  }
  for (const std::string& name : catalogue.own_names()) {
    settings::Diagnostics told_before;
    const settings::TargetDefinition* definition = used.contains(name) ? nullptr : catalogue.find(name, {}, told_before);
    if (definition == nullptr) continue;
    settings::TargetConnection unset;
    unset.target = *definition;
    for (auto& [option, value] : unset.target.options) {
      if (value.empty()) value.assign(1, some_value);
    }
    settings::apply_options(unset.target, diagnostics);
    PartCheck(unset, diagnostics).run();
  }
}

}  // namespace engine::operate
