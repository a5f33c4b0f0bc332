#include "engine/model/json_text.h"

#include <doctest/doctest.h>

using namespace engine::model;

namespace {

std::string compact(std::string_view json) {
  std::string text = "before ";
  return append_compact_json(json, text) ? text : text + "none";
}

}  // namespace

TEST_CASE("JSON loses its blanks and nothing else") {
  CHECK(compact(" { \"a\" : [ 1.50 , -0 , true , null , { } , [ ] ] , \"b\\n\" : \"x y\" } ") == R"(before {"a":[1.50,-0,true,null,{},[]],"b\n":"x y"})");
  CHECK(compact("[\"[\", \"{\"]") == R"(before ["[","{"])");
  CHECK(compact(" 7 ") == "before 7");
}

TEST_CASE("what is no JSON is refused, and leaves nothing behind") {
  for (const char* text : {"", "[1", "[1,]", "{\"a\"}", "{\"a\":1} x", "'a'", "[\"a\nb\"]", "[\"\\q\"]", "[\"\xFF\"]", "01"}) {
    CAPTURE(std::string(text));
    CHECK(compact(text) == "before none");
  }
  CHECK(compact(std::string(100, '[') + std::string(100, ']')) == "before none");
}
