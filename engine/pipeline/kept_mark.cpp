#include "engine/pipeline/kept_mark.h"

#include <boost/json.hpp>

#include "engine/base/error.h"
#include "engine/capture/position.h"
#include "engine/journal/journal.h"
#include "engine/model/kept_json.h"

namespace engine::pipeline {

namespace json = boost::json;

std::string kept_mark(const std::filesystem::path& journal_path, const std::string& table) {
  if (!std::filesystem::exists(journal_path)) return {};
  try {
    journal::ReadOnlyJournal journal(journal_path);
    const auto row = journal->tables.find(table);
    const auto checkpoint = row ? journal->tables.checkpoint(row->id) : std::nullopt;
    if (!checkpoint) return {};
    const capture::Position position = capture::position_from(*checkpoint);
    if (position.mode != "tail" || position.mark.empty()) return {};
    return model::read_kept(position.mark, "a place in a log", [](const json::value& mark) {
      const json::value* at = mark.as_object().if_contains("at");
      return at == nullptr ? std::string() : json::serialize(*at);
    });
  } catch (const Error&) {
    // Whether the journal can be read at all is told by those who need it.
    return {};
  }
}

}  // namespace engine::pipeline
