// Phone numbers by libphonenumber.
#include <fmt/format.h>

// The generated headers of libphonenumber and protobuf are older than our warnings.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <phonenumbers/phonenumberutil.h>
#pragma GCC diagnostic pop

#include <set>

#include "engine/map/functions/arguments.h"
#include "engine/map/functions/catalog.h"
#include "engine/map/functions/state.h"

namespace engine::map {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

const PhoneNumberUtil& library() { return *PhoneNumberUtil::GetInstance(); }

bool is_region(const std::string& region) {
  static const std::set<std::string> regions = [] {
    std::set<std::string> all;
    library().GetSupportedRegions(&all);
    return all;
  }();
  return regions.contains(region);
}

std::optional<std::string> by_library(const std::string& text, const std::string& region) {
  PhoneNumber number;
  if (library().Parse(text, region.empty() ? "ZZ" : region, &number) != PhoneNumberUtil::NO_PARSING_ERROR) return {};
  if (!library().IsValidNumber(number)) return {};
  std::string formatted;
  library().Format(number, PhoneNumberUtil::E164, &formatted);
  return formatted;
}

void e164(sqlite3_context* context, int, sqlite3_value** values) {
  if (is_null(values[0])) return give_null(context);
  const std::string_view text = text_of(values[0]);
  if (text.find_first_not_of(' ') == std::string_view::npos) return give_null(context);
  std::string region = is_null(values[1]) ? std::string{} : std::string(text_of(values[1]));
  if (!region.empty() && !is_region(region)) {
    return give_error(context, fmt::format("e164: {} is no region; write two letters such as 'IT'", shown(values[1])));
  }
  auto& known = state_of(context).phone_regions;
  auto found = known.find(region);
  if (found == known.end()) found = known.emplace(region, PlainNumbers(region)).first;
  auto number = found->second.international(text);
  if (!number) number = by_library(std::string(text), region);
  number ? give_text(context, *number) : give_null(context);
}

constexpr FunctionEntry entries[] = {
    {"e164", "(text, region)",
     "The phone number in international form. `region` says where a number without a prefix is from; with NULL only "
     "numbers that begin with + are taken. NULL for NULL, blanks, and what is no valid number, so that a rule can "
     "catch it.",
     "e164('06 6982 1234', 'IT')", R"("+390669821234")", 2, 2, e164},
};

}  // namespace

FunctionGroup phone_functions() { return {"Phone numbers", "By Google's libphonenumber.", entries}; }

}  // namespace engine::map
