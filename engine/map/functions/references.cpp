// What an expression may ask about records of other pipelines.
#include <array>

#include "engine/map/functions/arguments.h"
#include "engine/map/functions/catalog.h"
#include "engine/model/reference.h"

namespace engine::map {
namespace {

constexpr int key_parts_max = 8;

void remote_id(sqlite3_context* context, int count, sqlite3_value** values) {
  std::array<std::string_view, key_parts_max> parts;
  const auto key_parts = static_cast<std::size_t>(count - 1);
  for (std::size_t i = 0; i < key_parts; ++i) {
    // A row that names no parent has none.
    if (is_null(values[i + 1])) return give_null(context);
    parts[i] = text_of(values[i + 1]);
  }
  give_text(context, model::reference_text(text_of(values[0]), {parts.data(), key_parts}));
}

constexpr FunctionEntry entries[] = {
    {"remote_id", "('PIPELINE', key, …)",
     "The id that the record of another pipeline's row has at the target; NULL where a part of the key is. The pipeline is a "
     "literal and stands under `depends_on:`. A record that is not there yet is waited for (`wait_for_parent`). Only in "
     "`map:` and `associations:`, alone or joined by `||`: until its turn comes a stand-in takes its place.",
     "remote_id('companies', NULL)", "null", 2, 1 + key_parts_max, remote_id},
};

}  // namespace

FunctionGroup reference_functions() { return {"Other records", "", entries}; }

}  // namespace engine::map
