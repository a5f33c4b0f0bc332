#include "connectors/catalog/bounded_questions.h"

#include <utility>

#include "connectors/odbc/bound/driven.h"

namespace connectors::catalog {

namespace model = engine::model;

namespace {

class BoundedInquirer final : public model::Inquirer {
 public:
  BoundedInquirer(odbc::CallLimits limits, MakeBoundInquirer make) : driven_(std::move(limits), std::move(make)) {}

  bool any_row(const model::Question& question) override {
    return driven_.ask([question](model::Inquirer& inquirer) { return inquirer.any_row(question); });
  }

 private:
  odbc::Driven<model::Inquirer> driven_;
};

class BoundedCatalogue final : public model::Catalogue {
 public:
  BoundedCatalogue(odbc::CallLimits limits, MakeBoundCatalogue make) : driven_(std::move(limits), std::move(make)) {}

  std::string server() override {
    return driven_.ask([](model::Catalogue& catalogue) { return catalogue.server(); });
  }
  std::string driver() override {
    return driven_.ask([](model::Catalogue& catalogue) { return catalogue.driver(); });
  }
  std::vector<model::CatalogueTable> tables(std::size_t limit) override {
    return driven_.ask([limit](model::Catalogue& catalogue) { return catalogue.tables(limit); });
  }
  model::Layout columns(const model::TableRequest& table) override {
    return driven_.ask([table](model::Catalogue& catalogue) { return catalogue.columns(table); });
  }
  std::vector<model::CatalogueIndex> indexes(const std::string& from) override {
    return driven_.ask([from](model::Catalogue& catalogue) { return catalogue.indexes(from); });
  }
  std::optional<std::uint64_t> estimated_rows(const std::string& from) override {
    return driven_.ask([from](model::Catalogue& catalogue) { return catalogue.estimated_rows(from); });
  }

 private:
  odbc::Driven<model::Catalogue> driven_;
};

}  // namespace

std::unique_ptr<model::Inquirer> bounded_inquirer(const engine::settings::SourceConnection& connection, MakeBoundInquirer make) {
  return std::make_unique<BoundedInquirer>(odbc::limits_of(connection), std::move(make));
}

std::unique_ptr<model::Catalogue> bounded_catalogue(const engine::settings::SourceConnection& connection, MakeBoundCatalogue make) {
  return std::make_unique<BoundedCatalogue>(odbc::limits_of(connection), std::move(make));
}

}  // namespace connectors::catalog
