// Stories and deliveries as a person reads them.
#pragma once

#include <string>

#include "engine/operate/story.h"

namespace engine::cli {

std::string story_text(const operate::Story& story);
/// One delivery with its attempts, indented by `indent` blanks.
std::string delivery_text(const operate::DeliveryStory& story, const std::string& pipeline, std::size_t indent);

/// A side of a column's change: "none" where a row of a nested table came or went.
inline std::string side_text(const std::string& json) { return json.empty() ? "none" : json; }

}  // namespace engine::cli
