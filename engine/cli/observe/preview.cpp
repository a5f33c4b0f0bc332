#include "engine/operate/review/preview.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/base/log.h"
#include "engine/cli/terminal.h"
#include "engine/cli/verbs.h"

namespace engine::cli {

namespace {

using What = pipeline::Forecast::What;

Colour colour_of(What what) {
  switch (what) {
    case What::create: return Colour::green;
    case What::update: return Colour::blue;
    case What::delete_: return Colour::yellow;
    case What::failed: return Colour::red;
    default: return Colour::dim;
  }
}

void print_row(const operate::PreviewedRow& row) {
  const bool is_plain = row.reason.empty();
  fmt::print("{} {}{}\n", coloured(name_of(row.what), colour_of(row.what)), row.key, is_plain ? "" : ": " + row.reason);
  std::vector<std::vector<std::string>> fields;
  for (const operate::FieldChange& field : row.fields) {
    fields.push_back({"  ", field.field, field.before.empty() ? field.after : field.before + " → " + field.after});
  }
  fmt::print("{}", aligned(fields));
  if (!row.method.empty()) fmt::print("  {}\n", coloured(fmt::format("{} {} {}", row.method, row.url, row.body), Colour::dim));
}

void print_sum(const operate::Preview& preview) {
  std::string totals;
  for (const auto& [name, number] : preview.totals) totals += fmt::format("{}{} {}", totals.empty() ? "" : ", ", number, name);
  const char* rows = preview.from_source ? "at the source" : "as last seen";
  fmt::print("{}: {} of table {} {}: {}\n", preview.pipeline, counted(static_cast<std::size_t>(preview.rows_looked_at), "row"),
             preview.table, rows, totals.empty() ? "nothing" : totals);
  std::int64_t wanted = 0;
  for (const auto& [name, number] : preview.totals) wanted += name == "skip" || name == "left" ? 0 : number;
  const auto shown = static_cast<std::int64_t>(preview.rows.size());
  if (wanted > shown) fmt::print("{} more are not shown: --limit {}\n", wanted - shown, wanted);
  if (preview.is_partial) fmt::print("the source may have more rows: --limit reads more\n");
}

int show_preview(const Invocation& invocation, operate::PreviewOptions options) {
  set_log_level(LogLevel::error);
  options.instance = invocation.instance;
  const operate::Preview preview = operate::preview(options);
  if (invocation.json) {
    fmt::print("{}\n", boost::json::serialize(operate::json_of(preview)));
  } else {
    for (const operate::PreviewedRow& row : preview.rows) print_row(row);
    print_sum(preview);
  }
  return preview.failures() > 0 ? differences_found : done;
}

}  // namespace

void add_preview(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("preview", "what a pipeline would send now, by the mapping in the folder; sends nothing");
  add_common_options(*verb, invocation);
  auto options = std::make_shared<operate::PreviewOptions>();
  verb->add_option("pipeline", options->pipeline, "the pipeline")->required();
  verb->add_option("--key", options->key, "only the row with this key, one word a column")->expected(1, 32);
  verb->add_option("--limit", options->limit, "how many rows to show; with --source, to read")->capture_default_str()->check(CLI::Range(1, 1'000'000));
  verb->add_flag("--source", options->from_source, "read the rows at the source, not those last seen");
  verb->footer("Rows are compared with what was last sent: those that need nothing are counted, and shown only by --key.\n"
               "Exit code 4 when a row cannot be mapped or sent.");
  verb->callback([&invocation, options] { invocation.run = [&invocation, options] { return show_preview(invocation, *options); }; });
}

}  // namespace engine::cli
