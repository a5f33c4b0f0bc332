#include <doctest/doctest.h>

#include "engine/settings/yaml/yaml_text.h"
#include "engine/settings/yaml_node.h"
#include "test/engine/settings/instance_folder.h"

using namespace engine::settings;
using engine::model::FieldScalar;
using engine::model::NumberText;

namespace {

YamlNode parsed(const std::string& text) {
  Diagnostics diagnostics;
  const auto root = parse_yaml(text, "f.yaml", diagnostics);
  CHECK(test_settings::text_of(diagnostics) == "");
  REQUIRE(root);
  return *root;
}

std::string refused(const std::string& text, const YamlLimits& limits = {}) {
  Diagnostics diagnostics;
  parse_yaml(text, "f.yaml", diagnostics, limits);
  return test_settings::text_of(diagnostics);
}

FieldScalar scalar(const std::string& text) { return core_scalar(*parsed("x: " + text).find("x")); }

}  // namespace

TEST_CASE("every value knows where its first character stands") {
  const YamlNode root = parsed(
      "a: plain\n"
      "b: 'single'\n"
      "c: &anchor \"double\"\n"
      "d: |-\n"
      "    SELECT 1\n"
      "      FROM t\n"
      "e: [x, {f: y}]\n");
  CHECK(root.find("a")->origin().text() == "f.yaml:1:4");
  CHECK(root.find("b")->origin().text() == "f.yaml:2:5");
  CHECK(root.find("c")->origin().text() == "f.yaml:3:13");
  CHECK(root.find("d")->origin().text() == "f.yaml:5:5");
  CHECK(root.find("d")->literal_indent() == 4);
  CHECK(root.find("d")->text() == "SELECT 1\n  FROM t");
  CHECK(root.find("e")->items()[1].find("f")->origin().text() == "f.yaml:7:12");
  CHECK(root.find("e")->items()[0].is_flow());
  CHECK_FALSE(root.find("a")->is_flow());
}

TEST_CASE("a block scalar with its own indentation keeps the blanks that belong to it") {
  const YamlNode root = parsed("a:\n  b: |2\n\n      x\n    y\n");
  CHECK(root.find("a")->find("b")->text() == "\n  x\ny\n");
  CHECK(root.find("a")->find("b")->literal_indent() == 4);
  CHECK(root.find("a")->find("b")->origin().line == 3);
}

TEST_CASE("line ends of Windows and a byte order mark are no part of values or columns") {
  const YamlNode root = parsed(
      "\xEF\xBB\xBF"
      "a: x\r\nb: 'y'\r\n");
  CHECK(root.find("a")->text() == "x");
  CHECK(root.find("a")->origin().text() == "f.yaml:1:4");
  CHECK(root.find("b")->text() == "y");
  CHECK(root.source().line(2) == "b: 'y'");
}

TEST_CASE("scalars follow the core schema of YAML 1.2") {
  CHECK(scalar("7") == FieldScalar(std::int64_t{7}));
  CHECK(scalar("-0x1F") == FieldScalar(std::string("-0x1F")));
  CHECK(scalar("0x1F") == FieldScalar(std::int64_t{31}));
  CHECK(scalar("0o17") == FieldScalar(std::int64_t{15}));
  CHECK(scalar("+12") == FieldScalar(std::int64_t{12}));
  CHECK(scalar("1.50") == FieldScalar(1.5));
  CHECK(scalar("-.5e3") == FieldScalar(-500.0));
  CHECK(scalar("9223372036854775807") == FieldScalar(std::int64_t{9223372036854775807}));
  CHECK(scalar("-9223372036854775809") == FieldScalar(NumberText{"-9223372036854775809"}));
  CHECK(scalar("true") == FieldScalar(true));
  CHECK(scalar("FALSE") == FieldScalar(false));
  CHECK(scalar("~") == FieldScalar(std::monostate{}));
  CHECK(scalar("null") == FieldScalar(std::monostate{}));
  CHECK(scalar("") == FieldScalar(std::monostate{}));
  for (const char* word : {"yes", "no", "on", "off", "Yes", "tRue", "1_000", "0b1", "12:30", "1.2.3", ".inf", ".nan",
                           "1e", "nUll", "inf", "0x"}) {
    CAPTURE(word);
    CHECK(scalar(word) == FieldScalar(std::string(word)));
  }
}

TEST_CASE("what is quoted is text") {
  CHECK(scalar("'7'") == FieldScalar(std::string("7")));
  CHECK(scalar("\"true\"") == FieldScalar(std::string("true")));
  CHECK(scalar("'null'") == FieldScalar(std::string("null")));
  CHECK(scalar("''") == FieldScalar(std::string()));
  CHECK(scalar("!!str 7") == FieldScalar(std::string("7")));
  CHECK_FALSE(parsed("x: ''").find("x")->is_null());
}

