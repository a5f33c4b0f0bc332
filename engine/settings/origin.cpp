#include "engine/settings/origin.h"

#include <fmt/format.h>

namespace engine::settings {

std::string Origin::text() const {
  if (line == 0) return file;
  if (column == 0) return fmt::format("{}:{}", file, line);
  return fmt::format("{}:{}:{}", file, line, column);
}

}  // namespace engine::settings
