// The rows of one execution in canonical form, and their keys as the source gave them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/odbc/rows/prepared_read.h"
#include "engine/model/source.h"

namespace connectors::odbc {

class OdbcRowStream : public engine::model::RowStream {
 public:
  struct Options {
    std::string table;                               ///< for messages
    std::optional<engine::model::SourceKey> after;   ///< no row may have this key: the server would run in circles
    std::size_t limit = 0;                           ///< rows at most; 0: all
    /// Called before the error when a value proved longer than described where it cannot be read again.
    std::function<void()> on_longer_than_described;
  };

  /// `read` has been executed.
  OdbcRowStream(std::shared_ptr<PreparedRead> read, engine::model::Layout layout, Options options);
  ~OdbcRowStream() override;

  bool next(engine::model::RowBatch& into) override;

 private:
  /// Throws LongerThanDescribed.
  void fill(engine::model::RowBatch& into);
  bool limit_reached() const { return options_.limit != 0 && delivered_ >= options_.limit; }
  bool fetch_more();
  void convert_row(std::size_t row, engine::model::RowBatch& into);
  void convert_cell(std::size_t row, std::size_t column, engine::model::RowBatch& into);
  std::string_view canonical(std::size_t row, std::size_t column, std::string_view raw);
  void keep_key(std::size_t row, engine::model::RowBatch& into);
  std::string shown_key(std::size_t row, std::size_t column, std::string_view raw);
  std::string shown_key_part(std::size_t row, std::size_t part);
  [[noreturn]] void refuse_value(std::size_t row, std::size_t column, std::string_view raw);
  [[noreturn]] void refuse_text(std::size_t row, std::size_t column);
  [[noreturn]] void refuse_cut_text(std::size_t row, std::size_t column);
  [[noreturn]] void refuse_null_key(std::size_t row);

  std::shared_ptr<PreparedRead> read_;
  engine::model::Layout layout_;
  Options options_;
  std::vector<bool> is_key_;
  std::size_t fetched_ = 0;    ///< rows in the buffers
  std::size_t converted_ = 0;  ///< of them already handed out
  std::size_t delivered_ = 0;
  bool ended_ = false;
  std::string scratch_;
};

}  // namespace connectors::odbc
