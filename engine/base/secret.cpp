#include "engine/base/secret.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <vector>

namespace engine {

namespace {

constexpr std::size_t maskable_bytes_min = 4;

/// All that is masked. Read by every log line, written when a secret comes or goes.
struct Secrets {
  std::shared_mutex mutex;
  std::map<std::string, std::size_t> holders;
  std::vector<std::string> forms;  ///< longest first, so that a form inside another is not left half masked
};

Secrets& secrets() {
  static Secrets all;
  return all;
}

std::string url_form(std::string_view value) {
  std::string form;
  for (const unsigned char c : value) {
    const bool bare = std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
    form += bare ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
  }
  return form;
}

std::string json_form(std::string_view value) {
  std::string form;
  for (const unsigned char c : value) {
    if (c == '"' || c == '\\') {
      form += '\\';
      form += static_cast<char>(c);
    } else if (c == '\n' || c == '\r' || c == '\t') {
      form += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";  // as every writer of JSON has them: a key in PEM form holds lines
    } else if (c < 0x20) {
      form += fmt::format("\\u{:04x}", c);
    } else {
      form += static_cast<char>(c);
    }
  }
  return form;
}

std::string base64_form(std::string_view value) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string form;
  for (std::size_t i = 0; i < value.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(3, value.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) bits = bits << 8 | (j < left ? static_cast<unsigned char>(value[i + j]) : 0u);
    for (std::size_t j = 0; j <= left; ++j) form += digits[bits >> (18 - 6 * j) & 63];
  }
  return form;  // without padding: also found where the secret is the start of a longer text
}

// What base64 shows of `value` when `before` bytes stand in front of it ("user:" of basic authentication): only the
// groups that the value fills alone.
std::string base64_inside(std::string_view value, std::size_t before) {
  const std::size_t skipped = (3 - before % 3) % 3;
  if (value.size() < skipped + 3) return {};
  const std::string_view whole = value.substr(skipped, (value.size() - skipped) / 3 * 3);
  return base64_form(whole);
}

/// What a URL, a header, a body or a log may show of the value.
std::set<std::string> maskable_forms(std::string_view value) {
  if (value.size() < maskable_bytes_min) return {};
  std::set<std::string> forms{std::string(value), url_form(value), json_form(value), base64_form(value)};
  for (std::size_t before = 0; before < 3; ++before) forms.insert(base64_inside(value, before));
  std::erase_if(forms, [](const std::string& form) { return form.size() < maskable_bytes_min; });
  return forms;
}

void list_anew(Secrets& all) {
  all.forms.clear();
  for (const auto& [form, holders] : all.holders) all.forms.push_back(form);
  std::stable_sort(all.forms.begin(), all.forms.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

}  // namespace

Secret::Secret(std::string value) : value_(std::move(value)) { remember_secret(value_); }

PassingSecret::PassingSecret(std::string value) : value_(std::move(value)) { remember_secret(value_); }

PassingSecret::~PassingSecret() {
  if (value_.size() < maskable_bytes_min) return;
  Secrets& all = secrets();
  const std::unique_lock lock(all.mutex);
  for (const std::string& form : maskable_forms(value_)) {
    if (--all.holders.at(form) == 0) all.holders.erase(form);
  }
  list_anew(all);
}

void remember_secret(std::string_view value) {
  const std::set<std::string> forms = maskable_forms(value);
  if (forms.empty()) return;
  Secrets& all = secrets();
  const std::unique_lock lock(all.mutex);
  for (const std::string& form : forms) ++all.holders[form];
  list_anew(all);
}

/// Longest forms first, each wherever it stands.
std::string redact(std::string_view text) {
  std::string masked(text);
  Secrets& all = secrets();
  const std::shared_lock lock(all.mutex);
  for (const std::string& form : all.forms) {
    for (std::size_t at = masked.find(form); at != std::string::npos; at = masked.find(form, at + 3)) {
      masked.replace(at, form.size(), "***");
    }
  }
  return masked;
}

}  // namespace engine
