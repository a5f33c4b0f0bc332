// What the checks of one expression have to say, before it is given its place in a file.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace engine::map {

struct Finding {
  bool is_error = true;
  std::string code;        ///< "sql.syntax" and so on, see README.md
  std::size_t offset = 0;  ///< in bytes, inside the expression
  std::string message;
  std::string suggestion;
};

using Findings = std::vector<Finding>;

}  // namespace engine::map
