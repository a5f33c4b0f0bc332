// `test --update` rewrites the requests of a case and nothing else.
#include "engine/operate/cases/update.h"

#include <doctest/doctest.h>

#include <stdlib.h>

#include <fstream>
#include <sstream>

TEST_CASE("blank lines before the requests do not matter, and all that is not a request stays") {
  char name[] = "/tmp/datapicker-case-XXXXXX";
  const std::filesystem::path folder = mkdtemp(name);
  const auto path = folder / "case.yaml";
  std::ofstream(path) << "case: a customer\n\nthen:\n  requests:\n    - { method: PUT, path: /old }\n\n  deliveries: { delivered: 1 }\n";
  const std::vector<engine::operate::SentRequest> came{{.method = "DELETE", .path = "/customers/C1"}};
  engine::operate::update_requests(path, came);
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  CHECK(text.str() == "case: a customer\n\nthen:\n  requests:\n    - { method: DELETE, path: \"/customers/C1\" }\n\n  deliveries: { delivered: 1 }\n");
  std::filesystem::remove_all(folder);
}
