#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <ctime>

#include "engine/cli/act/acting.h"
#include "engine/cli/terminal.h"

namespace engine::cli {

namespace json = boost::json;

namespace {

struct BackupOptions {
  ActingOptions acting;
  std::filesystem::path to;
};

/// The path is made absolute here: the daemon writes the file, and stands in another folder.
int back_up(const Invocation& invocation, const BackupOptions& options) {
  const json::object outcome =
      act(invocation, {{"verb", "backup"}, {"to", std::filesystem::absolute(options.to).string()}}, options.acting);
  if (invocation.json) {
    fmt::print("{}\n", json::serialize(outcome));
  } else {
    fmt::print("{} written, {} bytes\n", std::string_view(outcome.at("file").as_string()), outcome.at("bytes").to_number<std::int64_t>());
  }
  return done;
}

}  // namespace

void add_backup(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("backup", "copy the journal while it is in use");
  add_common_options(*verb, invocation);
  auto options = std::make_shared<BackupOptions>();
  verb->add_option("file", options->to, "where to; written by the daemon's user, and never over a file that is there")->required();
  add_reason(*verb, options->acting);
  verb->footer("To restore: stop the daemon, put the copy in the journal's place (remove its -wal and -shm), start it. It knows that it\n"
               "was restored: tables are read and compared, nothing is sent until `datapicker resume instance`.");
  verb->callback([&invocation, options] { invocation.run = [&invocation, options] { return back_up(invocation, *options); }; });
}

}  // namespace engine::cli
