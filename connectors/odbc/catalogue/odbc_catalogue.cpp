#include "connectors/odbc/catalogue/odbc_catalogue.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>
#include <sql.h>
#include <sqlext.h>

#include "connectors/odbc/catalogue/catalogue_call.h"
#include "connectors/odbc/catalogue/table_shape.h"

namespace connectors::odbc {

using engine::model::CatalogueIndex;
using engine::model::CatalogueTable;

namespace {

/// Schemas that drivers list among those of users.
constexpr std::string_view system_schemas[] = {"information_schema", "pg_catalog", "sys", "sysibm", "sysibmadm", "syscat", "sysstat",
                                               "qsys", "qsys2", "systools", "mysql", "performance_schema"};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

class OdbcCatalogue : public engine::model::Catalogue {
 public:
  OdbcCatalogue(engine::settings::SourceConnection connection, engine::settings::DialectDefinition dialect, std::shared_ptr<engine::SignOfLife> sign)
      : connection_(std::move(connection)), dialect_(std::move(dialect)), sign_(std::move(sign)) {}

  std::string server() override {
    std::string text = fmt::format("{} {}", trait(SQL_DBMS_NAME), trait(SQL_DBMS_VER));
    return text + fmt::format(" through {} {}", trait(SQL_DRIVER_NAME), trait(SQL_DRIVER_VER));
  }

  std::string driver() override { return lower(trait(SQL_DRIVER_NAME)); }

  std::vector<CatalogueTable> tables(std::size_t limit) override {
    // Where databases are catalogs only the connected one is listed: a server may hold thousands of others.
    const std::string catalog = current_catalog();
    std::vector<CatalogueTable> tables;
    for (const auto& row : call_catalogue(session(), CatalogueFunction::tables, {catalog, "", ""}, {1, 2, 3, 4}, limit)) {
      // Not every driver keeps to the kinds that were asked for.
      const bool of_system = row[3] == "SYSTEM TABLE" || std::find(std::begin(system_schemas), std::end(system_schemas), lower(row[1])) != std::end(system_schemas);
      // What such a driver calls a view is a query that it cannot run.
      const bool is_out_of_reach = dialect_.whole_only && row[3] == "VIEW";
      if (of_system || is_out_of_reach || row[2].empty()) continue;
      tables.push_back({row[1].empty() ? spelled(row[2]) : spelled(row[1]) + "." + spelled(row[2]), row[3] == "VIEW"});
    }
    std::sort(tables.begin(), tables.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
    return tables;
  }

  engine::model::Layout columns(const engine::model::TableRequest& table) override { return describe_columns(session(), table); }

  std::vector<CatalogueIndex> indexes(const std::string& from) override {
    std::vector<CatalogueIndex> indexes;
    for (IndexColumns& index : indexes_of(session(), from)) {
      indexes.push_back({std::move(index.name), index.primary, index.unique, std::move(index.columns)});
    }
    return indexes;
  }

  std::optional<std::uint64_t> estimated_rows(const std::string& from) override {
    const TableName name = split_table_name(from, dialect_, session().name_case());
    for (const auto& row : call_catalogue(session(), CatalogueFunction::statistics, name, {7, 11})) {
      if (row[0] == std::to_string(SQL_TABLE_STAT) && !row[1].empty()) return std::strtoull(row[1].c_str(), nullptr, 10);
    }
    return std::nullopt;
  }

 private:
  Session& session() {
    if (!session_) session_ = std::make_unique<Session>(connection_, dialect_, SessionUse::read, sign_);
    return *session_;
  }

  std::string trait(SQLUSMALLINT which) {
    std::array<SQLCHAR, 256> text{};
    SQLSMALLINT size = 0;
    if (!SQL_SUCCEEDED(SQLGetInfo(session().handle(), which, text.data(), static_cast<SQLSMALLINT>(text.size()), &size))) return {};
    return reinterpret_cast<const char*>(text.data());
  }

  std::string current_catalog() {
    std::array<SQLCHAR, 256> text{};
    SQLINTEGER size = 0;
    if (!session().supports_catalogs()) return {};
    if (!SQL_SUCCEEDED(SQLGetConnectAttr(session().handle(), SQL_ATTR_CURRENT_CATALOG, text.data(), text.size(), &size))) return {};
    return reinterpret_cast<const char*>(text.data());
  }

  /// Quoted where the server would otherwise fold it into another name.
  std::string spelled(const std::string& name) {
    const Session::NameCase kept = session().name_case();
    const auto plain = [kept](unsigned char c) {
      if (std::isupper(c)) return kept != Session::NameCase::lower;
      if (std::islower(c)) return kept != Session::NameCase::upper;
      return std::isdigit(c) || c == '_' || c == '$' || c == '#' || c == '@';
    };
    const bool is_plain = !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0])) && std::all_of(name.begin(), name.end(), plain);
    return is_plain ? name : dialect_.quote_open + name + dialect_.quote_close;
  }

  engine::settings::SourceConnection connection_;
  engine::settings::DialectDefinition dialect_;
  std::shared_ptr<engine::SignOfLife> sign_;
  std::unique_ptr<Session> session_;
};

}  // namespace

std::unique_ptr<engine::model::Catalogue> make_odbc_catalogue(const engine::settings::SourceConnection& connection,
                                                              const engine::settings::DialectDefinition& dialect, std::shared_ptr<engine::SignOfLife> sign) {
  return std::make_unique<OdbcCatalogue>(connection, dialect, std::move(sign));
}

}  // namespace connectors::odbc
