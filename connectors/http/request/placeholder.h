// The {name} and {name|filter} of templates: found once when a definition is loaded, filled for each call.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/http/request/escapes.h"
#include "engine/model/target.h"
#include "engine/settings/origin.h"

namespace connectors::http {

/// Credentials, and what a login made of them, by the names of {auth.name}.
using AuthValues = std::map<std::string, engine::model::FieldScalar, std::less<>>;

/// One turn of a `$each`.
struct TemplateItem {
  std::string name;  ///< what a star stood for, else the last part of the field's name
  engine::model::FieldValue value;
  std::int64_t index = 0;
};

/// What the placeholders of one call stand for. All of it outlives the rendering.
struct CallValues {
  const engine::model::Call& call;
  const engine::model::FieldMap& fields;  ///< the call's, and what the definition sets
  const engine::model::FieldMap& changed_fields;
  std::string_view records = {};  ///< JSON list; batches only
  const AuthValues* auth = nullptr;  ///< logins only: requests of calls are frozen without any
  const TemplateItem* item = nullptr;  ///< inside a `$each`
  std::string job = {};              ///< the name of one that is asked for
};

struct Placeholder {
  enum class Name : std::uint8_t {
    match,        ///< the only match value, or match.x
    field,        ///< field.x
    match_field,  ///< the name of the only match field
    remote_id,
    idempotency_key,
    text,
    marker,
    object,
    job,  ///< of a request that asks for one: its name
    auth,    ///< auth.x
    changed_field_names,  ///< of the outermost names, joined by commas
    association,
    to,
    item,   ///< of a `$each`: its value, its name, its position from 0
    name,
    index,
    fields,
    changed_fields,
    records,  ///< whole JSON, in bodies only
  };
  Name name = Name::match;
  std::string part;  ///< x of match.x, field.x and auth.x
  Filter filter = Filter::none;
  bool optional = false;  ///< {field.x?}: what it stands in is left out where the call lacks it

  bool is_whole_json() const { return name >= Name::fields; }
  /// As written, for messages: "{match.code}".
  std::string shown() const;
};

/// Text, then perhaps a placeholder.
struct Piece {
  std::string literal;
  std::optional<Placeholder> placeholder;
};

/// Names start with a small letter; any other brace is text. Throws Error config_invalid for a name or filter that does
/// not exist.
std::vector<Piece> pieces_of(std::string_view text, const engine::settings::Origin& origin);

/// The x of all {auth.x} among them.
std::vector<std::string> auth_names_of(const std::vector<Piece>& pieces);

/// Throws Error config_invalid when the call lacks the value. Not for whole JSON.
engine::model::FieldValue value_of(const Placeholder& placeholder, const CallValues& values);

[[noreturn]] void refuse_template(const std::string& problem, const engine::settings::Origin& origin);

}  // namespace connectors::http
