// Templates of text: paths, query values, headers, and the fields a definition sets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connectors/http/request/placeholder.h"

namespace connectors::http {

/// Literal pieces are encoded when it is read, values when it is rendered.
class TextTemplate {
 public:
  enum class Place : std::uint8_t {
    path,    ///< values are percent-encoded; an empty one, "." and ".." would address something else and are refused
    query,   ///< everything is percent-encoded
    header,  ///< control characters are refused: a line break would begin another header
    plain,   ///< the text itself
  };

  TextTemplate(std::string_view text, Place place, const engine::settings::Origin& origin);
  /// Throws Error config_invalid when a value is missing or cannot stand here.
  std::string render(const CallValues& values) const;
  /// The x of its {auth.x}.
  std::vector<std::string> auth_names() const { return auth_names_of(pieces_); }

 private:
  Place place_;
  std::vector<Piece> pieces_;
};

/// `set:` of a definition: constants, and templates in texts. A text that is one placeholder keeps the value's type. A
/// name may be "{match_field}", the call's own.
class FieldsTemplate {
 public:
  FieldsTemplate() = default;
  FieldsTemplate(const engine::model::FieldMap& fields, const engine::settings::Origin& origin);
  bool empty() const { return fields_.empty(); }
  /// Adds the fields to `into`, over those already there.
  void apply(const CallValues& values, engine::model::FieldMap& into) const;

 private:
  struct Field {
    engine::model::FieldValue constant;
    std::vector<Piece> pieces;  ///< empty: the constant
  };
  std::map<std::string, Field> fields_;
};

}  // namespace connectors::http
