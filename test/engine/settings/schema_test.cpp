// The schemas and the reference that the repository carries are those that the program prints. UPDATE_GOLDEN=1 writes
// them anew.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "engine/settings/schema/dialect_page.h"
#include "engine/settings/schema/json_schema.h"
#include "engine/settings/schema/reference.h"

namespace {

void check_fresh(const std::string& file, const std::string& text) {
  const std::string path = std::string(SOURCE_DIR) + "/" + file;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ostringstream carried;
  carried << std::ifstream(path).rdbuf();
  CAPTURE(path);
  CHECK(carried.str() == text);
}

}  // namespace

TEST_CASE("the schemas in config/schema are those of this program") {
  for (const std::string& kind : engine::settings::schema_kinds())
    check_fresh("config/schema/" + kind + ".schema.json", engine::settings::json_schema(kind));
}

TEST_CASE("the reference in config/reference.md is that of this program") {
  check_fresh("config/reference.md", engine::settings::reference());
}

TEST_CASE("the page of dialects is what their files say, and each says how far it was proved") {
  const std::string page = engine::settings::dialect_page(SOURCE_DIR "/config/dialects");
  check_fresh("docs/dialects.md", page);
  CHECK(page.find("cannot be read") == std::string::npos);
  CHECK(page.find("|  |") == std::string::npos);
}
