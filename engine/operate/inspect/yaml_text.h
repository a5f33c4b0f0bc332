// The YAML that `inspect` and `init` write: it passes `check` as it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/operate/inspect.h"

namespace engine::operate {

/// "# yaml-language-server: $schema=…/table.schema.json", where editors find the schema, with its line end; empty when this
/// installation has none. `kind`: table, pipeline, connection, instance.
std::string schema_line(std::string_view kind);

/// A scalar of YAML, quoted where it has to be; fits flow lists, too.
std::string yaml_scalar(std::string_view text);

/// A column as SQL names it: quoted when it is a word of SQL or holds more than letters, digits and '_'.
std::string column_in_sql(const std::string& name);

/// "GESTIO.ANACLI" → "anacli": a name for files, tables and fields.
std::string plain_name(std::string_view name);

/// What tables/NAME.yaml says of it, below the line for editors.
std::string table_yaml(const TableInspection& table, const std::string& name, bool deliver_all = false);

/// The table, a pipeline to the options' target (empty: the only target connection there is, or a new one to a file), and that new connection.
/// Throws config_invalid when that is no target connection.
std::vector<YamlFile> yaml_files(const settings::Instance& instance, const TableInspection& table, const InspectOptions& options);

/// What a target connection to a file of JSON lines looks like.
YamlFile lines_connection();

}  // namespace engine::operate
