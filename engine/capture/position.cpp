#include "engine/capture/position.h"

#include <boost/json.hpp>

#include "engine/base/error.h"
#include "engine/model/kept_json.h"

namespace engine::capture {

namespace json = boost::json;

std::string position_text(const Position& position) {
  json::object text{{"phase", position.snapshot ? "snapshot" : "watching"}};
  if (position.after) text["after"] = json::parse(model::source_key_json(*position.after));
  if (position.whole_ms != 0) text["whole_ms"] = position.whole_ms;
  if (!position.mark.empty()) {
    text["mode"] = position.mode;
    text["mark"] = json::parse(position.mark);
  }
  return json::serialize(text);
}

Position position_from(std::string_view text) {
  return model::read_kept(text, "a checkpoint", [](const json::value& parsed) {
    const json::object& object = parsed.as_object();
    Position position{.snapshot = object.at("phase").as_string() == "snapshot", .after = {}, .whole_ms = 0, .mode = {}, .mark = {}};
    if (const json::value* after = object.if_contains("after")) position.after = model::source_key_from_json(json::serialize(*after));
    if (const json::value* whole = object.if_contains("whole_ms")) position.whole_ms = whole->to_number<std::int64_t>();
    if (const json::value* mark = object.if_contains("mark")) {
      position.mode = std::string(object.at("mode").as_string());
      position.mark = json::serialize(*mark);
    }
    return position;
  });
}

}  // namespace engine::capture
