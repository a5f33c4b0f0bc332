#include <CLI/CLI.hpp>

#include "engine/cli/terminal.h"
#include "engine/cli/verbs.h"
#include "engine/settings/schema/json_schema.h"
#include "engine/settings/schema/reference.h"

namespace engine::cli {

namespace {

struct SchemaOptions {
  std::string kind = "pipeline";
  bool reference = false;
};

}  // namespace

void add_schema(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("schema", "print the JSON schema of a kind of file, or the reference of every key");
  auto options = std::make_shared<SchemaOptions>();
  verb->add_option("kind", options->kind, "the kind of file")
      ->check(CLI::IsMember(settings::schema_kinds()))
      ->capture_default_str();
  verb->add_flag("--reference", options->reference, "the reference of all kinds, as Markdown");
  verb->footer("Editors with the YAML language server complete and check a file whose first line is\n"
               "  # yaml-language-server: $schema=PATH/table.schema.json");
  verb->callback([&invocation, options] {
    invocation.run = [options] {
      fmt::print("{}", options->reference ? settings::reference() : settings::json_schema(options->kind));
      return done;
    };
  });
}

}  // namespace engine::cli
