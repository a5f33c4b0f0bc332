// A copy of the sample instance in a folder of its own, to be changed by one test.
#pragma once

#include <filesystem>
#include <string>

#include "engine/settings/instance.h"

namespace test_settings {

/// Folder of this test's files in the source tree.
std::filesystem::path files();

engine::settings::Catalogues catalogues();

class InstanceFolder {
 public:
  InstanceFolder();
  ~InstanceFolder();
  InstanceFolder(const InstanceFolder&) = delete;
  InstanceFolder& operator=(const InstanceFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Puts the files of another folder over the sample's. Its secrets are readable by all, as files are by default.
  void overlay(const std::filesystem::path& folder);
  void write(const std::string& file, const std::string& text, unsigned mode = 0600);

 private:
  std::filesystem::path path_;
};

/// All diagnostics as the command line prints them.
std::string text_of(const engine::settings::Diagnostics& diagnostics);

}  // namespace test_settings
