#include "engine/base/secret.h"

#include <algorithm>
#include <array>
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
  const auto longer = [](const std::string& one, const std::string& other) { return one.size() > other.size(); };
  std::ranges::stable_sort(all.values, longer);
  std::ranges::stable_sort(all.coded, longer);
}

void mask_coded(const Secrets& all, std::string& text) {
  for (const std::string& form : all.coded) {
    for (std::size_t at = text.find(form); at != std::string::npos; at = text.find(form, at + 3)) text.replace(at, form.size(), "***");
  }
}

std::string without_values(const Secrets& all, std::string_view text) {
  std::string masked;
  masked.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    if (all.begins[static_cast<unsigned char>(text[at])]) {
      for (auto value = all.values.begin(); length == 0 && value != all.values.end(); ++value) length = escaped_length(text.substr(at), *value);
    }
    length == 0 ? void(masked += text[at]) : void(masked += "***");
    at += std::max<std::size_t>(1, length);
  }
  return masked;
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
