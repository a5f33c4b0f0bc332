// Reads the JSON of a body template into parts.
#pragma once

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "connectors/http/request/json_template.h"

namespace connectors::http {

/// Each text between two holes is one piece, so that rendering only appends.
class JsonFlattening {
 public:
  JsonFlattening(JsonParts& parts, const engine::settings::Origin& origin) : parts_(parts), origin_(origin) {
    parts_.emplace_back();
  }
  /// A value where one must stand.
  void append(const boost::json::value& value);

 private:
  /// Is a comma due before the next member?
  enum class Commas : std::uint8_t { no, unknown, yes };
  using Key = std::optional<std::string_view>;
  /// Where a choice stands.
  struct Place {
    enum class As : std::uint8_t { value, entry, members };
    As as = As::value;
    Key key = std::nullopt;
    Commas commas = Commas::no;
  };

  std::string& text() { return parts_.back().before; }
  void append_plain(const boost::json::value& value);
  void append_object(const boost::json::object& object);
  void append_array(const boost::json::array& array);
  void append_string(std::string_view string);
  void append_mixed(std::string_view string);
  void append_members(const boost::json::object& object, Commas& commas);
  void append_entry(Key key, const boost::json::value& value, Commas& commas);
  void begin_entry(Key key, Commas& commas);
  void open_hole(Placeholder placeholder, bool inside_string);

  void append_choice(const Place& place, const boost::json::value& value);
  JsonForm form_of(Place place, const boost::json::value& value) const;
  void fill_form(Place place, const boost::json::value& value, JsonForm& form) const;
  void read_directives(const Place& place, const boost::json::object& object, JsonForm& form) const;
  std::vector<FieldPattern> conditions(const boost::json::object& object, std::string_view directive) const;
  bool is_choice(const boost::json::value& value) const;
  std::optional<Placeholder> optional_field(const boost::json::value& value) const;

  JsonParts& parts_;
  const engine::settings::Origin& origin_;
};

}  // namespace connectors::http
