#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "engine/base/error.h"
#include "engine/operate/explain.h"

namespace engine::operate {

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Every literal that looks like a code, in the folders whose findings end with one.
std::set<std::string> codes_in_sources() {
  static const std::regex literal(R"RE("((?:yaml|key|value|name|reference|file|field|secret|target|feature|sql|connection|table|source|journal|config|environment|fragment|variable|guard|depends|pipeline|capture|cycle|together)\.[a-z_]+)")RE");
  std::set<std::string> codes;
  for (const char* folder : {"/engine/base", "/engine/settings", "/engine/map", "/engine/operate"}) {
    for (const auto& entry : fs::recursive_directory_iterator(std::string(SOURCE_DIR) + folder)) {
      const std::string path = entry.path().string();
      if (entry.path().extension() != ".cpp" || path.find("/operate/explain/") != std::string::npos) continue;
      const std::string text = text_of(entry.path());
      for (std::sregex_iterator at(text.begin(), text.end(), literal), end; at != end; ++at) {
        if (!(*at)[1].str().ends_with(".yaml") && (*at)[1] != "journal.db") codes.insert((*at)[1]);
      }
    }
  }
  return codes;
}

}  // namespace

TEST_CASE("each code that a message can end with is explained, and none that no message has") {
  std::set<std::string> declared;
  for (const ExplainedCode& each : explained_codes()) {
    CHECK_MESSAGE(declared.insert(std::string(each.code)).second, "declared twice: ", std::string(each.code));
    CHECK_MESSAGE((!each.meaning.empty() && !each.daemon.empty() && !each.remedy.empty()), std::string(each.code));
  }
  const std::set<std::string> used = codes_in_sources();
  for (const std::string& code : used) CHECK_MESSAGE(declared.contains(code), "not explained in engine/operate/explain: ", code);
  // Two have no dot: the end of the process, and what no code foresaw.
  for (const std::string& code : declared) CHECK_MESSAGE((used.contains(code) || code == "stopped" || code == "internal"), "nobody says: ", code);
}

TEST_CASE("a code that does not exist is answered with the nearest, or with those that share what was typed") {
  CHECK(explain("table.key_null").remedy.find("query") != std::string_view::npos);
  const auto hint_of = [](std::string_view code) {
    try {
      explain(code);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::config_invalid);
      return error.hint();
    }
    return std::string();
  };
  CHECK(hint_of("table.key_nul").find("table.key_null") != std::string::npos);
  CHECK(hint_of("unreachable").find("source.unreachable") != std::string::npos);
  CHECK(hint_of("").find("lists all") != std::string::npos);
}

TEST_CASE("the page of errors is what the program prints") {
  const std::string path = SOURCE_DIR "/docs/errors.md";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << errors_page();
  CHECK_MESSAGE(text_of(path) == errors_page(), "run with UPDATE_GOLDEN=1 and look at the difference");
}

}  // namespace engine::operate
