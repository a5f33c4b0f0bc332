#include "engine/journal/delivery/waits.h"

#include <algorithm>

#include <boost/json.hpp>

#include "engine/base/error.h"

namespace engine::journal {

namespace json = boost::json;

Waits::Waits(const std::optional<std::string>& text) {
  if (!text) return;
  boost::system::error_code error;
  const json::value value = json::parse(*text, error);
  const bool is_map = !error && value.is_object();
  if (is_map) {
    for (const auto& [name, since] : value.as_object()) {
      if (since.is_int64()) since_.emplace(name, since.as_int64());
    }
  }
  if (!is_map || since_.size() != value.as_object().size()) {
    throw Error(ErrorCode::journal_failed, "the journal holds a delivery whose waits are no map of times: " + *text);
  }
}

std::optional<std::int64_t> Waits::since(const std::string& condition) const {
  const auto found = since_.find(condition);
  return found == since_.end() || found->second == 0 ? std::nullopt : std::optional(found->second);
}

bool Waits::is_let_go(const std::string& condition) const {
  const auto found = since_.find(condition);
  return found != since_.end() && found->second == 0;
}

void Waits::begin(const std::string& condition, std::int64_t now_ms) {
  const auto [since, is_new] = since_.try_emplace(condition, now_ms);
  if (!is_new) since->second = std::min(since->second, now_ms);
}

void Waits::take_over(const Waits& older) {
  for (const auto& [name, since] : older.since_) {
    if (since == 0) continue;
    const auto [own, is_new] = since_.try_emplace(name, since);
    if (!is_new && own->second != 0) own->second = std::min(own->second, since);
  }
}

std::optional<std::string> Waits::json() const {
  if (since_.empty()) return std::nullopt;
  json::object object;
  for (const auto& [name, since] : since_) object[name] = since;
  return json::serialize(object);
}

}  // namespace engine::journal
