// Short looks into a source: a number, a few rows. Bounded by the connection's time-out, which the caller shortens.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/source/catalogue.h"
#include "engine/operate/inspect.h"
#include "engine/operate/inspect/key_search.h"

namespace engine::operate {

/// A source and its catalogue, whose statements end after `statement_ms_max`.
struct Look {
  Look(const settings::Instance& instance, const settings::SourceConnection& named, std::int64_t statement_ms_max);

  settings::SourceConnection connection;
  const settings::DialectDefinition& dialect;
  std::unique_ptr<model::Source> source;
  std::unique_ptr<model::Catalogue> catalogue;

  /// A name as the dialect quotes it.
  std::string quoted(const std::string& name) const;
  /// "… LIMIT 1" where the dialect can.
  std::string limited(std::string sql, std::size_t rows) const;
  /// The column "n" of the first row of a SELECT that names it `quoted("n")`; nullopt: no row, or NULL. Throws source_*.
  std::optional<std::string> ask(const std::string& sql);
};

/// By the server's statistics, else counted; empty when that takes longer than a statement may.
RowCount count_rows(Look& look, const std::string& from);

/// Rows of the table in no order; columns that hold long binary values are not read, and stand as NULL.
std::vector<SampleRow> sample_rows(Look& look, const std::string& from, const model::Layout& layout);

}  // namespace engine::operate
