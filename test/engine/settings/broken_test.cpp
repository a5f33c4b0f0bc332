// Every folder of broken/ is laid over the sample instance; what is then reported stands in its expected.txt. Where an
// environment.txt names one, the instance is read with that environment.
// UPDATE_GOLDEN=1 writes these files anew.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "test/engine/settings/instance_folder.h"

namespace {

namespace fs = std::filesystem;

std::string text_of_file(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// Reports name files by their full path where they do not belong to the instance; the folder's own name changes with
/// each run.
std::string without(std::string text, const std::string& part, const std::string& by) {
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at))
    text.replace(at, part.size(), by);
  return text;
}

std::string reported(const fs::path& folder) {
  test_settings::InstanceFolder instance;
  instance.overlay(folder);
  engine::settings::Diagnostics diagnostics;
  const std::string named = text_of_file(folder / "environment.txt");
  const engine::settings::InstancePlace place(instance.path(), named.substr(0, named.find('\n')));
  engine::settings::load_instance(place, test_settings::catalogues(), {}, diagnostics);
  CHECK_FALSE(diagnostics.all().empty());
  return without(without(test_settings::text_of(diagnostics), instance.path().string(), "INSTANCE"), SOURCE_DIR,
                 "SOURCES");
}

}  // namespace

TEST_CASE("a broken configuration is refused with place, reason and suggestion") {
  const bool update = std::getenv("UPDATE_GOLDEN") != nullptr;
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(test_settings::files() / "broken")) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  CHECK(folders.size() >= 30);
  for (const fs::path& folder : folders) {
    const std::string name = folder.filename();
    CAPTURE(name);
    const std::string text = reported(folder);
    if (update) std::ofstream(folder / "expected.txt") << text;
    CHECK(text == text_of_file(folder / "expected.txt"));
  }
}