TEST_CASE("keys are text as they are written") {
  const YamlNode root = parsed("{01: a, 1: b, null: c, 'x y': d, true: e}");
  CHECK(root.find("01")->text() == "a");
  CHECK(root.find("1")->text() == "b");
  CHECK(root.find("null")->text() == "c");
  CHECK(root.find("x y")->text() == "d");
  CHECK(root.find("true")->text() == "e");
}

TEST_CASE("a key without a value is null, at the place of the key") {
  const YamlNode root = parsed("a:\nb: 1\nnull_column:\n\n# comment\n");
  CHECK(root.find("a")->is_null());
  CHECK(root.find("a")->text() == "");
  CHECK(root.find("a")->origin().line == 1);
  CHECK(root.find("null_column")->origin().line == 3);
  const YamlNode next = parsed("a:\nnull: 1\n");
  CHECK(next.find("a")->text() == "");
  CHECK(next.find("null")->text() == "1");
  CHECK(parsed("a: null\n").find("a")->text() == "null");
}

TEST_CASE("the whole value becomes JSON in file order") {
  CHECK(json_of(parsed("b: {y: \"a\\\"b\", x: [1, 1.5, yes, true, ~]}\na: 'è'\n")) ==
        R"({"b":{"y":"a\"b","x":[1,1.5,"yes",true,null]},"a":"è"})");
}

TEST_CASE("an alias stands for what it names") {
  const YamlNode root = parsed("a: &x {k: [1, 2]}\nb: *x\n");
  CHECK(json_of(*root.find("b")) == R"({"k":[1,2]})");
  CHECK(root.find("b")->find("k")->origin().line == 1);
}

TEST_CASE("documents beyond the limits are refused before they grow") {
  CHECK(refused("a: [1, 2, 3, 4]\n", {.bytes = 10}).find("[yaml.limit]") != std::string::npos);
  CHECK(refused("a: [1, 2, 3, 4]\n", {.nodes = 4}).find("[yaml.limit]") != std::string::npos);
  CHECK(refused("a: &x [[[1]]]\nb: [[*x]]\n", {.depth = 5}).find("[yaml.limit]") != std::string::npos);
  CHECK(refused("a: &x [[[1]]]\nb: [*x]\n", {.depth = 6}) == "");
  CHECK(refused("a: &x [*x]\n").find("[yaml.limit]") != std::string::npos);
  CHECK(refused(std::string(100'000, '[')).find("error") != std::string::npos);
  CHECK(refused(std::string(100'000, '-')).size() < 1000);
}

TEST_CASE("a second key of the same name is refused, and the rest is still read") {
  Diagnostics diagnostics;
  const auto root = parse_yaml("a: 1\nb: {c: 1, \"c\": 2}\nd: 4\n", "f.yaml", diagnostics);
  REQUIRE(root);
  CHECK(test_settings::text_of(diagnostics) ==
        "f.yaml:2:12: error: the key 'c' stands here a second time [key.duplicate]\n  it is already at line 2\n");
  CHECK(root->find("d")->text() == "4");
  CHECK(root->find("b")->find("c")->text() == "1");
}

TEST_CASE("a quote that swallows the rest of the file is found where it opens") {
  const std::string single = refused("a: 1\nb: 'open\nc: 2\n");
  const std::string twice = refused("a: 1\nb: \"open\nc: 2\n");
  CHECK(single.starts_with("f.yaml:2:4: error: the quote ' opened here is never closed [yaml.syntax]"));
  CHECK(twice.starts_with("f.yaml:2:4: error: the quote \" opened here is never closed [yaml.syntax]"));
}

TEST_CASE("an empty file is null, and a file that is not there is one problem") {
  CHECK(parsed("").is_null());
  CHECK(parsed("# only words\n").is_null());
  Diagnostics diagnostics;
  CHECK_FALSE(read_yaml_file("/nowhere/x.yaml", "x.yaml", diagnostics));
  CHECK(test_settings::text_of(diagnostics).starts_with("x.yaml: error: the file cannot be read [file.unreadable]"));
}

TEST_CASE("bytes that are not UTF-8 are refused with their place") {
  for (const char* bad : {"\xE8", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    CHECK(refused(std::string("a: 1\nb: x") + bad + "\n").starts_with("f.yaml:2:5: error: this byte is not UTF-8"));
  }
  CHECK(refused(std::string("a: x\0y\n", 7)).starts_with("f.yaml:1:5: error: this byte is not UTF-8"));
  CHECK(refused("a: \xF0\x9F\x98\x80 \xE2\x82\xAC\n") == "");
}

TEST_CASE("quoted text reads back as itself") {
  for (const char* text : {"'Customer ' || name", "a \"b\" 'c'", "back\\slash", "x # y: z", "%d", ""}) {
    CHECK(parsed("x: " + yaml_quoted(text)).find("x")->text() == text);
  }
}
