// The phone numbers that most rows hold, recognised some ten times faster than libphonenumber does it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/map/functions/regex.h"

namespace engine::map {

/// One region's numbers written with digits, blanks and -./() only, either nationally or with + and the region's own
/// country code. It accepts by the library's own metadata, and only where no rule of the library could read the text
/// another way; of everything else it says that it does not know. A property test compares it with the library over all
/// regions.
class PlainNumbers {
 public:
  /// A region whose rules are not plain (several international prefixes, prefixes that are rewritten, a country code
  /// that belongs to another) knows no number.
  explicit PlainNumbers(const std::string& region);

  /// The international form, or nullopt: ask the library.
  std::optional<std::string> international(std::string_view text) const;

 private:
  struct Pattern {
    CompiledRegex regex;
    std::vector<std::size_t> lengths;  ///< empty: any
    bool matches(const std::u16string& digits) const;
  };

  bool is_valid(std::string_view digits) const;

  bool knows_ = false;
  std::string country_code_;
  std::string national_prefix_;
  Pattern general_;
  std::vector<Pattern> kinds_;  ///< fixed line, mobile, …: a valid number is of one of them
};

}  // namespace engine::map
