#include "engine/operate/inspect/mask.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <regex>

#include "engine/base/text/characters.h"

namespace engine::operate {

namespace {

/// A part of a column's name, and what it usually says.
struct NamePart {
  std::string_view kind;
  std::string_view part;
};

// Parts of column names in the languages of the ERPs we meet; short ones would match by accident and are left out.
constexpr NamePart name_parts[] = {
    {"mail address", "mail"},       {"phone number", "phone"},     {"phone number", "tel"},         {"phone number", "cell"},
    {"phone number", "mobil"},      {"phone number", "fax"},       {"phone number", "handy"},       {"bank account", "iban"},
    {"bank account", "konto"},      {"bank account", "account"},   {"bank account", "contocorr"},   {"tax number", "piva"},
    {"tax number", "partiva"},      {"tax number", "vat"},         {"tax number", "fisc"},          {"tax number", "cfis"},
    {"tax number", "steuer"},       {"tax number", "tax"},         {"tax number", "ssn"},           {"tax number", "ustid"},
    {"name or address", "name"},    {"name or address", "nome"},   {"name or address", "nomin"},    {"name or address", "ragso"},
    {"name or address", "rascl"},   {"name or address", "ragione"},{"name or address", "contact"},  {"name or address", "referente"},
    {"name or address", "person"},  {"name or address", "addr"},   {"name or address", "indir"},    {"name or address", "street"},
    {"name or address", "strasse"}, {"name or address", "adresse"},{"name or address", "calle"},    {"name or address", "nombre"},
    {"name or address", "apellido"},{"name or address", "prenom"}, {"date of birth", "birth"},      {"date of birth", "nasc"},
    {"date of birth", "geburt"},    {"free text", "note"},         {"free text", "memo"},           {"free text", "comment"},
    {"free text", "bemerk"},        {"secret", "password"},        {"secret", "passwd"},            {"secret", "pwd"},
    {"secret", "token"},            {"secret", "secret"},
};

/// What a value looks like that speaks for itself.
struct Shape {
  std::string_view kind;
  std::regex shape;
};

const std::array<Shape, 5>& shapes() {
  static const std::array<Shape, 5> all{{
      {"mail address", std::regex(R"(^\s*[^@\s]+@[^@\s]+\.[A-Za-z]{2,}\s*$)")},
      // An Italian tax code, and VAT numbers with their country.
      {"tax number", std::regex(R"(^\s*([A-Z]{6}[0-9]{2}[A-Z][0-9]{2}[A-Z][0-9]{3}[A-Z]|(AT|BE|DE|ES|FR|IT|NL|PT|SI)[A-Z0-9]{8,12})\s*$)")},
      {"bank account", std::regex(R"(^\s*[A-Z]{2}[0-9]{2}( ?[A-Z0-9]{4}){2,7}( ?[A-Z0-9]{1,3})?\s*$)")},
      {"phone number", std::regex(R"(^\s*(\+|00)[0-9][0-9 ()/.-]{6,18}\s*$)")},
      {"phone number", std::regex(R"(^\s*\(?0[0-9]{1,4}\)?[ /.-][0-9 /.-]{4,12}\s*$)")},
  }};
  return all;
}

bool long_enough_to_tell(std::string_view value) { return value.size() >= 6 && value.size() <= 100; }

}  // namespace

/// The name goes first: it speaks of all rows, a sample only of some.
std::string personal_kind(const model::Column& column, std::span<const std::string> values) {
  const std::string name = lower_case(column.name);
  for (const NamePart& each : name_parts) {
    if (name.find(each.part) != std::string::npos) return std::string(each.kind);
  }
  if (column.type != model::ColumnType::text) return {};
  for (const std::string& value : values) {
    if (!long_enough_to_tell(value)) continue;
    for (const Shape& shape : shapes()) {
      if (std::regex_match(value, shape.shape)) return std::string(shape.kind);
    }
  }
  return {};
}

std::string masked(std::string_view value) {
  std::string text;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80) continue;  // the rest of a character that was masked at its first byte
    if (std::isdigit(byte)) {
      text += '9';
    } else if (std::isupper(byte)) {
      text += 'X';
    } else if (std::islower(byte) || byte >= 0x80) {
      text += 'x';
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace engine::operate
