// Files of an instance: whatever they say, there is an instance or a problem with its place.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/settings/diagnostics.h"
#include "engine/settings/instance.h"
#include "test/engine/settings/instance_folder.h"
#include "test/fuzz/fuzzed.h"

using namespace engine::settings;

namespace {

/// What an input may write over. The rest of the instance is sound.
constexpr std::string_view writable[] = {"datapicker.yaml",       "connections/erp.yaml",  "connections/shop.yaml",
                                         "connections/desk.yaml", "tables/customers.yaml", "tables/orders.yaml",
                                         "env/test.yaml",         "fragments/shared.yaml", "targets/own.yaml",
                                         "pipelines/customers_to_shop/pipeline.yaml"};

/// "=== tables/orders.yaml" and the lines of that file, as often as wanted; what stands before the first is the pipeline.
std::map<std::string, std::string> files_of(std::string_view input) {
  std::map<std::string, std::string> files;
  std::string name = "pipelines/customers_to_shop/pipeline.yaml";
  while (!input.empty()) {
    const std::string_view line = input.substr(0, input.find('\n') == input.npos ? input.npos : input.find('\n') + 1);
    input.remove_prefix(line.size());
    bool heading = false;
    for (const std::string_view file : writable) {
      if (!line.starts_with("=== ") || !line.substr(4).starts_with(file)) continue;
      name = file;
      heading = true;
    }
    if (!heading) files[name] += line;
  }
  return files;
}

/// The sample with an input's files over its own. One folder serves all inputs: making it costs more than reading it.
class Overlaid {
 public:
  Overlaid(test_settings::InstanceFolder& folder, const std::map<std::string, std::string>& files) : folder_(folder) {
    for (const auto& [file, text] : files) {
      folder_.write(file, text);
      written_.push_back(file);
    }
  }
  ~Overlaid() {
    for (const std::string& file : written_) {
      const auto original = test_settings::files() / "sample" / file;
      std::filesystem::remove(folder_.path() / file);
      if (std::filesystem::exists(original)) std::filesystem::copy_file(original, folder_.path() / file);
    }
  }
  Overlaid(const Overlaid&) = delete;
  Overlaid& operator=(const Overlaid&) = delete;

 private:
  test_settings::InstanceFolder& folder_;
  std::vector<std::string> written_;
};

}  // namespace

void fuzz::take(std::string_view input) {
  static test_settings::InstanceFolder folder;
  const auto files = files_of(input);
  const Overlaid overlaid(folder, files);
  Diagnostics diagnostics;
  load_instance({folder.path(), files.contains("env/test.yaml") ? "test" : ""}, test_settings::catalogues(), {}, diagnostics);
  diagnostics.sort();
  for (const Diagnostic& problem : diagnostics.all()) {
    demand(!problem.message.empty() && !problem.code.empty(), "a problem says what it is");
    demand(!problem.origin.file.empty(), "a problem says in which file");
    demand(problem.origin.line >= 0 && problem.origin.column >= 0, "a place is one");
    diagnostic_text(problem);
  }
  diagnostics_json(diagnostics.all());
}
