#include <fmt/format.h>

#include <algorithm>

#include "connectors/files/csv_source.h"
#include "connectors/files/whole_source.h"
#include "engine/base/error.h"

namespace connectors::files {

namespace fs = std::filesystem;
namespace model = engine::model;
using engine::Error;
using engine::ErrorCode;

namespace {

/// By its name: files of other programs often stand in the same folder.
bool may_be_csv(const fs::directory_entry& entry) {
  std::error_code unreadable;
  const std::string name = entry.path().filename().string(), ending = entry.path().extension().string();
  return !name.starts_with('.') && (ending == ".csv" || ending == ".CSV" || ending == ".tsv" || ending == ".txt") && entry.is_regular_file(unreadable);
}

/// The folder as a list of tables. Counting rows would mean reading them, so nobody counts.
class CsvCatalogue final : public model::Catalogue {
 public:
  explicit CsvCatalogue(engine::settings::CsvFiles files) : files_(std::move(files)) {}

  std::string server() override {
    std::error_code problem;
    const bool is_there = fs::is_directory(files_.folder, problem);
    if (is_there) return "files of " + files_.folder.string();
    throw Error(ErrorCode::source_unreachable, fmt::format("the folder {} is not there", files_.folder.string()), {}, "whether it is mounted, and may be read by this user");
  }
  std::string driver() override { return "csv"; }

  std::vector<model::CatalogueTable> tables(std::size_t limit) override {
    server();
    std::vector<model::CatalogueTable> tables;
    for (const fs::directory_entry& entry : fs::directory_iterator(files_.folder)) {
      if (may_be_csv(entry)) tables.push_back({.from = entry.path().filename().string()});
    }
    std::sort(tables.begin(), tables.end(), [](const auto& left, const auto& right) { return left.from < right.from; });
    if (tables.size() > limit) tables.resize(limit);
    return tables;
  }

  model::Layout columns(const model::TableRequest& table) override {
    refuse_query(table);
    return csv_layout(files_, existing(table.from));
  }
  std::vector<model::CatalogueIndex> indexes(const std::string&) override { return {}; }
  std::optional<std::uint64_t> estimated_rows(const std::string&) override { return std::nullopt; }

 private:
  /// A name that is mistyped is told as such; for a capture the same file may just be away.
  fs::path existing(const std::string& from) const {
    fs::path file = csv_file(files_, from);
    std::error_code problem;
    if (fs::is_regular_file(file, problem)) return file;
    throw Error(ErrorCode::source_refused, fmt::format("there is no file {}", file.string()));
  }

  engine::settings::CsvFiles files_;
};

}  // namespace

std::unique_ptr<model::Catalogue> make_csv_catalogue(const engine::settings::SourceConnection& connection) {
  return std::make_unique<CsvCatalogue>(*connection.csv);
}

}  // namespace connectors::files
