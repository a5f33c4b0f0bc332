// Where in the configuration a thing was written.
#pragma once

#include <string>

namespace engine::settings {

struct Origin {
  std::string file;          ///< relative to the instance folder
  int line = 0;              ///< from 1; 0: the file as a whole
  int column = 0;            ///< from 1
  std::string text() const;  ///< "pipelines/x/pipeline.yaml:7:11"
};

/// A SQL expression as written. `origin` is where its first character stands, so that errors can point inside it;
/// `literal_indent` >= 0 marks a block scalar (|-), whose next lines start that many columns in.
struct Expression {
  std::string sql;
  Origin origin;
  int literal_indent = -1;
};

}  // namespace engine::settings
