#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/cli/act/acting.h"
#include "engine/cli/act/resend_text.h"
#include "engine/cli/terminal.h"

namespace engine::cli {

namespace json = boost::json;

namespace {

struct BackfillOptions {
  ActingOptions acting;
  std::string table;
  std::vector<std::string> keys;
  std::vector<std::string> pipelines;
  std::string where;
  std::string from, to;
  bool end = false;
};

json::array list_of(const std::vector<std::string>& texts) {
  json::array list;
  for (const std::string& text : texts) list.emplace_back(text);
  return list;
}

void print_range(const json::object& outcome, bool dry_run) {
  const auto key = [&outcome](const char* name, const char* open) {
    return outcome.at(name).is_null() ? std::string(open) : json::serialize(outcome.at(name));
  };
  const std::string range = fmt::format("{}: keys from {} to {}", std::string_view(outcome.at("table").as_string()), key("from", "the first"), key("to", "the last"));
  if (!outcome.at("ended_ms").is_null()) {
    fmt::print("{}: ended after {}\n", range, counted(outcome.at("rows").to_number<std::size_t>(), "row"));
  } else if (dry_run) {
    fmt::print("{} would be read again between the cycles\n", range);
  } else {
    fmt::print("{} are read again between the cycles{}; `datapicker status` shows how far\n", range,
               outcome.at("daemon_running").as_bool() ? "" : " as soon as the daemon runs");
  }
}

void print_backfilled(const json::object& outcome, bool dry_run) {
  if (outcome.contains("from")) return print_range(outcome, dry_run);
  const auto number = [&outcome](const char* name) { return outcome.at(name).to_number<std::size_t>(); };
  fmt::print("{}: {} read; {} new, {} changed, {} gone since the last read\n", std::string_view(outcome.at("table").as_string()),
             counted(number("rows"), "row"), number("inserts"), number("updates"), number("deletes"));
  for (const json::value& each : outcome.at("pipelines").as_array()) fmt::print("{}", resend_text(each.as_object(), dry_run));
}

}  // namespace

void add_backfill(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("backfill", "read chosen rows again at the source and send their newest state");
  add_common_options(*verb, invocation);
  auto options = std::make_shared<BackfillOptions>();
  verb->add_option("table", options->table, "which table")->required();
  verb->add_option("--key", options->keys, "these keys; a key of several columns as JSON: '[\"A01\",7]'");
  verb->add_option("--where", options->where, "rows for which this holds, in the source's SQL: \"anno = 2026\"");
  verb->add_option("--pipeline", options->pipelines, "only to these pipelines; else to all that send records of the table");
  verb->add_option("--from", options->from, "the first key of a range, which is read in the background, between the cycles");
  verb->add_option("--to", options->to, "the last key of the range; without it, all that follow; without --from, all before");
  verb->add_flag("--end", options->end, "end the reading of a range");
  add_acting_options(*verb, options->acting);
  verb->footer("The rows are sent whether or not they changed; messages are not. What the reading finds new, changed or (by --key) gone is\n"
               "journaled as always, with --dry-run, too: only the sending is left out then. A range (--from, --to) needs an index that leads\n"
               "with the key, goes on after a restart, and leaves rows that are gone to the cycles.");
  verb->callback([&invocation, options] {
    invocation.run = [&invocation, options] {
      const json::object request{{"verb", "backfill"},
                                 {"table", options->table},
                                 {"keys", list_of(options->keys)},
                                 {"where", options->where},
                                 {"range", options->end || !options->from.empty() || !options->to.empty()},
                                 {"from", options->from},
                                 {"to", options->to},
                                 {"end", options->end},
                                 {"pipelines", list_of(options->pipelines)}};
      return act_after_question(invocation, request, options->acting, print_backfilled);
    };
  });
}

}  // namespace engine::cli
