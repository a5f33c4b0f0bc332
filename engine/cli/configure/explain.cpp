#include "engine/operate/explain.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/cli/terminal.h"
#include "engine/cli/verbs.h"

namespace engine::cli {

namespace {

boost::json::object json_of(const operate::ExplainedCode& each) {
  return {{"code", each.code}, {"meaning", each.meaning}, {"daemon", each.daemon}, {"remedy", each.remedy}};
}

int list_all(const Invocation& invocation) {
  if (invocation.json) {
    boost::json::array codes;
    for (const operate::ExplainedCode& each : operate::explained_codes()) codes.push_back(json_of(each));
    fmt::print("{}\n", boost::json::serialize(codes));
    return done;
  }
  std::vector<std::vector<std::string>> rows;
  for (const operate::ExplainedCode& each : operate::explained_codes()) rows.push_back({std::string(each.code), std::string(each.meaning)});
  fmt::print("{}", aligned(rows));
  return done;
}

int explain_one(const Invocation& invocation, const std::string& code) {
  const operate::ExplainedCode& found = operate::explain(code);
  if (invocation.json) {
    fmt::print("{}\n", boost::json::serialize(json_of(found)));
    return done;
  }
  fmt::print("{}\n{}\n\nThe daemon: {}\nYou:        {}\n", coloured(found.code, Colour::bold), found.meaning, found.daemon, found.remedy);
  return done;
}

}  // namespace

void add_explain(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("explain", "say what the code at the end of a message means, and what to do");
  auto code = std::make_shared<std::string>();
  auto markdown = std::make_shared<bool>(false);
  verb->add_option("code", *code, "as in brackets at the end of a message; without it all are listed");
  verb->add_flag("--markdown", *markdown, "print the page docs/errors.md");
  verb->add_flag("--json", invocation.json, "print JSON");
  verb->callback([&invocation, code, markdown] {
    invocation.run = [&invocation, code, markdown] {
      if (*markdown) {
        fmt::print("{}", operate::errors_page());
        return static_cast<int>(done);
      }
      return code->empty() ? list_all(invocation) : explain_one(invocation, *code);
    };
  });
}

}  // namespace engine::cli
