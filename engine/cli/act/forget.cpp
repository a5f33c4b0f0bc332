#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/cli/act/acting.h"
#include "engine/cli/terminal.h"

namespace engine::cli {

namespace json = boost::json;

namespace {

struct ForgetOptions {
  ActingOptions acting;
  std::string table;
  std::vector<std::string> key;
};

void print_forgotten(const json::object& outcome, bool dry_run) {
  const auto number = [&outcome](const char* name) { return outcome.at(name).to_number<std::size_t>(); };
  fmt::print("{}: {}, {}, {}, {}\n", dry_run ? "would be erased" : "erased", counted(number("changes"), "change"),
             counted(number("deliveries"), "delivery"), counted(number("attempts"), "attempt"),
             counted(number("records"), "record at targets"));
  if (dry_run) return;
  if (!outcome.at("wal_emptied").as_bool()) {
    fmt::print("{}\n", coloured("the write-ahead log still holds copies: somebody reads the journal; forget again later", Colour::yellow));
  }
  fmt::print("backups of the journal, and the targets themselves, are yours to clean\n");
}

}  // namespace

void add_forget(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("forget", "erase from the journal what it holds about one key");
  add_common_options(*verb, invocation);
  auto options = std::make_shared<ForgetOptions>();
  verb->add_option("table", options->table, "which table")->required();
  verb->add_option("key", options->key, "the row's key, one word a column")->required();
  add_acting_options(*verb, options->acting);
  verb->footer("Images, mapped fields, requests, answers and ids go; numbers, times and outcomes stay. The row must be gone at the\n"
               "source (or left out by the table's query), else it would be read again.");
  verb->callback([&invocation, options] {
    invocation.run = [&invocation, options] {
      json::array key;
      for (const std::string& part : options->key) key.emplace_back(part);
      return act_after_question(invocation, {{"verb", "forget"}, {"table", options->table}, {"key", key}}, options->acting, print_forgotten);
    };
  });
}

}  // namespace engine::cli
