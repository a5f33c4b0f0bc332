// Reads SQL out of YAML, and finds the places where YAML's own syntax ate a part of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/settings/diagnostics.h"
#include "engine/settings/origin.h"
#include "engine/settings/pipeline_definition.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {

/// What a SQL text leaves open at its end. Quoted texts and comments are skipped as SQL does.
struct SqlBalance {
  char open_quote = '\0';    ///< ' or " never closed
  int open_parentheses = 0;  ///< negative: one closes that was never opened
  std::size_t at = 0;        ///< where the open quote, or the first such parenthesis, stands
  bool closed() const { return open_quote == '\0' && open_parentheses == 0; }
};
SqlBalance sql_balance(std::string_view sql);

/// One expression. `named` is how messages call it: "'where' of the pipeline". nullopt when it is no text.
std::optional<Expression> read_expression(const YamlNode& value, const std::string& named, Diagnostics& diagnostics);

/// A query, cut at the values that are bound to it: `:codcli` is the row's column of that name. In quotes and comments nothing is, and
/// `::` is a cast.
std::vector<QueryPart> query_parts(const Expression& query);

/// A map of fields to expressions, or to lists of them, as under `map:` and `match:`. In a flow list the commas between
/// parentheses belong to the expression: `[numord, strftime('%Y', dtord)]` has two items.
std::vector<FieldExpression> read_fields(const YamlNode& fields, const std::string& what, Diagnostics& diagnostics);

/// Dotted names: parts of anything but dots and blanks, none empty. Reports others.
bool check_field_name(const std::string& name, const Origin& origin, Diagnostics& diagnostics);

}  // namespace engine::settings
