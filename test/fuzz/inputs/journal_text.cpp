// Texts of the journal, as a damaged file or a newer version might hold them: refused, or written again as they were.
#include <string>

#include "connectors/http/request/prepared_request.h"
#include "engine/capture/position.h"
#include "engine/capture/watermark/mark.h"
#include "engine/model/fields.h"
#include "engine/model/json_text.h"
#include "engine/model/key.h"
#include "engine/model/layout.h"
#include "engine/model/older_layout.h"
#include "engine/model/row_json.h"
#include "test/engine/map/mapping.h"
#include "test/fuzz/fuzzed.h"

using namespace engine::model;

namespace {

void row(const Layout& layout, std::string_view text) {
  RowBatch batch;
  batch.begin(layout.columns.size());
  if (!fuzz::taken([&] { append_row_from_json(layout, text, batch); })) return;
  const std::string once = row_json(layout, batch.row(0));  // where bytes that are no text became U+FFFD
  RowBatch again;
  again.begin(layout.columns.size());
  append_row_from_json(layout, once, again);
  fuzz::demand(row_json(layout, again.row(0)) == once, "an image that was written reads back");
}

void layout(std::string_view text, const Layout& now) {
  Layout read;
  if (!fuzz::taken([&] { read = layout_from_json(text); })) return;
  fuzz::demand(layout_from_json(layout_json(read)) == read, "a layout that was written reads back");
  const OlderLayout older(read, now);
  RowBatch batch;
  batch.begin(now.columns.size());
  fuzz::taken([&] { older.append_row(R"({"codcli":"C001"})", batch); });
}

void compact(std::string_view text) {
  std::string once;
  if (!append_compact_json(text, once)) return fuzz::demand(once.empty(), "what is no JSON leaves nothing behind");
  std::string twice;
  fuzz::demand(append_compact_json(once, twice) && twice == once, "compact JSON is compact");
}

}  // namespace

/// The first byte says what the rest claims to be.
void fuzz::take(std::string_view input) {
  if (input.empty()) return;
  const char kind = input[0];
  input.remove_prefix(1);
  switch (kind) {
    case 'r': row(engine::map::test::customer_layout(), input); return row(engine::map::test::document_layout(), input);
    case 'l': return layout(input, engine::map::test::customer_layout());
    case 'c': return compact(input);
    case 'f': {
      FieldMap fields;
      if (taken([&] { fields = fields_from_json(input); }) && is_utf8(input)) {  // two names of bad bytes would become one
        const std::string once = fields_json(fields);
        demand(fields_json(fields_from_json(once)) == once, "fields that were written read back");
      }
      return;
    }
    case 'k': {
      SourceKey key;
      if (taken([&] { key = source_key_from_json(input); })) demand(source_key_from_json(source_key_json(key)) == key, "a key that was written reads back");
      taken([&] { key_parts(input); });
      return;
    }
    case 'p': {
      engine::capture::Position position;
      if (taken([&] { position = engine::capture::position_from(input); })) {
        demand(engine::capture::position_from(engine::capture::position_text(position)) == position, "a position that was written reads back");
      }
      taken([&] { engine::capture::mark_from(input); });
      return;
    }
    case 'q': {
      connectors::http::PreparedRequest request;
      if (taken([&] { request = connectors::http::thawed(input); })) {
        const std::string frozen = connectors::http::frozen_text(request);
        demand(connectors::http::frozen_text(connectors::http::thawed(frozen)) == frozen, "a frozen request reads back");
      }
      return;
    }
    default: return;
  }
}
