#include "engine/capture/snapshot.h"

#include "engine/base/error.h"

namespace engine::capture {

namespace {
constexpr std::string_view watching = R"({"phase":"watching"})";
constexpr std::string_view from_the_start = R"({"phase":"snapshot"})";
constexpr std::string_view before_key = R"({"phase":"snapshot","after":)";
}  // namespace

std::string position_text(const DiffPosition& position) {
  if (!position.snapshot) return std::string(watching);
  if (!position.after) return std::string(from_the_start);
  return std::string(before_key) + model::source_key_json(*position.after) + "}";
}

DiffPosition position_from(std::string_view text) {
  if (text == watching) return {false, std::nullopt};
  if (text == from_the_start) return {true, std::nullopt};
  if (!text.starts_with(before_key) || !text.ends_with('}')) {
    throw Error(ErrorCode::journal_failed, "the journal holds a checkpoint that `mode: diff` did not write: " + std::string(text));
  }
  text.remove_prefix(before_key.size());
  text.remove_suffix(1);
  return {true, model::source_key_from_json(text)};
}

}  // namespace engine::capture
