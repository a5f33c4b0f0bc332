// Random damage to a good file: whatever comes out, it is a tree or a problem, never a crash.
#include <doctest/doctest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "engine/settings/read/pipeline/pipeline_reader.h"
#include "engine/settings/read/table/table_reader.h"
#include "test/engine/settings/instance_folder.h"

using namespace engine::settings;

namespace {

std::string sample(const char* file) {
  std::ostringstream text;
  text << std::ifstream(test_settings::files() / "sample" / file).rdbuf();
  return text.str();
}

/// One to four bytes deleted, doubled or replaced by a character that means something to YAML or SQL.
std::string damaged(std::string text, std::mt19937& random) {
  static const std::string special = "\"'{}[]:,#&*!|>-%@`\t\n ?\\()~\xC3\xFF";
  for (unsigned edits = 1 + random() % 4; edits > 0; --edits) {
    const std::size_t at = random() % text.size();
    switch (random() % 4) {
      case 0:
        text.erase(at, 1 + random() % 8);
        break;
      case 1:
        text.insert(at, 1, special[random() % special.size()]);
        break;
      case 2:
        text[at] = special[random() % special.size()];
        break;
      default:
        text.insert(at, text.substr(random() % text.size(), random() % 20));
        break;
    }
    if (text.empty()) text = " ";
  }
  return text;
}

}  // namespace

TEST_CASE("a damaged file yields a tree or a problem with a place") {
  const std::string pipelines[] = {sample("pipelines/customers_to_shop/pipeline.yaml"),
                                   sample("pipelines/orders_to_desk/pipeline.yaml")};
  const std::string table = sample("tables/orders.yaml");
  const char* rounds = std::getenv("MUTATIONS");
  const unsigned seeds = rounds == nullptr ? 1'500 : static_cast<unsigned>(std::atoi(rounds));
  for (unsigned seed = 0; seed < seeds; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Diagnostics diagnostics;
    const auto pipeline = parse_yaml(damaged(pipelines[seed % 2], random), "p.yaml", diagnostics);
    const bool told = pipeline.has_value() || !diagnostics.ok();
    REQUIRE(told);
    if (pipeline) read_pipeline(*pipeline, "customers_to_shop", diagnostics);
    if (pipeline) json_of(*pipeline);
    if (const auto root = parse_yaml(damaged(table, random), "t.yaml", diagnostics))
      read_table(*root, 5'000, diagnostics);
    for (const Diagnostic& diagnostic : diagnostics.all()) {
      CHECK_FALSE(diagnostic.message.empty());
      CHECK(diagnostic.origin.line >= 0);
      CHECK(diagnostic.origin.column >= 0);
    }
  }
}
