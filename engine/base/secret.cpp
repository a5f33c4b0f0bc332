#include "engine/base/secret.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <vector>

#include "engine/base/text/base64.h"
#include "engine/base/text/escaped_text.h"

namespace engine {

namespace {

constexpr std::size_t maskable_bytes_min = 4;

/// All that is masked. Read by every log line, written when a secret comes or goes. Longest first, so that one inside another is not left half masked.
struct Secrets {
  std::shared_mutex mutex;
  std::map<std::string, std::size_t> holders;
  std::vector<std::string> values;
  std::vector<std::string> coded;     ///< in base64, which no escape touches
  std::array<bool, 256> begins{};     ///< a value may begin with this byte, as it is or escaped
  std::bitset<65'536> coded_begins;   ///< by `start_of` what begins as one of `coded`
};

Secrets& secrets() {
  static Secrets all;
  return all;
}

/// Without padding: also found where the secret is the start of a longer text.
std::string unpadded_base64(std::string_view value) {
  std::string form = base64(value);
  while (form.ends_with('=')) form.pop_back();
  return form;
}

// What base64 shows of `value` when `before` bytes stand in front of it ("user:" of basic authentication): only the
// groups that the value fills alone.
std::string base64_inside(std::string_view value, std::size_t before) {
  const std::size_t skipped = (3 - before % 3) % 3;
  if (value.size() < skipped + 3) return {};
  return unpadded_base64(value.substr(skipped, (value.size() - skipped) / 3 * 3));
}

std::string for_urls(std::string base64) {
  std::ranges::replace(base64, '+', '-');
  std::ranges::replace(base64, '/', '_');
  return base64;
}

void add_base64_forms(std::string_view value, std::set<std::string>& forms) {
  for (const std::string& form : {unpadded_base64(value), base64_inside(value, 0), base64_inside(value, 1), base64_inside(value, 2)}) {
    if (form.size() < maskable_bytes_min) continue;
    forms.insert(form);
    forms.insert(for_urls(form));
  }
}

/// Of the first four bytes: each form has as many. Two forms may share one.
std::size_t start_of(const char* bytes) {
  std::uint32_t four = 0;
  static_assert(sizeof four == maskable_bytes_min);
  std::memcpy(&four, bytes, sizeof four);
  return (four * 2'654'435'761U) >> 16;
}

void list_anew(Secrets& all) {
  std::set<std::string> coded;
  all.values.clear();
  all.begins.fill(false);
  for (const auto& [value, holders] : all.holders) {
    all.values.push_back(value);
    add_base64_forms(value, coded);
    for (std::size_t byte = 0; byte < all.begins.size(); ++byte) {
      const auto c = static_cast<char>(byte);
      all.begins[byte] = all.begins[byte] || c == value[0] || begins_escape(c);
    }
  }
  all.coded.assign(coded.begin(), coded.end());
  all.coded_begins.reset();
  for (const std::string& form : all.coded) all.coded_begins.set(start_of(form.data()));
  const auto longer = [](const std::string& one, const std::string& other) { return one.size() > other.size(); };
  std::ranges::stable_sort(all.values, longer);
  std::ranges::stable_sort(all.coded, longer);
}

bool holds_coded(const Secrets& all, std::string_view text) {
  for (; text.size() >= maskable_bytes_min; text.remove_prefix(1)) {
    if (!all.coded_begins[start_of(text.data())]) continue;
    if (std::ranges::any_of(all.coded, [text](const std::string& form) { return text.starts_with(form); })) return true;
  }
  return false;
}

/// A text is searched for each of the forms only when it holds one: there are eight a secret, and hardly any text has any.
void mask_coded(const Secrets& all, std::string& text) {
  if (!holds_coded(all, text)) return;
  for (const std::string& form : all.coded) {
    for (std::size_t at = text.find(form); at != std::string::npos; at = text.find(form, at + 3)) text.replace(at, form.size(), "***");
  }
}

/// By its first two bytes, which tell nearly all texts apart: what an escape stands for is not looked at.
bool may_begin_with(std::string_view text, const std::string& value) {
  if (begins_escape(text[0])) return true;
  return text[0] == value[0] && (text[1] == value[1] || begins_escape(text[1]));
}

/// Bytes at the start of `text` that are one of the values: 0 when none stands there.
std::size_t value_length(const Secrets& all, std::string_view text) {
  if (text.size() < maskable_bytes_min) return 0;
  for (const std::string& value : all.values) {
    const std::size_t length = may_begin_with(text, value) ? escaped_length(text, value) : 0;
    if (length > 0) return length;
  }
  return 0;
}

/// What lies between bytes with which a value may begin is copied in one piece.
std::string without_values(const Secrets& all, std::string_view text) {
  std::string masked;
  masked.reserve(text.size());
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size();) {
    const bool may_begin = all.begins[static_cast<unsigned char>(text[at])];
    const std::size_t length = may_begin ? value_length(all, text.substr(at)) : 0;
    if (length > 0) {
      masked.append(text.substr(copied, at - copied)).append("***");
      copied = at + length;
    }
    at += std::max<std::size_t>(1, length);
  }
  return masked.append(text.substr(copied));
}

}  // namespace

Secret::Secret(std::string value) : value_(std::move(value)) { remember_secret(value_); }

PassingSecret::PassingSecret(std::string value) : value_(std::move(value)) { remember_secret(value_); }

PassingSecret::~PassingSecret() {
  if (value_.size() < maskable_bytes_min) return;
  Secrets& all = secrets();
  const std::unique_lock lock(all.mutex);
  const auto held = all.holders.find(value_);
  if (--held->second == 0) all.holders.erase(held);
  list_anew(all);
}

void remember_secret(std::string_view value) {
  if (value.size() < maskable_bytes_min) return;
  Secrets& all = secrets();
  const std::unique_lock lock(all.mutex);
  if (++all.holders[std::string(value)] == 1) list_anew(all);
}

std::string redact(std::string_view text) {
  Secrets& all = secrets();
  const std::shared_lock lock(all.mutex);
  if (all.values.empty()) return std::string(text);
  std::string masked = without_values(all, text);
  mask_coded(all, masked);
  return masked;
}

}  // namespace engine
