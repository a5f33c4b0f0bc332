#include "engine/map/functions/plain_number.h"

// The generated headers of libphonenumber and protobuf are older than our warnings.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <phonenumbers/phonemetadata.pb.h>
#include <phonenumbers/phonenumberutil.h>
#pragma GCC diagnostic pop
#include <unicode/uregex.h>

#include <algorithm>

namespace i18n::phonenumbers {
// The library exports its metadata, a serialized PhoneMetadataCollection, but installs no header for it.
int metadata_size();
const void* metadata_get();
}  // namespace i18n::phonenumbers

namespace engine::map {
namespace {

using i18n::phonenumbers::PhoneMetadata;
using i18n::phonenumbers::PhoneMetadataCollection;
using i18n::phonenumbers::PhoneNumberDesc;
using i18n::phonenumbers::PhoneNumberUtil;

const PhoneMetadata* metadata_of(const std::string& region) {
  static const PhoneMetadataCollection all = [] {
    PhoneMetadataCollection read;
    read.ParseFromArray(i18n::phonenumbers::metadata_get(), i18n::phonenumbers::metadata_size());
    return read;
  }();
  const auto found = std::find_if(all.metadata().begin(), all.metadata().end(),
                                  [&](const PhoneMetadata& one) { return one.id() == region; });
  return found == all.metadata().end() ? nullptr : &*found;
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Nothing but what this file knows to apply: see international() for what each condition rules out.
bool is_plain(const PhoneMetadata& region) {
  std::string main_region;
  PhoneNumberUtil::GetInstance()->GetRegionCodeForCountryCode(region.country_code(), &main_region);
  return main_region == region.id() && !region.has_leading_digits() && region.international_prefix() == "00" &&
         !region.has_national_prefix_transform_rule() && all_digits(region.national_prefix_for_parsing());
}

}  // namespace

PlainNumbers::PlainNumbers(const std::string& region) {
  const PhoneMetadata* const metadata = metadata_of(region);
  if (metadata == nullptr || !is_plain(*metadata)) return;
  const auto pattern = [](const PhoneNumberDesc& description) {
    Pattern built{compile_regex(description.national_number_pattern()), {}};
    // A length of -1 says that the region has no such kind of number.
    for (const int length : description.possible_length()) built.lengths.push_back(static_cast<std::size_t>(length));
    return built;
  };
  general_ = pattern(metadata->general_desc());
  for (const PhoneNumberDesc* kind :
       {&metadata->fixed_line(), &metadata->mobile(), &metadata->toll_free(), &metadata->premium_rate(),
        &metadata->shared_cost(), &metadata->voip(), &metadata->personal_number(), &metadata->pager(), &metadata->uan(),
        &metadata->voicemail()}) {
    if (!kind->national_number_pattern().empty()) kinds_.push_back(pattern(*kind));
  }
  country_code_ = std::to_string(metadata->country_code());
  national_prefix_ = metadata->national_prefix_for_parsing();
  knows_ = general_.regex != nullptr && !general_.lengths.empty();
}

bool PlainNumbers::Pattern::matches(const std::u16string& digits) const {
  if (regex == nullptr) return false;
  if (!lengths.empty() && std::find(lengths.begin(), lengths.end(), digits.size()) == lengths.end()) return false;
  UErrorCode status = U_ZERO_ERROR;
  uregex_setText(regex.get(), digits.data(), static_cast<int32_t>(digits.size()), &status);
  return uregex_matches(regex.get(), 0, &status) && U_SUCCESS(status);
}

bool PlainNumbers::is_valid(std::string_view digits) const {
  const std::u16string wide(digits.begin(), digits.end());
  return general_.matches(wide) &&
         std::any_of(kinds_.begin(), kinds_.end(), [&](const Pattern& kind) { return kind.matches(wide); });
}

std::optional<std::string> PlainNumbers::international(std::string_view text) const {
  constexpr std::size_t text_max = 40;
  if (!knows_ || text.size() > text_max) return std::nullopt;
  std::string digits;
  bool has_plus = false;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if (c == '+') {
      if (has_plus || !digits.empty()) return std::nullopt;
      has_plus = true;
    } else if (std::string_view(" -./()").find(c) == std::string_view::npos) {
      // Letters, '#' and ',' may begin an extension.
      return std::nullopt;
    }
  }
  const bool has_code = digits.starts_with(country_code_);
  // A national number that begins like its country code, or with the international prefix, can be read in two ways.
  if (has_plus != has_code || (!has_plus && digits.starts_with("00"))) return std::nullopt;
  std::string_view national = std::string_view(digits).substr(has_plus ? country_code_.size() : 0);
  // The library takes the prefix off unless only the number with it is valid; it stays in doubt when the rest is not.
  if (!national_prefix_.empty() && national.starts_with(national_prefix_))
    national.remove_prefix(national_prefix_.size());
  if (!is_valid(national)) return std::nullopt;
  return "+" + country_code_ + std::string(national);
}

}  // namespace engine::map
