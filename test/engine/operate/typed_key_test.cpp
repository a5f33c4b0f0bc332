#include "engine/operate/typed_key.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>

using namespace engine;
using namespace engine::operate;

TEST_CASE("a decimal key is known by its value, whatever zeros the source gives it") {
  char name[] = "/tmp/datapicker-key-XXXXXX";
  const std::filesystem::path folder = mkdtemp(name);
  {
    const auto journal = journal::Journal::open({.path = folder / "journal.db"});
    model::Layout layout;
    layout.columns = {{.name = "list", .type = model::ColumnType::decimal, .size = 9, .scale = 2}};
    layout.key = {0};
    journal->write([&](journal::Records& records) {
      const auto table = records.tables.ensure("price");
      model::Change change;
      change.table_id = table.id;
      change.layout_id = records.tables.put_layout(table.id, layout, 1);
      change.cycle_id = 1;
      change.operation = model::Operation::insert;
      change.changed_columns = "[]";
      for (const char* key : {R"(["1.50"])", R"(["2.5"])"}) {
        change.key = key;
        change.after = "{}";
        records.changes.append(change);
      }
    });
    auto reader = journal->read();
    const auto found = [&](const std::string& typed) { return typed_key(*reader, "price", typed).json; };
    CHECK(found("1.5") == R"(["1.50"])");
    CHECK(found("1.500") == R"(["1.50"])");
    CHECK(found("2.50") == R"(["2.5"])");
    CHECK(found("3") == R"(["3"])");
  }
  std::filesystem::remove_all(folder);
}
