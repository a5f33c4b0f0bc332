#include "engine/map/functions/plain_number.h"

#include <doctest/doctest.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <phonenumbers/phonenumberutil.h>
#pragma GCC diagnostic pop

#include <random>
#include <set>

namespace engine::map::test {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

const PhoneNumberUtil& library() { return *PhoneNumberUtil::GetInstance(); }

/// What the library makes of `text`; empty when it is no valid number.
std::string by_library(const std::string& text, const std::string& region) {
  PhoneNumber number;
  std::string formatted;
  if (library().Parse(text, region, &number) != PhoneNumberUtil::NO_PARSING_ERROR || !library().IsValidNumber(number))
    return formatted;
  library().Format(number, PhoneNumberUtil::E164, &formatted);
  return formatted;
}

/// A number of the region in some form, or something near it.
std::string random_text(const std::string& region, std::mt19937& random) {
  static constexpr PhoneNumberUtil::PhoneNumberType kinds[] = {PhoneNumberUtil::FIXED_LINE,   PhoneNumberUtil::MOBILE,
                                                               PhoneNumberUtil::TOLL_FREE,    PhoneNumberUtil::UAN,
                                                               PhoneNumberUtil::PREMIUM_RATE, PhoneNumberUtil::VOIP};
  static constexpr PhoneNumberUtil::PhoneNumberFormat formats[] = {
      PhoneNumberUtil::NATIONAL, PhoneNumberUtil::INTERNATIONAL, PhoneNumberUtil::E164, PhoneNumberUtil::NATIONAL};
  static constexpr const char* starts[] = {"",    "",   "",  "",   "0", "00", "+",   "(",
                                           "(0)", "+ ", "1", "39", "3", "8",  "+39 "};
  PhoneNumber number;
  std::string text;
  if (library().GetExampleNumberForType(region, kinds[random() % std::size(kinds)], &number)) {
    library().Format(number, formats[random() % std::size(formats)], &text);
  }
  if (random() % 3 != 0) {
    for (char& c : text) {
      if (c >= '0' && c <= '9' && random() % 3 == 0) c = static_cast<char>('0' + random() % 10);
    }
  }
  if (random() % 4 == 0) text.insert(random() % (text.size() + 1), 1, " -./()0123456789+x,#"[random() % 20]);
  if (random() % 6 == 0 && !text.empty()) text.erase(random() % text.size(), 1);
  return starts[random() % std::size(starts)] + text;
}

}  // namespace

TEST_CASE("a number recognised without the library is what the library makes of it, in every region") {
  std::set<std::string> regions;
  library().GetSupportedRegions(&regions);
  std::mt19937 random(39);
  std::size_t recognised = 0;
  for (const std::string& region : regions) {
    const PlainNumbers numbers(region);
    const int tries = region == "IT" ? 5000 : 150;
    for (int i = 0; i < tries; ++i) {
      const std::string text = random_text(region, random);
      const auto fast = numbers.international(text);
      if (!fast) continue;
      ++recognised;
      CHECK_MESSAGE(*fast == by_library(text, region), (region + " " + text));
    }
  }
  CHECK(recognised > 2000);
}

TEST_CASE("the usual Italian forms are recognised without the library") {
  const PlainNumbers italy("IT");
  CHECK(italy.international("06 4567 1234") == "+390645671234");
  CHECK(italy.international("(051) 21.23.45") == "+39051212345");
  CHECK(italy.international("333/1234567") == "+393331234567");
  CHECK(italy.international("+39 333 1234567") == "+393331234567");
  CHECK(italy.international("800 123456") == "+39800123456");
}

TEST_CASE("what could be read in two ways is left to the library") {
  const PlainNumbers italy("IT");
  for (const char* text : {"392 1234567", "0039 333 1234567", "+44 20 7946 0018", "06 6982 1234 int. 5",
                           "333 123456789012", "", "+", "12"}) {
    INFO(std::string(text));
    CHECK_FALSE(italy.international(text));
  }
  CHECK_FALSE(PlainNumbers("US").international("(201) 555-0123"));
  CHECK_FALSE(PlainNumbers("VA").international("06 698 12345"));
}

}  // namespace engine::map::test
