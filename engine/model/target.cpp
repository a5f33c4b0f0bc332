#include "engine/model/target.h"

#include <array>

namespace engine::model {

namespace {
/// In the order of CallKind.
constexpr std::array<std::string_view, 13> call_names = {"find",         "create",    "update",     "upsert",  "delete",
                                                         "archive",      "resolve",   "comment",    "read_back",
                                                         "find_comment", "associate", "dissociate", "poll"};
static_assert(static_cast<std::size_t>(CallKind::poll) + 1 == call_names.size());
}  // namespace

std::string_view name_of(CallKind kind) { return call_names[static_cast<std::size_t>(kind)]; }

std::optional<CallKind> call_kind_of(std::string_view name) {
  for (std::size_t index = 0; index < call_names.size(); ++index) {
    if (call_names[index] == name) return static_cast<CallKind>(index);
  }
  return std::nullopt;
}

bool only_reads(CallKind kind) {
  return kind == CallKind::find || kind == CallKind::read_back || kind == CallKind::find_comment || kind == CallKind::poll;
}

bool is_removal(CallKind kind) { return kind == CallKind::delete_ || kind == CallKind::archive || kind == CallKind::resolve; }

}  // namespace engine::model
