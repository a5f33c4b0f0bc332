#include "test/connectors/files/csv_folder.h"

#include "engine/base/error.h"

namespace csv_test {

namespace model = engine::model;

std::vector<std::string> texts(model::RowStream& rows) {
  std::vector<std::string> lines;
  model::RowBatch batch;
  while (rows.next(batch)) {
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      std::string& line = lines.emplace_back();
      for (std::size_t column = 0; column < batch.columns(); ++column) {
        const std::string text = batch.row(i).is_null(column) ? "NULL" : std::string(batch.row(i).text(column));
        line += (column == 0 ? "" : "|") + text;
      }
    }
  }
  return lines;
}

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const engine::Error& error) {
    return std::string(engine::name_of(error.code())) + ": " + error.what();
  }
  return "nothing";
}

std::unique_ptr<model::Source> CsvFolder::source() const { return connectors::files::make_csv_source(connection, connectors::odbc::canonical_text, clock); }

std::vector<std::string> CsvFolder::rows(model::Source& source) const {
  const model::TableShape shape = source.describe(table);
  return texts(*source.open_whole(table, shape));
}

std::vector<std::string> CsvFolder::rows_of(const std::string& text) {
  write(text);
  clock.advance(3'000);
  const auto made = source();
  return rows(*made);
}

}  // namespace csv_test
