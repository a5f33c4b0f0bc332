#include "engine/deliver/conditions.h"

#include <algorithm>
#include <utility>

#include "engine/base/error.h"

namespace engine::deliver {

/// Lengths before the texts: no two questions have one name.
std::string Conditions::name_of(const model::Question& question) {
  std::string name = question.connection + '\n' + std::to_string(question.sql.size()) + ' ' + question.sql;
  for (const model::Question::Value& value : question.values) {
    name += std::to_string(static_cast<int>(value.type)) + ' ' + std::to_string(value.text.size()) + ' ' + value.text;
  }
  return name;
}

const model::Reply* Conditions::reply(const model::Question& question, std::int64_t every_ms, std::int64_t delivery_id, std::int64_t now_ms) {
  const std::string name = name_of(question);
  auto found = asked_.find(name);
  if (found == asked_.end()) {
    // The loop looks at it again; until then others may have been answered.
    if (asked_.size() >= questions_max) return nullptr;
    found = asked_.emplace(name, Asked{.question = question, .every_ms = every_ms}).first;
    due_.emplace(now_ms, name);
  }
  Asked& asked = found->second;
  asked.every_ms = std::min(asked.every_ms, every_ms);
  if (asked.reply && now_ms < asked.asked_ms + asked.every_ms) return &*asked.reply;
  asked.curious.insert(delivery_id);
  return nullptr;
}

void Conditions::await(const model::Question& question, std::int64_t delivery_id) {
  const auto found = asked_.find(name_of(question));
  if (found != asked_.end()) found->second.waiting.insert(delivery_id);
}

/// What nobody waits for any more is forgotten when it would be asked again.
std::vector<model::Question> Conditions::take_due(std::int64_t now_ms) {
  std::vector<model::Question> questions;
  while (!due_.empty() && due_.begin()->first <= now_ms) {
    const auto found = asked_.find(due_.begin()->second);
    ENGINE_ASSERT(found != asked_.end());
    due_.erase(due_.begin());
    Asked& asked = found->second;
    if (asked.curious.empty() && asked.waiting.empty()) {
      asked_.erase(found);
      continue;
    }
    asked.under_way = true;
    asked.asked_ms = now_ms;
    questions.push_back(asked.question);
  }
  return questions;
}

std::set<std::int64_t> Conditions::said(const model::Question& question, model::Reply reply) {
  const auto found = asked_.find(name_of(question));
  if (found == asked_.end() || !std::exchange(found->second.under_way, false)) return {};
  Asked& asked = found->second;
  due_.emplace(asked.asked_ms + asked.every_ms, found->first);
  const bool keeps_back = reply.any_row || !reply.problem.empty();
  asked.reply = std::move(reply);
  std::set<std::int64_t> told = std::exchange(asked.curious, {});
  if (!keeps_back) told.merge(std::exchange(asked.waiting, {}));
  return told;
}

std::optional<std::int64_t> Conditions::next_ms() const {
  return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
}

}  // namespace engine::deliver
