#include "engine/settings/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <numeric>
#include <tuple>

namespace engine::settings {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Levenshtein distance without regard to ASCII case, with a swap of neighbours counted as one step: the commonest
/// typo.
std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before_last(right.size() + 1);
  std::vector<std::size_t> last(right.size() + 1);
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const bool same = lower(left[i - 1]) == lower(right[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped =
          i > 1 && j > 1 && lower(left[i - 1]) == lower(right[j - 2]) && lower(left[i - 2]) == lower(right[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[right.size()];
}

std::string_view name_of(Diagnostic::Level level) { return level == Diagnostic::Level::error ? "error" : "warning"; }

}  // namespace

void Diagnostics::error(std::string code, Origin origin, std::string message, std::string suggestion) {
  ++errors_;
  all_.push_back(
      {Diagnostic::Level::error, std::move(code), std::move(origin), std::move(message), std::move(suggestion)});
}

void Diagnostics::warning(std::string code, Origin origin, std::string message, std::string suggestion) {
  all_.push_back(
      {Diagnostic::Level::warning, std::move(code), std::move(origin), std::move(message), std::move(suggestion)});
}

void Diagnostics::sort() {
  std::stable_sort(all_.begin(), all_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.origin.file, a.origin.line, a.origin.column) <
           std::tie(b.origin.file, b.origin.line, b.origin.column);
  });
  // What several definitions take from one place (a fragment, `for_each`) is one problem, told once.
  const auto same = [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.origin.file, a.origin.line, a.origin.column, a.code, a.message) ==
           std::tie(b.origin.file, b.origin.line, b.origin.column, b.code, b.message);
  };
  all_.erase(std::unique(all_.begin(), all_.end(), same), all_.end());
  errors_ = static_cast<std::size_t>(std::count_if(all_.begin(), all_.end(), [](const Diagnostic& each) {
    return each.level == Diagnostic::Level::error;
  }));
}

std::string diagnostic_text(const Diagnostic& diagnostic) {
  std::string text = fmt::format("{}: {}: {} [{}]", diagnostic.origin.text(), name_of(diagnostic.level),
                                 diagnostic.message, diagnostic.code);
  if (!diagnostic.suggestion.empty()) text += "\n  " + diagnostic.suggestion;
  return text;
}

std::string diagnostics_json(std::span<const Diagnostic> diagnostics) {
  boost::json::array list;
  for (const Diagnostic& diagnostic : diagnostics) {
    const std::string_view level = name_of(diagnostic.level);
    list.push_back(boost::json::object{{"level", boost::json::string_view(level.data(), level.size())},
                                       {"code", diagnostic.code},
                                       {"file", diagnostic.origin.file},
                                       {"line", diagnostic.origin.line},
                                       {"column", diagnostic.origin.column},
                                       {"message", diagnostic.message},
                                       {"suggestion", diagnostic.suggestion}});
  }
  return boost::json::serialize(list);
}

std::string nearest(std::string_view name, std::span<const std::string> candidates) {
  // One wrong letter in a short name is still a typo; beyond a third it is another name.
  const std::size_t allowed = std::max<std::size_t>(name.size() >= 2 ? 1 : 0, name.size() / 3);
  std::size_t best = allowed + 1;
  std::string found;
  for (const std::string& candidate : candidates) {
    const std::size_t shorter = std::min(name.size(), candidate.size());
    const std::size_t longer = std::max(name.size(), candidate.size());
    if (longer - shorter >= best) continue;
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best) {
      best = distance;
      found = candidate;
    }
  }
  return found;
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates, std::string otherwise) {
  const std::string near = nearest(name, candidates);
  return near.empty() ? otherwise : fmt::format("did you mean '{}'?", near);
}

std::string listed(std::span<const std::string> names, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? fmt::format(" {} ", last) : ", ";
    text += names[i];
  }
  return text;
}

}  // namespace engine::settings
