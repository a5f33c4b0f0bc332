#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>

#include "engine/base/error.h"
#include "engine/base/metrics.h"
#include "engine/cli/reference/completion.h"
#include "engine/cli/reference/man_page.h"
#include "engine/cli/verbs.h"
#include "engine/settings/instance.h"
#include "engine/settings/schema/dialect_page.h"

namespace engine::cli {

namespace {

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw Error(ErrorCode::environment_missing, "the file " + path.string() + " cannot be written");
}

/// Everything that packages install beside the program, made of the program itself.
int write_reference(const CLI::App& program, const std::filesystem::path& folder) {
  const DeclaredVerb whole = declared(program);
  for (const DeclaredVerb* verb : with_all_below(whole)) {
    write_file(folder / "man1" / man_page_name(*verb), man_page(*verb, DATAPICKER_VERSION));
  }
  write_file(folder / "metrics.md", metrics_reference());
  write_file(folder / "dialects.md", settings::dialect_page(settings::find_catalogues().dialects));
  write_file(folder / "datapicker.bash", bash_completion(whole));
  write_file(folder / "_datapicker", zsh_completion(whole));
  write_file(folder / "datapicker.fish", fish_completion(whole));
  return done;
}

}  // namespace

void add_reference(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("reference", "write manual pages and shell completions");
  verb->group("");  // for the build, not for users
  auto folder = std::make_shared<std::filesystem::path>();
  verb->add_option("--folder", *folder, "where they go")->required();
  verb->callback([&program, &invocation, folder] {
    invocation.run = [&program, folder] { return write_reference(program, *folder); };
  });
}

}  // namespace engine::cli
