#include "connectors/files/csv_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "connectors/files/csv_reader.h"
#include "connectors/files/whole_source.h"
#include "engine/base/error.h"
#include "engine/base/text/characters.h"
#include "engine/model/key.h"
#include "engine/settings/diagnostics.h"

namespace connectors::files {

namespace fs = std::filesystem;
namespace model = engine::model;
using engine::Error;
using engine::ErrorCode;

namespace {

/// What stands in memory at once; a file may be of any length.
constexpr std::size_t batch_rows = 1'000, batch_bytes = 4 * 1024 * 1024;

std::vector<std::string> names_of(const model::Layout& layout) {
  std::vector<std::string> names;
  for (const model::Column& column : layout.columns) names.push_back(column.name);
  return names;
}

/// Without what is excluded, and with its key.
model::Layout chosen(model::Layout layout, const model::TableRequest& table) {
  std::vector<bool> excluded(layout.columns.size());
  for (const std::string& name : table.exclude) {
    const auto position = layout.find(name);
    if (!position) {
      throw Error(ErrorCode::source_refused, fmt::format("{} has no column '{}', which `exclude:` names", table.from, name), {{"table", table.from}},
                  engine::settings::did_you_mean(name, names_of(layout)));
    }
    excluded[*position] = true;
  }
  for (std::size_t column = excluded.size(); column-- > 0;) {
    if (excluded[column]) layout.columns.erase(layout.columns.begin() + static_cast<std::ptrdiff_t>(column));
  }
  for (const std::string& name : table.key) {
    const auto position = layout.find(name);
    if (!position) {
      throw Error(ErrorCode::source_refused, fmt::format("{} has no column '{}' for the key", table.from, name), {{"table", table.from}},
                  engine::settings::did_you_mean(name, names_of(layout), "whether `delimiter` is the file's: its first line names the columns"));
    }
    layout.columns[*position].nullable = false;
    layout.key.push_back(*position);
  }
  return layout;
}

/// The rows of one reading, in the file's order. Values are made canonical one by one, and a bad one names its line.
class CsvRows final : public model::RowStream {
 public:
  CsvRows(const fs::path& file, const FileStamp& stamp, const engine::settings::CsvFiles& files, model::Layout layout, Canonical canonical)
      : reader_(file, stamp, files), null_text_(files.null_text), layout_(std::move(layout)), canonical_(canonical) {
    find_columns(file);
  }

  bool next(model::RowBatch& into) override {
    into.begin(layout_.columns.size());
    while (into.rows() < batch_rows && into.bytes() < batch_bytes && reader_.next(cells_)) add(into);
    return into.rows() > 0;
  }

 private:
  /// The file may be another one than was described: its next description tells.
  void find_columns(const fs::path& file) {
    reader_.next(cells_);
    cells_in_line_ = cells_.size();
    for (const model::Column& column : layout_.columns) {
      // By name: columns that were put in another order are the same columns.
      const auto cell = std::find_if(cells_.begin(), cells_.end(), [&column](const CsvCell& each) { return each.text == column.name; });
      if (cell == cells_.end()) throw Error(ErrorCode::source_busy, fmt::format("the columns of {} changed just now", file.string()), {{"file", file.string()}});
      positions_.push_back(static_cast<std::size_t>(cell - cells_.begin()));
    }
  }

  void add(model::RowBatch& into) {
    if (cells_.size() != cells_in_line_) {
      reader_.fail(fmt::format("{} values stand here, where the first line names {} columns", cells_.size(), cells_in_line_),
                   "a value that holds the delimiter stands in quotes");
    }
    for (std::size_t column = 0; column < positions_.size(); ++column) add(cells_[positions_[column]], layout_.columns[column], into);
    into.end_row();
    const model::RowView row = into.row(into.rows() - 1);
    for (const std::size_t column : layout_.key) {
      if (row.is_null(column)) reader_.fail(fmt::format("the key column {} holds no value", layout_.columns[column].name), "choose a key that is never NULL");
      into.append_key_part(model::source_key_part(layout_.columns[column].type, row.text(column)));
    }
  }

  void add(const CsvCell& cell, const model::Column& column, model::RowBatch& into) {
    if (!cell.quoted && cell.text == null_text_) return into.append_null();
    const auto value = canonical_(column.type, cell.text, scratch_);
    if (!value) {
      const std::string shown = cell.text.size() > 40 ? std::string(engine::cut(cell.text, 40)) + "…" : cell.text;
      reader_.fail(fmt::format("'{}' in column {} is no {}", shown, column.name, model::name_of(column.type)),
                   "take the column out of `types`: as text the mapping can turn it");
    }
    into.append(*value);
  }

