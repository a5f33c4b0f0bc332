// The schemas and the reference that the repository carries are those that the program prints. UPDATE_GOLDEN=1 writes
// them anew.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "engine/settings/schema/json_schema.h"
#include "engine/settings/schema/reference.h"

namespace {

void check_fresh(const std::string& file, const std::string& text) {
  const std::string path = std::string(SOURCE_DIR) + "/config/" + file;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ostringstream carried;
  carried << std::ifstream(path).rdbuf();
  CAPTURE(path);
  CHECK(carried.str() == text);
}

}  // namespace

TEST_CASE("the schemas in config/schema are those of this program") {
  for (const std::string& kind : engine::settings::schema_kinds())
    check_fresh("schema/" + kind + ".schema.json", engine::settings::json_schema(kind));
}

TEST_CASE("the reference in config/reference.md is that of this program") {
  check_fresh("reference.md", engine::settings::reference());
}
