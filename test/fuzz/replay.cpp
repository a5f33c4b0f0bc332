// Plays the inputs that were kept: what once broke something, and what reaches far. Part of the unit tests, in every build.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "engine/base/log.h"
#include "test/fuzz/fuzzed.h"

namespace {

std::string content(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A file alone is an input; a folder holds many.
std::vector<std::filesystem::path> inputs(const std::filesystem::path& place) {
  if (!std::filesystem::is_directory(place)) return {place};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(place)) files.push_back(entry.path());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: {} FILE|FOLDER…\n", argv[0]);
    return 2;
  }
  engine::set_log_level(engine::LogLevel::error);
  std::size_t played = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& file : inputs(argv[i])) {
      // Said before: where the program ends, this is the last line.
      fmt::print("{}\n", file.string());
      std::fflush(stdout);
      const std::string input = content(file);
      fuzz::take(input);
      // Cut off anywhere it is bad input of another kind.
      for (std::size_t cut = 0; cut < input.size(); cut += 1 + input.size() / 16) fuzz::take(std::string_view(input).substr(0, cut));
      ++played;
    }
  }
  fmt::print("{} inputs held\n", played);
  return played == 0 ? 1 : 0;
}
