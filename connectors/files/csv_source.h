// A folder of CSV files as a source: `from` of a table is a file in it, its first line names the columns.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/model/source.h"
#include "engine/model/source/catalogue.h"
#include "engine/settings/connection_definition.h"

namespace connectors::files {

/// The canonical form of a value (engine/model/layout.h) as a view of it or of the scratch; nullopt: it has none.
using Canonical = std::optional<std::string_view> (*)(engine::model::ColumnType, std::string_view, std::string&);

std::unique_ptr<engine::model::Source> make_csv_source(const engine::settings::SourceConnection& connection, Canonical canonical,
                                                       const engine::Clock& clock);
std::unique_ptr<engine::model::Catalogue> make_csv_catalogue(const engine::settings::SourceConnection& connection);

/// Below the folder; throws source_refused for a name that leads out of it.
std::filesystem::path csv_file(const engine::settings::CsvFiles& files, const std::string& from);
/// The columns that the first line names, with their types. Throws source_refused for names that are empty or doubled.
engine::model::Layout csv_layout(const engine::settings::CsvFiles& files, const std::filesystem::path& file);

}  // namespace connectors::files
