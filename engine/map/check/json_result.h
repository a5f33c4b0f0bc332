// Whether an expression gives JSON, so that its text is more than a text.
#pragma once

#include <string_view>

namespace engine::map {

/// It is a call of one of SQLite's json functions, or a subselect of nothing but one.
bool gives_json(std::string_view sql);

}  // namespace engine::map
