#include "connectors/odbc/rows/counted_rows.h"

#include <charconv>

#include <fmt/format.h>

#include "connectors/odbc/text_query.h"
#include "engine/base/error.h"

namespace connectors::odbc {

namespace model = engine::model;

namespace {

class CountedRows final : public model::RowStream {
 public:
  CountedRows(std::unique_ptr<model::RowStream> rows, std::uint64_t counted, std::string title)
      : rows_(std::move(rows)), counted_(counted), title_(std::move(title)) {}

  bool next(model::RowBatch& into) override {
    const bool more = rows_->next(into);
    came_ += into.rows();
    if (more || came_ >= counted_) return more;
    throw engine::Error(engine::ErrorCode::source_busy, fmt::format("{} has {} rows by its own count, and {} of them could be read", title_, counted_, came_),
                        {{"table", title_}}, "a copy that was cut short, or a file that was not closed properly: copy it again, or compact and repair it");
  }

 private:
  std::unique_ptr<model::RowStream> rows_;
  std::uint64_t counted_;
  std::uint64_t came_ = 0;
  std::string title_;
};

}  // namespace

std::optional<std::uint64_t> count_rows(const std::shared_ptr<Session>& session, const std::string& sql) {
  const auto rows = TextQuery(session, {.text = sql}, 1).run();
  if (rows.empty() || !rows[0][0]) return std::nullopt;
  const std::string& text = *rows[0][0];
  std::uint64_t count = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  return problem == std::errc() ? std::optional(count) : std::nullopt;
}

std::unique_ptr<model::RowStream> all_of(std::unique_ptr<model::RowStream> rows, std::uint64_t counted, const std::string& title) {
  return std::make_unique<CountedRows>(std::move(rows), counted, title);
}

}  // namespace connectors::odbc
