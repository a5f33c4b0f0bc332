#include "test/engine/settings/instance_folder.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace test_settings {

namespace fs = std::filesystem;

namespace {

void set_mode(const fs::path& path, unsigned mode) { fs::permissions(path, static_cast<fs::perms>(mode)); }

}  // namespace

fs::path files() { return fs::path(SOURCE_DIR) / "test" / "engine" / "settings"; }

engine::settings::Catalogues catalogues() {
  return {files() / "catalogue" / "dialects", files() / "catalogue" / "targets"};
}

InstanceFolder::InstanceFolder() {
  std::string pattern = (fs::temp_directory_path() / "datapicker-settings-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = pattern;
  fs::copy(files() / "sample", path_, fs::copy_options::recursive);
  for (const auto& secret : fs::directory_iterator(path_ / "secrets")) set_mode(secret.path(), 0600);
}

InstanceFolder::~InstanceFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void InstanceFolder::overlay(const fs::path& folder) {
  fs::copy(folder, path_, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  if (!fs::exists(folder / "secrets")) return;
  for (const auto& secret : fs::directory_iterator(folder / "secrets"))
    set_mode(path_ / "secrets" / secret.path().filename(), 0644);
}

void InstanceFolder::write(const std::string& file, const std::string& text, unsigned mode) {
  fs::create_directories((path_ / file).parent_path());
  std::ofstream(path_ / file, std::ios::binary) << text;
  set_mode(path_ / file, mode);
}

std::string text_of(const engine::settings::Diagnostics& diagnostics) {
  std::string text;
  for (const auto& diagnostic : diagnostics.all()) text += engine::settings::diagnostic_text(diagnostic) + "\n";
  return text;
}

}  // namespace test_settings
