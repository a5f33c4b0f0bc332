#include "engine/operate/inspect.h"

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "engine/base/error.h"
#include "engine/cli/configure/inspect_json.h"
#include "engine/cli/progress_line.h"
#include "engine/cli/terminal.h"
#include "engine/cli/verbs.h"
#include "engine/operate/instance_access.h"

namespace engine::cli {

namespace {

struct InspectChoice {
  std::string connection, table;
  bool only_yaml = false;
  bool write = false;
  operate::InspectOptions options;
};

std::string count_text(const operate::RowCount& count) {
  if (!count.rows) return "?";
  return fmt::format("{}{}", count.estimated ? "about " : "", *count.rows);
}

void print_remarks(std::string_view title, const std::vector<std::string>& remarks) {
  if (remarks.empty()) return;
  fmt::print("\n{}\n", coloured(title, Colour::bold));
  for (const std::string& remark : remarks) fmt::print("  - {}\n", remark);
}

// For a shell: names with quotes or blanks are quoted.
std::string typed(const std::string& name) {
  return name.find_first_of("\"` $#") == std::string::npos ? name : "'" + name + "'";
}

void print_source(const operate::SourceInspection& source) {
  fmt::print("{}: {}, dialect {}\n", source.connection, source.server, source.dialect);
  fmt::print("{}\n", source.proved.empty() ? "" : coloured("  proved: " + source.proved, Colour::dim) + "\n");
  std::vector<std::vector<std::string>> rows{{"table", "rows", ""}};
  for (const auto& table : source.tables) {
    rows.push_back({table.from, table.is_view ? "" : count_text(table.count), table.is_view ? "view" : ""});
  }
  fmt::print("{}", aligned(rows));
  if (source.tables.empty()) fmt::print("this user sees no table\n");
  if (!source.all_listed) fmt::print("only the first {} are shown\n", source.tables.size());
  print_remarks("Known traps of this driver", source.traps);
  if (!source.tables.empty()) fmt::print("\nNext: datapicker inspect {} {}\n", source.connection, typed(source.tables.front().from));
}

std::string type_text(const model::Column& column) {
  std::string text(model::name_of(column.type));
  if (column.type == model::ColumnType::decimal && column.size > 0) return fmt::format("{}({},{})", text, column.size, column.scale);
  return column.type == model::ColumnType::text && column.size > 0 ? fmt::format("{}({})", text, column.size) : text;
}

std::string samples_text(const operate::ColumnInspection& column) {
  std::string text;
  for (const std::string& sample : column.samples) text += (text.empty() ? "" : ", ") + sample;
  if (column.masked_as.empty()) return text;
  return text + coloured(fmt::format("{}masked: {}", text.empty() ? "" : "  ", column.masked_as), Colour::dim);
}

/// With how it is known: a guess must look like one.
std::string key_text(const operate::KeyProposal& key) {
  std::string columns;
  for (const std::string& column : key.columns) columns += (columns.empty() ? "" : ", ") + column;
  switch (key.basis) {
    case operate::KeyBasis::primary_key: return columns + " (primary key)";
    case operate::KeyBasis::unique_index: return columns + " (unique index)";
    case operate::KeyBasis::guess: return columns + " (a guess)";
    case operate::KeyBasis::none: break;
  }
  return "none found";
}

void print_key(const operate::TableInspection& table) {
  fmt::print("\nKey: {}{}\n", key_text(table.key), table.key.indexed ? ", read in chunks by its index" : "");
  if (!table.key.remark.empty()) fmt::print("  {}\n", coloured(table.key.remark, Colour::yellow));
  if (!table.key.indexed) {
    fmt::print("  {}\n", coloured("no index leads with the key: every cycle reads the table as a whole, in one stream", Colour::yellow));
  }
}

void print_capture(const operate::CaptureProposal& capture) {
  print_remarks("Capture proposed: " + operate::capture_yaml(capture), capture.reasons);
  print_remarks("Or", capture.alternatives);
}

void print_files(const std::vector<operate::YamlFile>& files) {
  for (const operate::YamlFile& file : files) fmt::print("\n# {}\n{}", file.path, file.text);
}

void print_table(const operate::TableInspection& table) {
  fmt::print("{} of {}: {} rows, {}\n\n", table.from, table.connection, count_text(table.count), table.server);
  std::vector<std::vector<std::string>> rows{{"column", "in the source", "taken as", "null", "samples"}};
  for (const auto& each : table.columns) {
    rows.push_back({each.column.name, each.column.source_type, type_text(each.column), each.column.nullable ? "yes" : "no", samples_text(each)});
  }
  fmt::print("{}", aligned(rows));
  print_key(table);
  if (!table.modified_columns.empty()) {
    fmt::print("Changed rows may be told by: {}\n", settings::listed(table.modified_columns, "or"));
  }
  print_capture(table.capture);
  print_remarks("Known traps", table.traps);
  fmt::print("\n{}\n", coloured("To copy, or to write with --write", Colour::bold));
  print_files(table.files);
}

void print_target(const operate::TargetInspection& target) {
  fmt::print("{}: target {}, {}\n\n", target.connection, target.target, target.about);
  std::vector<std::vector<std::string>> rows{{"object", "calls", "match", "required fields"}};
  for (const auto& object : target.objects) {
    rows.push_back({object.name == "*" ? "any name" : object.name, settings::listed(object.calls, "and"),
                    object.match.empty() ? "any" : settings::listed(object.match, "and"), settings::listed(object.required, "and")});
  }
  fmt::print("{}", aligned(rows));
}

/// What was there is told as well: it may be another table's.
int write(const Invocation& invocation, const operate::TableInspection& table) {
  const std::filesystem::path& folder = invocation.instance.path;
  const std::vector<std::string> paths = operate::write_new_files(folder, table.files);
  if (invocation.json) {
    fmt::print("{}\n", json_text(table, &paths));
    return paths.empty() ? failed : done;
  }
  for (const operate::YamlFile& file : table.files) {
    const bool is_new = std::find(paths.begin(), paths.end(), file.path) != paths.end();
    fmt::print("{} {}\n", is_new ? coloured("written", Colour::green) : coloured("kept as it is", Colour::yellow), file.path);
  }
  fmt::print("Next: datapicker check -i {}\n", folder.string());
  return paths.empty() ? failed : done;
}

int inspect_source(const Invocation& invocation, const InspectChoice& choice, const settings::Instance& instance,
                   const settings::SourceConnection& connection) {
  if (choice.table.empty()) {
    const operate::SourceInspection result = operate::inspect_source(instance, connection, choice.options);
    invocation.json ? fmt::print("{}\n", json_text(result)) : print_source(result);
    return done;
  }
  const operate::TableInspection result = operate::inspect_table(instance, connection, choice.table, choice.options);
  if (choice.write) return write(invocation, result);
  if (choice.only_yaml) {
    print_files(result.files);
  } else {
    invocation.json ? fmt::print("{}\n", json_text(result)) : print_table(result);
  }
  return done;
}

int inspect(const Invocation& invocation, const InspectChoice& choice) {
  settings::Diagnostics diagnostics;
  const settings::Instance instance = operate::load_for_inspection(invocation.instance, choice.connection, diagnostics);
  if (const auto source = instance.sources.find(choice.connection); source != instance.sources.end()) {
    return inspect_source(invocation, choice, instance, source->second);
  }
  const operate::TargetInspection target = operate::inspect_target(instance.targets.at(choice.connection));
  invocation.json ? fmt::print("{}\n", json_text(target)) : print_target(target);
  return done;
}

// Counting may take a while: who waits is told, and the line is taken away again.
}  // namespace

void add_inspect(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("inspect", "show what a connection offers, and the YAML to copy");
  add_common_options(*verb, invocation);
  auto choice = std::make_shared<InspectChoice>();
  verb->add_option("connection", choice->connection, "a connection of the instance, source or target")->required();
  verb->add_option("table", choice->table, "a table of the source, as `from:` takes it");
  verb->add_flag("--unmasked", choice->options.unmasked, "show personal data in samples");
  verb->add_option("--target", choice->options.target, "the target connection that the pipeline's YAML writes to");
  CLI::Option* yaml = verb->add_flag("--yaml", choice->only_yaml, "print only the YAML")->needs("table");
  verb->add_flag("--write", choice->write, "write the YAML's files; none that exists is touched")->needs("table")->excludes(yaml);
  verb->footer("Without TABLE: all tables of a source with their rows, or the objects of a target. With TABLE: columns with samples, which hide\n"
               "what looks like personal data; the key; how fast it is read, measured for a moment, and which capture mode and interval\n"
               "follow. Nothing is changed in the source; no statement runs longer than 5 seconds.");
  verb->callback([&invocation, choice] {
    invocation.run = [&invocation, choice] {
      if (isatty(STDERR_FILENO) != 0 && !invocation.json) choice->options.progress = show_progress;
      return inspect(invocation, *choice);
    };
  });
}

}  // namespace engine::cli
