#include "connectors/odbc/key_index.h"

#include <algorithm>

#include "connectors/odbc/catalogue/catalogue_call.h"

namespace connectors::odbc {

using engine::model::Layout;

namespace {

bool leads_with_key(const IndexColumns& index, const Layout& layout) {
  if (index.columns.size() < layout.key.size()) return false;
  for (std::size_t part = 0; part < layout.key.size(); ++part) {
    if (layout.find(index.columns[part]) != layout.key[part]) return false;
  }
  return true;
}

}  // namespace

bool key_is_indexed(Session& session, const std::string& from, const Layout& layout) {
  const std::vector<IndexColumns> indexes = indexes_of(session, from);
  return std::any_of(indexes.begin(), indexes.end(), [&](const IndexColumns& index) { return leads_with_key(index, layout); });
}

}  // namespace connectors::odbc
