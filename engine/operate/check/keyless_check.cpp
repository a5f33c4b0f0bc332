#include "engine/operate/check/keyless_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text/characters.h"
#include "engine/map/check/lexer.h"
#include "engine/model/source/row_identity.h"

namespace engine::operate {

namespace {

bool names(const std::vector<settings::FieldExpression>& match, std::string_view column) {
  return std::ranges::any_of(match, [column](const settings::FieldExpression& field) {
    return std::ranges::any_of(field.expressions, [column](const settings::Expression& one) {
      return std::ranges::any_of(map::lex(one.sql).tokens,
                                 [column](const map::Token& token) { return token.names() && same_word(token.content(), column); });
    });
  });
}

}  // namespace

void check_keyless(const settings::Instance& instance, settings::Diagnostics& diagnostics) {
  for (const auto& [name, pipeline] : instance.pipelines) {
    const auto table = instance.tables.find(pipeline.table);
    if (table == instance.tables.end() || !model::is_row_identity(table->second.request.key)) continue;
    const auto& match = pipeline.target.match;
    if (match.empty() || (names(match, model::row_digest_column) && names(match, model::row_number_column))) continue;
    diagnostics.warning("pipeline.match_may_be_shared", pipeline.origin,
                        fmt::format("table {} has no key: two of its rows may have one match value, and share a record then", pipeline.table),
                        "match by row_digest and row_number, unless the values are known to be unique");
  }
}

}  // namespace engine::operate
