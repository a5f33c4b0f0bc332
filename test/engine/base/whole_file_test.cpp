#include "engine/base/whole_file.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <system_error>

namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

struct Folder {
  char name[32] = "/tmp/datapicker-file-XXXXXX";
  fs::path path = mkdtemp(name);
  ~Folder() { fs::remove_all(path); }
};

}  // namespace

TEST_CASE("a file that is replaced keeps its mode, and a link goes on leading to it") {
  const Folder folder;
  std::ofstream(folder.path / "case.yaml") << "old";
  chmod((folder.path / "case.yaml").c_str(), 0604);
  fs::create_symlink("case.yaml", folder.path / "link.yaml");
  engine::replace_file(folder.path / "link.yaml", "new");
  CHECK(text_of(folder.path / "case.yaml") == "new");
  CHECK(fs::is_symlink(folder.path / "link.yaml"));
  CHECK((static_cast<unsigned>(fs::status(folder.path / "case.yaml").permissions()) & 0777U) == 0604U);
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 2);
}

TEST_CASE("a file that cannot be replaced stays, and nothing is left beside it") {
  const Folder folder;
  fs::create_directory(folder.path / "taken");
  CHECK_THROWS_AS(engine::replace_file(folder.path / "taken", "new"), std::system_error);
  CHECK_THROWS_AS(engine::replace_file(folder.path / "gone" / "case.yaml", "new"), std::system_error);
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
}
