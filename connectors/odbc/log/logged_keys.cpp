#include "connectors/odbc/log/logged_keys.h"

#include <fmt/format.h>

#include "connectors/odbc/canonical_text.h"
#include "connectors/odbc/log/key_text.h"
#include "connectors/odbc/parameter.h"
#include "engine/base/text/characters.h"

namespace connectors::odbc {

using engine::model::ColumnType;

LoggedKeys::LoggedKeys(const Session& session, const engine::model::TableShape& shape, std::string log, std::string hint)
    : log_(std::move(log)), hint_(std::move(hint)) {
  const ReadPlan plan = plan_read(shape.layout, session.dialect(), session.connection().char_padding, false, false);
  key_ = key_plan(plan, shape.layout);
}

void LoggedKeys::refuse(const std::string& what) const {
  throw engine::Error(engine::ErrorCode::source_refused, fmt::format("the change log {} {}", log_, what), {{"log", log_}}, hint_);
}

engine::model::LoggedChange LoggedKeys::change_of(const std::string& text, engine::model::Provenance provenance) const {
  const auto parts = parts_of_key(text);
  if (!parts || parts->size() != key_.size()) {
    refuse(fmt::format("names '{}' as a key of the table, which has {} columns: it was made for another key", text, key_.size()));
  }
  engine::model::LoggedChange change{.cells = {}, .key = {}, .provenance = std::move(provenance)};
  for (std::size_t part = 0; part < key_.size(); ++part) {
    std::string key_part;
    change.cells.push_back(cell_of(key_[part], (*parts)[part], key_part));
    change.key.parts.push_back(std::move(key_part));
  }
  return change;
}

/// The same forms that a row's own cells and key have when the table is read.
std::string LoggedKeys::cell_of(const ColumnPlan& plan, const std::string& part, std::string& key_part) const {
  if (plan.type == ColumnType::text) {
    key_part = part;
    return std::string(plan.trims ? without_trailing_blanks(part) : std::string_view(part));
  }
  if (plan.type == ColumnType::binary) {
    key_part = part;
    if (auto bytes = engine::bytes_of_hex(part)) return *std::move(bytes);
    refuse(fmt::format("names '{}' in a key: no bytes in hexadecimal digits", part));
  }
  std::string scratch;
  const auto canonical = canonical_text(plan.type, part, scratch);
  if (!canonical) refuse(fmt::format("names '{}' in a key: not a {}", part, name_of(plan.type)));
  return key_part = std::string(*canonical);
}

}  // namespace connectors::odbc