  CsvReader reader_;
  std::string null_text_;
  model::Layout layout_;
  Canonical canonical_;
  std::size_t cells_in_line_ = 0;
  std::vector<std::size_t> positions_;  ///< by column of the layout
  std::vector<CsvCell> cells_;
  std::string scratch_;
};

/// One folder. A file is watched from its first use on.
class CsvSource final : public WholeSource {
 public:
  CsvSource(engine::settings::SourceConnection connection, Canonical canonical, const engine::Clock& clock)
      : connection_(std::move(connection)), canonical_(canonical), clock_(clock) {}

  /// While the file is being written it stands as it was described last: nothing of it is read meanwhile.
  model::TableShape describe(const model::TableRequest& table) override {
    refuse_query(table);
    Watched& watched = of(table);
    const auto stamp = watched.gate.settled();
    if (!watched.layout || (stamp && stamp != watched.described)) {
      watched.layout = csv_layout(*connection_.csv, watched.gate.file());
      watched.described = stamp;
    }
    return {.layout = chosen(*watched.layout, table), .key_is_indexed = false};
  }

  std::unique_ptr<model::RowStream> open_whole(const model::TableRequest& table, const model::TableShape& shape) override {
    refuse_query(table);
    Watched& watched = of(table);
    const FileStamp stamp = watched.gate.ready();
    return std::make_unique<CsvRows>(watched.gate.file(), stamp, *connection_.csv, shape.layout, canonical_);
  }

  std::vector<std::string> probe(const model::TableRequest& table) override {
    const auto proof = of(table).gate.proof();
    return proof ? std::vector<std::string>{*proof} : std::vector<std::string>{};
  }

  void close() override {}

 private:
  struct Watched {
    FileGate gate;
    std::optional<model::Layout> layout;
    std::optional<FileStamp> described;  ///< the state that the layout is of; none: it was being written
  };

  Watched& of(const model::TableRequest& table) {
    const auto known = files_.find(table.from);
    if (known != files_.end()) return known->second;
    FileGate gate(csv_file(*connection_.csv, table.from), connection_.settle_ms, clock_);
    return files_.emplace(table.from, Watched{std::move(gate), {}, {}}).first->second;
  }

  engine::settings::SourceConnection connection_;
  Canonical canonical_;
  const engine::Clock& clock_;
  std::map<std::string, Watched> files_;  ///< by `from`
};

}  // namespace

fs::path csv_file(const engine::settings::CsvFiles& files, const std::string& from) {
  const fs::path name = fs::path(from).lexically_normal();
  if (!name.empty() && name.is_relative() && name.begin()->string() != "..") return files.folder / name;
  throw Error(ErrorCode::source_refused, fmt::format("'{}' is no file below {}", from, files.folder.string()), {},
              "`from` names a file in the folder of the connection");
}

model::Layout csv_layout(const engine::settings::CsvFiles& files, const fs::path& file) {
  CsvReader reader(file, stamp_of(file), files);
  std::vector<CsvCell> names;
  if (!reader.next(names)) {
    throw Error(ErrorCode::source_busy, fmt::format("{} is empty: not even its first line is there, which names the columns", file.string()), {{"file", file.string()}});
  }
  model::Layout layout;
  for (const CsvCell& name : names) {
    const bool is_known = std::any_of(layout.columns.begin(), layout.columns.end(), [&name](const model::Column& each) { return each.name == name.text; });
    if (name.text.empty() || is_known) {
      throw Error(ErrorCode::source_refused,
                  fmt::format("{}:1: column {} has {}", file.string(), layout.columns.size() + 1, name.text.empty() ? "no name" : "the name of another, " + name.text),
                  {{"file", file.string()}}, "each column of the first line has a name of its own");
    }
    const auto type = files.types.find(name.text);
    layout.columns.push_back({.name = name.text, .type = type == files.types.end() ? model::ColumnType::text : type->second, .source_type = "csv"});
  }
  return layout;
}

std::unique_ptr<model::Source> make_csv_source(const engine::settings::SourceConnection& connection, Canonical canonical, const engine::Clock& clock) {
  return std::make_unique<CsvSource>(connection, canonical, clock);
}

}  // namespace connectors::files
