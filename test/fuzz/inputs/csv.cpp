// A file that somebody drops into the folder: records, or a refusal that names the line.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "connectors/files/csv_reader.h"
#include "test/fuzz/fuzzed.h"

using namespace connectors::files;

/// A byte of options, then the file.
void fuzz::take(std::string_view input) {
  if (input.empty()) return;
  const auto options_byte = static_cast<unsigned char>(input[0]);
  input.remove_prefix(1);
  constexpr const char* encodings[] = {"UTF-8", "UTF-8", "CP1252", "UTF-16", "SHIFT_JIS", "UTF-7", "IBM037", "ISO-2022-JP"};
  engine::settings::CsvFiles options;
  options.delimiter = (options_byte & 8) != 0 ? ';' : ',';
  options.encoding = encodings[options_byte % std::size(encodings)];
  options.final_newline = (options_byte & 16) != 0;
  const std::filesystem::path file = std::filesystem::temp_directory_path() / fmt::format("datapicker-fuzz-{}.csv", ::getpid());
  std::ofstream(file, std::ios::binary) << input;
  std::size_t characters = 0;
  taken([&] {
    CsvReader reader(file, stamp_of(file), options);
    std::vector<CsvCell> cells;
    std::size_t line = 0;
    while (reader.next(cells)) {
      demand(!cells.empty(), "a record has a value");
      demand(reader.line() > line, "records stand one below the other");
      line = reader.line();
      for (const CsvCell& cell : cells) characters += cell.text.size();
    }
  });
  demand(characters <= input.size() * 8, "no file grows without bound by reading it");
  std::filesystem::remove(file);
}
