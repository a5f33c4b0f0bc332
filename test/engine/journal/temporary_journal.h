// A folder of its own for each test's journal, and what most tests put into one.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "engine/base/error.h"
#include "engine/journal/journal.h"

namespace engine::journal::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "datapicker-journal-XXXXXX").string();
    ENGINE_ASSERT(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path journal() const { return path_ / "journal.db"; }

 private:
  std::filesystem::path path_;
};

inline model::Change change_of(std::int64_t table_id, const std::string& key, const std::string& after) {
  model::Change change;
  change.table_id = table_id;
  change.layout_id = 1;
  change.cycle_id = 1;
  change.key = key;
  change.after = after;
  change.changed_columns = "[]";
  change.captured_ms = 1'764'000'000'000;
  return change;
}

inline RowImage image_of(std::int64_t table_id, const std::string& key, std::uint64_t digest,
                         const std::string& image = "{}") {
  RowImage row;
  row.table_id = table_id;
  row.layout_id = 1;
  row.key = key;
  row.digest = {digest, ~digest};
  row.image = image;
  return row;
}

/// The code of the engine::Error that `body` throws; asserts that it throws one.
template <typename Body>
ErrorCode code_thrown_by(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.code();
  }
  throw std::runtime_error("nothing was thrown");
}

/// The whole error, for a look at its words.
template <typename Body>
Error error_thrown_by(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  throw std::runtime_error("nothing was thrown");
}

}  // namespace engine::journal::test
