// How a find narrows down what a search gives, and how it goes from page to page.
#include <fmt/format.h>

#include "engine/settings/target/object_reader.h"

namespace engine::settings {
namespace {

/// Exactly one way leads to the next page.
void check_ways(const MapReader& reader, const PageRule& pages, Diagnostics& diagnostics) {
  const int ways = static_cast<int>(!pages.next.empty() || pages.next_in_link) + static_cast<int>(!pages.cursor.empty()) +
                   static_cast<int>(!pages.number.empty()) + static_cast<int>(!pages.offset.empty());
  if (ways != 1) {
    diagnostics.error("key.conflict", reader.node().origin(), "pages go on in one way",
                      "write one of 'next', 'cursor', 'number' and 'offset'");
  }
  if (!pages.cursor.empty() && pages.put_in.empty()) {
    diagnostics.error("key.missing", reader.node().origin(), "'cursor' needs 'put_in': the parameter that carries it");
  }
  if ((!pages.number.empty() || !pages.offset.empty()) && pages.size == 0) {
    diagnostics.error("key.missing", reader.node().origin(), "'number' and 'offset' need 'size'",
                      "write how many items a full page has: one with fewer is the last");
  }
}

/// How many pages are asked for has a limit: a list that never ends must not keep a delivery for ever.
PageRule read_pages(const YamlNode& map, Diagnostics& diagnostics) {
  MapReader reader(map, pages_block(), "'pages'", diagnostics);
  PageRule pages;
  pages.next_in_link = reader.text("next") == "link";
  if (!pages.next_in_link) pages.next = take_pointer(reader, "next");
  pages.cursor = take_pointer(reader, "cursor");
  pages.put_in = reader.text("put_in");
  pages.number = reader.text("number");
  pages.offset = reader.text("offset");
  pages.from = reader.integer("from", 1, 0, 1);
  pages.size = static_cast<std::size_t>(reader.integer("size", 0, 1, 10'000));
  pages.pages_max = static_cast<std::size_t>(reader.integer("at_most", 10, 1, 100));
  reader.finish();
  check_ways(reader, pages, diagnostics);
  return pages;
}

}  // namespace

void read_narrowing(MapReader& reader, FindDefinition& find) {
  for (auto& [pointer, wanted] : reader.text_map("where")) {
    if (!pointer.starts_with('/')) {
      reader.diagnostics().error("value.type", reader.node().find("where")->origin(),
                                 fmt::format("'{}' of where must be a JSON pointer, which begins with '/'", pointer));
    }
    find.where.emplace(std::move(pointer), std::move(wanted));
  }
  if (const YamlNode* pages = reader.take("pages")) find.pages = read_pages(*pages, reader.diagnostics());
}

}  // namespace engine::settings
