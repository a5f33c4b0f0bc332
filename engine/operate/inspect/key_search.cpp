#include "engine/operate/inspect/key_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace engine::operate {

namespace {

using Positions = std::vector<std::size_t>;

bool may_be_key(const model::Column& column) {
  return column.type != model::ColumnType::real && column.type != model::ColumnType::binary && column.size <= 100 &&
         !(column.type == model::ColumnType::text && column.size == 0 && column.source_type != "TEXT");
}

/// A NULL in a key stops the table, so a column that has one is no candidate.
bool unique_in(std::span<const SampleRow> sample, const Positions& columns) {
  std::set<std::vector<std::string>> seen;
  for (const SampleRow& row : sample) {
    std::vector<std::string> key;
    for (const std::size_t column : columns) {
      if (!row[column]) return false;
      key.push_back(*row[column]);
    }
    if (!seen.insert(std::move(key)).second) return false;
  }
  return true;
}

// Keys stand in front, so columns are tried from the left: alone, then in pairs and threes of the first eight.
std::optional<Positions> smallest_unique(const model::Layout& layout, std::span<const SampleRow> sample) {
  Positions candidates;
  for (std::size_t i = 0; i < layout.columns.size(); ++i) {
    if (may_be_key(layout.columns[i])) candidates.push_back(i);
  }
  for (const std::size_t one : candidates) {
    if (unique_in(sample, {one})) return Positions{one};
  }
  candidates.resize(std::min<std::size_t>(candidates.size(), 8));
  for (const std::size_t a : candidates) {
    for (const std::size_t b : candidates) {
      if (a < b && unique_in(sample, {a, b})) return Positions{a, b};
    }
  }
  for (const std::size_t a : candidates) {
    for (const std::size_t b : candidates) {
      for (const std::size_t c : candidates) {
        if (a < b && b < c && unique_in(sample, {a, b, c})) return Positions{a, b, c};
      }
    }
  }
  return std::nullopt;
}

bool may_be_null(const model::Layout& layout, const std::vector<std::string>& columns) {
  return std::any_of(columns.begin(), columns.end(), [&layout](const std::string& name) {
    const auto position = layout.find(name);
    return !position || layout.columns[*position].nullable;
  });
}

/// A sample proves nothing, and says so: more rows may show two with the same values.
KeyProposal guessed(const model::Layout& layout, std::span<const SampleRow> sample) {
  KeyProposal key;
  const auto columns = smallest_unique(layout, sample);
  if (!columns) {
    key.remark = "no primary key, no unique index, and no few columns tell the rows of the sample apart: ask who knows the table, or "
                 "read it through a query that makes a key";
    return key;
  }
  key.basis = KeyBasis::guess;
  for (const std::size_t column : *columns) key.columns.push_back(layout.columns[column].name);
  key.remark = sample.empty() ? "guessed: the table is empty"
                              : fmt::format("guessed: unique and never NULL in {} rows that were looked at", sample.size());
  return key;
}

}  // namespace

bool leads_with(const model::CatalogueIndex& index, std::span<const std::string> columns) {
  return index.columns.size() >= columns.size() && std::equal(columns.begin(), columns.end(), index.columns.begin());
}

KeyProposal propose_key(const model::Layout& layout, std::span<const model::CatalogueIndex> indexes, std::span<const SampleRow> sample) {
  KeyProposal key;
  const model::CatalogueIndex* best = nullptr;
  for (const model::CatalogueIndex& index : indexes) {
    if (!index.unique) continue;
    // A unique index lets several NULLs in, so one over columns that hold none goes before a shorter one.
    const auto rank = [&](const model::CatalogueIndex& each) {
      return std::tuple(!each.primary, may_be_null(layout, each.columns), each.columns.size());
    };
    if (best == nullptr || rank(index) < rank(*best)) best = &index;
  }
  if (best == nullptr) {
    key = guessed(layout, sample);
  } else {
    key.basis = best->primary ? KeyBasis::primary_key : KeyBasis::unique_index;
    key.columns = best->columns;
    if (!best->primary && may_be_null(layout, best->columns)) {
      key.remark = "a unique index lets NULLs in: a row with a NULL in its key stops the table";
    }
  }
  if (key.basis == KeyBasis::none) return key;
  key.indexed = std::any_of(indexes.begin(), indexes.end(), [&](const auto& index) { return leads_with(index, key.columns); });
  return key;
}

}  // namespace engine::operate
