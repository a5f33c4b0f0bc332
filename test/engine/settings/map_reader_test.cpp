#include <doctest/doctest.h>

#include "engine/settings/map_reader.h"
#include "test/engine/settings/instance_folder.h"

using namespace engine::settings;

namespace {

const Block& thing() {
  static const Block block{"thing",
                           "What these tests read.",
                           {{"flag"}, {"count"}, {"rate"}, {"high"}, {"wait"}, {"size"}, {"list"}, {"one"}, {"pairs"},
                            {"mixed"}, {"empty"}, {"colour"}, {"text"}, {"absent"}, {.name = "much", .later = true}}};
  return block;
}

}  // namespace

TEST_CASE("durations and sizes are a whole number and a unit") {
  CHECK(duration_ms_of("100ms") == 100);
  CHECK(duration_ms_of("5s") == 5'000);
  CHECK(duration_ms_of("10m") == 600'000);
  CHECK(duration_ms_of("1h") == 3'600'000);
  CHECK(duration_ms_of("30d") == 2'592'000'000);
  CHECK(duration_ms_of("0s") == 0);
  for (const char* bad :
       {"", "5", "s", "5 s", "-5s", "1.5h", "5S", "5sec", "1h30m", "99999999999999999999s", "9999999d"}) {
    CAPTURE(bad);
    CHECK_FALSE(duration_ms_of(bad));
  }
  CHECK(size_bytes_of("10GB") == 10'000'000'000);
  CHECK(size_bytes_of("1MiB") == 1'048'576);
  CHECK(size_bytes_of("512B") == 512);
  CHECK_FALSE(size_bytes_of("10gb"));
  CHECK_FALSE(size_bytes_of("99999999TB"));
}

TEST_CASE("the nearest name is found within a third of the letters") {
  const std::vector<std::string> names{"columns", "connection", "key", "every"};
  CHECK(nearest("colums", names) == "columns");
  CHECK(nearest("CONNECTION", names) == "connection");
  CHECK(nearest("conenction", names) == "connection");
  CHECK(nearest("kye", names) == "key");
  CHECK(nearest("table", names) == "");
  CHECK(nearest("", names) == "");
  CHECK(nearest("x", names) == "");
}

TEST_CASE("diagnostics are sorted by place and written as text and as JSON") {
  Diagnostics diagnostics;
  diagnostics.warning("b.code", {"b.yaml", 2, 1}, "later");
  diagnostics.error("a.code", {"a.yaml", 10, 3}, "unknown key 'colums'", "did you mean 'columns'?");
  diagnostics.error("c.code", {"a.yaml", 9, 7}, "said \"no\"");
  CHECK_FALSE(diagnostics.ok());
  CHECK(diagnostics.errors() == 2);
  diagnostics.sort();
  CHECK(test_settings::text_of(diagnostics) ==
        "a.yaml:9:7: error: said \"no\" [c.code]\n"
        "a.yaml:10:3: error: unknown key 'colums' [a.code]\n  did you mean 'columns'?\n"
        "b.yaml:2:1: warning: later [b.code]\n");
  CHECK(
      diagnostics_json(diagnostics.all().subspan(0, 1)) ==
      R"([{"level":"error","code":"c.code","file":"a.yaml","line":9,"column":7,"message":"said \"no\"","suggestion":""}])");
  CHECK(diagnostics_json({}) == "[]");
}

TEST_CASE("wrong values are all reported, and the fallback is used") {
  Diagnostics diagnostics;
  const auto root = parse_yaml(
      "flag: yes\ncount: 1.5\nhigh: 99\nwait: soon\nsize: big\nlist: {a: 1}\nmixed: [a, [b]]\nempty:\ncolour: "
      "rde\ntext: [x]\nextra: 1\n",
      "f.yaml", diagnostics);
  REQUIRE(root);
  MapReader reader(*root, thing(), "the thing", diagnostics);
  CHECK(reader.boolean("flag", true));
  CHECK(reader.integer("count", 3, 0, 9) == 3);
  CHECK(reader.integer("high", 4, 0, 9) == 4);
  CHECK(reader.duration_ms("wait", 5) == 5);
  CHECK(reader.size_bytes("size", 6) == 6);
  CHECK(reader.texts("list").empty());
  CHECK(reader.texts("mixed") == std::vector<std::string>{"a"});
  CHECK(reader.text("empty", "fallback") == "fallback");
  CHECK(reader.one_of("colour", 1, {{"red", 2}, {"green", 3}}) == 1);
  CHECK(reader.required_text("text") == "");
  CHECK(reader.required_text("absent") == "");
  reader.finish();
  CHECK(diagnostics.errors() == 12);
}

TEST_CASE("right values are read without a word") {
  Diagnostics diagnostics;
  const auto root = parse_yaml(
      "flag: false\ncount: 7\nrate: 2\nwait: 2m\nsize: 3KB\nlist: [a, 'b']\none: a\npairs: {x: 1, y: '2'}\ncolour: "
      "green\n",
      "f.yaml", diagnostics);
  REQUIRE(root);
  MapReader reader(*root, thing(), "the thing", diagnostics);
  CHECK_FALSE(reader.boolean("flag", true));
  CHECK(reader.integer("count", 3, 0, 9) == 7);
  CHECK(reader.number("rate", 0, 0, 9) == 2.0);
  CHECK(reader.duration_ms("wait", 5) == 120'000);
  CHECK(reader.size_bytes("size", 6) == 3'000);
  CHECK(reader.texts("list") == std::vector<std::string>{"a", "b"});
  CHECK(reader.texts("one") == std::vector<std::string>{"a"});
  CHECK(reader.text_map("pairs") == std::vector<std::pair<std::string, std::string>>{{"x", "1"}, {"y", "2"}});
  CHECK(reader.one_of("colour", 1, {{"red", 2}, {"green", 3}}) == 3);
  CHECK(reader.text("absent", "fallback") == "fallback");
  reader.finish();
  CHECK(test_settings::text_of(diagnostics) == "");
}
