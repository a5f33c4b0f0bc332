#include "connectors/odbc/catalogue/key_index.h"

#include <algorithm>
#include <chrono>

#include "connectors/odbc/catalogue/catalogue_call.h"

namespace connectors::odbc {

using engine::model::Layout;

namespace {

// An index that goes costs time until it is noticed, one that comes gains it later; neither changes what is read.
constexpr std::chrono::minutes believed_for{5};

bool leads_with_key(const IndexColumns& index, const Layout& layout) {
  if (index.columns.size() < layout.key.size()) return false;
  for (std::size_t part = 0; part < layout.key.size(); ++part) {
    if (layout.find(index.columns[part]) != layout.key[part]) return false;
  }
  return true;
}

}  // namespace

bool key_is_indexed(Session& session, const std::string& from, const Layout& layout) {
  std::string asked = from;
  for (const std::size_t column : layout.key) asked += "\n" + layout.columns[column].name;
  const auto now = std::chrono::steady_clock::now();
  Session::KnownIndex& known = session.known_indexes()[asked];
  if (known.asked != std::chrono::steady_clock::time_point{} && now - known.asked < believed_for) return known.leads_with_key;
  const std::vector<IndexColumns> indexes = indexes_of(session, from);
  known.leads_with_key =
      std::any_of(indexes.begin(), indexes.end(), [&](const IndexColumns& index) { return leads_with_key(index, layout); });
  known.asked = now;
  return known.leads_with_key;
}

}  // namespace connectors::odbc
