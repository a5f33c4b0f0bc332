// Delimited text as RFC 4180 has it, record by record; any encoding that iconv knows.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "connectors/files/file_gate.h"
#include "engine/settings/connection_definition.h"

namespace connectors::files {

/// `quoted` tells an empty text from nothing at all.
struct CsvCell {
  std::string text;     ///< UTF-8
  bool quoted = false;
};

/// Lines end with LF, CR LF or CR; a quoted value may hold any of them. A quote inside a value without quotes is a character as any
/// other. Lines without any character are none.
class CsvReader {
 public:
  /// Reads the state of the stamp: every other one is refused (source_busy) before anything of it is given out.
  CsvReader(const std::filesystem::path& file, const FileStamp& stamp, const engine::settings::CsvFiles& options);
  ~CsvReader();
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;

  /// False at the end of the file. Throws source_busy for a last record that has no end yet, source_bad_data for what cannot be read.
  bool next(std::vector<CsvCell>& cells);
  /// The line that the last record began with.
  std::size_t line() const { return record_line_; }
  /// Throws source_bad_data with the file and that line.
  [[noreturn]] void fail(const std::string& what, const std::string& hint = {}) const;

 private:
  class Decoder;
  int get() { return at_ < text_.size() ? static_cast<unsigned char>(text_[at_++]) : get_from_next_block(); }
  int get_from_next_block();
  int read_plain(int first, std::string& into);
  int read_quoted(std::string& into);
  bool ends_value(int c) const { return c == delimiter_ || c == '\n' || c == '\r' || c < 0; }
  void end_line(int c);

  std::filesystem::path file_;
  FileStamp stamp_;
  int delimiter_;
  bool final_newline_;
  int descriptor_ = -1;
  std::unique_ptr<Decoder> decoder_;
  std::string text_;  ///< decoded, of which `at_` characters were read
  std::size_t at_ = 0;
  bool is_text_ = true;  ///< false: behind what is decoded stands what is no character
  std::size_t line_ = 1;
  std::size_t record_line_ = 1;
};

}  // namespace connectors::files
