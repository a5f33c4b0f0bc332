#include "connectors/http/request/json_template.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

#include "connectors/http/request/auth_marks.h"
#include "connectors/http/request/field_text.h"
#include "engine/base/error.h"
#include "engine/model/row_json.h"

namespace connectors::http {

namespace json = boost::json;

namespace {

/// A JSON string without its quotes, to stand inside one.
void append_inside_string(std::string_view text, std::string& into) {
  std::string quoted;
  engine::model::append_json_string(text, quoted);
  into.append(quoted, 1, quoted.size() - 2);
}

/// The id of a record is a text to us, and an integer to many APIs.
void append_number(const Placeholder& placeholder, const std::string& text, std::string& into) {
  const std::string_view digits = std::string_view(text).substr(text.starts_with('-') ? 1 : 0);
  const bool is_number = !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos &&
                         (digits.size() == 1 || digits[0] != '0');
  if (!is_number) {
    throw engine::Error(engine::ErrorCode::config_invalid,
                        fmt::format("{} is '{}', which is no whole number", placeholder.shown(), text));
  }
  into += text;
}

void append_whole(const Placeholder& placeholder, const CallValues& values, std::string& into) {
  if (placeholder.name == Placeholder::Name::records) {
    into += values.records.empty() ? "[]" : values.records;
  } else {
    const bool changed = placeholder.name == Placeholder::Name::changed_fields;
    into += engine::model::nested_json(changed ? values.changed_fields : values.fields);
  }
}

}  // namespace

class JsonTemplate::Flattening {
 public:
  Flattening(std::vector<Hole>& holes, const engine::settings::Origin& origin) : holes_(holes), origin_(origin) {}

  void append(const json::value& value) {
    if (value.is_object()) {
      append_object(value.get_object());
    } else if (value.is_array()) {
      append_array(value.get_array());
    } else if (value.is_string()) {
      append_string({value.get_string().data(), value.get_string().size()});
    } else if (value.is_double()) {
      append_json(engine::model::FieldScalar(value.get_double()), text());
    } else {
      text() += json::serialize(value);
    }
  }

 private:
  std::string& text() { return holes_.back().before; }

  void append_object(const json::object& object) {
    text() += '{';
    bool first = true;
    for (const auto& member : object) {
      if (!std::exchange(first, false)) text() += ',';
      append_mixed({member.key().data(), member.key().size()});
      text() += ':';
      append(member.value());
    }
    text() += '}';
  }

  void append_array(const json::array& array) {
    text() += '[';
    bool first = true;
    for (const json::value& item : array) {
      if (!std::exchange(first, false)) text() += ',';
      append(item);
    }
    text() += ']';
  }

  void append_string(std::string_view string) {
    if (string == "fields") return open_hole({.name = Placeholder::Name::fields}, false);
    if (string == "changed_fields") return open_hole({.name = Placeholder::Name::changed_fields}, false);
    const auto pieces = pieces_of(string, origin_);
    const bool is_one_value = pieces.size() == 2 && pieces[0].literal.empty() && pieces[1].literal.empty();
    if (is_one_value) return open_hole(*pieces[0].placeholder, false);
    append_mixed(string);
  }

  void append_mixed(std::string_view string) {
    text() += '"';
    for (const Piece& piece : pieces_of(string, origin_)) {
      append_inside_string(piece.literal, text());
      if (!piece.placeholder) continue;
      if (piece.placeholder->is_whole_json()) {
        refuse_template(piece.placeholder->shown() + " must stand alone, not inside a text", origin_);
      }
      open_hole(*piece.placeholder, true);
    }
    text() += '"';
  }

  void open_hole(Placeholder placeholder, bool inside_string) {
    holes_.back().placeholder = std::move(placeholder);
    holes_.back().inside_string = inside_string;
    holes_.emplace_back();
  }

  std::vector<Hole>& holes_;
  const engine::settings::Origin& origin_;
};

JsonTemplate::JsonTemplate(std::string_view text, const engine::settings::Origin& origin) : holes_(1) {
  boost::system::error_code error;
  const json::value tree = json::parse(json::string_view(text.data(), text.size()), error);
  if (error) refuse_template("the body is not JSON: " + error.message(), origin);
  Flattening(holes_, origin).append(tree);
}

std::vector<std::string> JsonTemplate::auth_names() const {
  std::vector<std::string> names;
  for (const Hole& hole : holes_) {
    if (hole.placeholder && hole.placeholder->name == Placeholder::Name::auth) names.push_back(hole.placeholder->part);
  }
  return names;
}

bool JsonTemplate::has_auth_inside_text() const {
  return std::any_of(holes_.begin(), holes_.end(), [](const Hole& hole) {
    if (!hole.placeholder || hole.placeholder->name != Placeholder::Name::auth) return false;
    return hole.inside_string || hole.placeholder->filter != Filter::none;
  });
}

void JsonTemplate::render(const CallValues& values, std::string& into) const {
  for (const Hole& hole : holes_) {
    into += hole.before;
    if (!hole.placeholder) continue;
    if (hole.placeholder->is_whole_json()) {
      append_whole(*hole.placeholder, values, into);
      continue;
    }
    if (hole.placeholder->name == Placeholder::Name::auth && values.auth == nullptr) {
      append_auth_mark(hole.placeholder->part, into);
      continue;
    }
    const auto value = value_of(*hole.placeholder, values);
    if (hole.inside_string) {
      append_inside_string(filtered(hole.placeholder->filter, text_of(value)), into);
    } else if (hole.placeholder->filter == Filter::number) {
      append_number(*hole.placeholder, text_of(value), into);
    } else if (hole.placeholder->filter != Filter::none) {
      engine::model::append_json_string(filtered(hole.placeholder->filter, text_of(value)), into);
    } else {
      append_json(value, into);
    }
  }
}

}  // namespace connectors::http
