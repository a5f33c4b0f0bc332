#include "connectors/catalog/bounded_source.h"

#include <utility>
#include <vector>

#include "connectors/catalog/bounded_log.h"
#include "connectors/catalog/rows_ahead.h"
#include "connectors/odbc/bound/driven.h"
#include "engine/base/error.h"

namespace connectors::catalog {

namespace model = engine::model;

namespace {

class BoundedSource final : public model::Source {
 public:
  BoundedSource(const engine::settings::SourceConnection& connection, MakeSource make) : driven_(odbc::limits_of(connection), std::move(make)) {}

  model::TableShape describe(const model::TableRequest& table) override {
    return ask([table](model::Source& source) { return source.describe(table); });
  }
  std::unique_ptr<model::RowStream> open_range(const model::TableRequest& table, const model::TableShape& shape, const model::KeyRange& range,
                                               std::size_t limit) override {
    return rows([=](model::Source& source) { return source.open_range(table, shape, range, limit); });
  }
  std::unique_ptr<model::RowStream> open_chunks(const model::TableRequest& table, const model::TableShape& shape, const model::KeyRange& range,
                                                std::size_t limit) override {
    auto opened = ask([=](model::Source& source) { return source.open_chunks(table, shape, range, limit); });
    return rows_ahead(driven_.thread(), std::move(opened), Ends::with_an_empty_chunk);
  }
  bool open_view() override {
    return ask([](model::Source& source) { return source.open_view(); });
  }
  void close_view() override {
    ask([](model::Source& source) { source.close_view(); });
  }
  std::vector<std::string> probe(const model::TableRequest& table) override {
    return ask([table](model::Source& source) { return source.probe(table); });
  }
  std::optional<std::vector<std::string>> checksums(const model::TableRequest& table, const model::TableShape& shape,
                                                    std::span<const model::KeyRange> ranges) override {
    return ask([table, shape, own = std::vector(ranges.begin(), ranges.end())](model::Source& source) { return source.checksums(table, shape, own); });
  }
  std::unique_ptr<model::RowStream> open_whole(const model::TableRequest& table, const model::TableShape& shape) override {
    return rows([=](model::Source& source) { return source.open_whole(table, shape); });
  }
  std::unique_ptr<model::RowStream> open_keys(const model::TableRequest& table, const model::TableShape& shape,
                                              std::span<const model::SourceKey> keys) override {
    return rows([table, shape, own = std::vector(keys.begin(), keys.end())](model::Source& source) { return source.open_keys(table, shape, own); });
  }
  std::size_t keys_max() const override { return driven_.made() != nullptr ? driven_.made()->keys_max() : Source::keys_max(); }
  std::unique_ptr<model::ChangeLog> change_log(const model::TableRequest& table, const model::TableShape& shape, const model::LogName& name) override {
    auto log = ask([=](model::Source& source) { return source.change_log(table, shape, name); });
    return log ? bounded_log(driven_.thread(), std::move(log)) : nullptr;
  }
  std::unique_ptr<model::ChangeFeed> change_feed(const model::TableRequest& table, const model::TableShape& shape, const model::LogName& name) override {
    auto feed = ask([=](model::Source& source) { return source.change_feed(table, shape, name); });
    return feed ? bounded_feed(driven_.thread(), std::move(feed)) : nullptr;
  }
  std::optional<std::string> now(const model::TableRequest& table, const model::Column& column) override {
    return ask([=](model::Source& source) { return source.now(table, column); });
  }
  std::optional<std::string> highest(const model::TableRequest& table, const model::TableShape& shape, std::size_t column,
                                     const std::optional<std::string>& not_above) override {
    return ask([=](model::Source& source) { return source.highest(table, shape, column, not_above); });
  }
  std::unique_ptr<model::RowStream> open_growth(const model::TableRequest& table, const model::TableShape& shape, const model::GrowthRange& range,
                                                std::size_t limit) override {
    return rows([=](model::Source& source) { return source.open_growth(table, shape, range, limit); });
  }

  void close() override {
    if (driven_.made() == nullptr) return;
    // Nothing is made anew only to be closed.
    if (driven_.thread()->is_left_behind()) return driven_.let_go();
    try {
      ask([](model::Source& source) { source.close(); });
    } catch (const engine::Error&) {
      driven_.let_go();  // one that cannot be closed is not used again
    }
  }

 private:
  template <typename Work>
  std::invoke_result_t<Work&, model::Source&> ask(Work work) {
    return driven_.ask(std::move(work));
  }
  template <typename Open>
  std::unique_ptr<model::RowStream> rows(Open open_rows) {
    auto opened = ask(std::move(open_rows));
    return rows_ahead(driven_.thread(), std::move(opened), Ends::with_its_statement);
  }

  odbc::Driven<model::Source> driven_;
};

}  // namespace

std::unique_ptr<model::Source> bounded(const engine::settings::SourceConnection& connection, MakeSource make) {
  return std::make_unique<BoundedSource>(connection, std::move(make));
}

}  // namespace connectors::catalog
