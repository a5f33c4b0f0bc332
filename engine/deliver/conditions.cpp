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

void Conditions::put_due(Asked& asked, const std::string& name, std::int64_t due_ms) {
  due_.erase({asked.due_ms, name});
  asked.due_ms = due_ms;
  due_.emplace(due_ms, name);
}

const model::Reply* Conditions::reply(const model::Question& question, std::int64_t every_ms, std::int64_t delivery_id, std::int64_t now_ms) {
  static const model::Reply silent{.problem = "nobody answered yet"};
  static const model::Reply crowded{.problem = "too many other questions are open"};
  const std::string name = name_of(question);
  auto found = asked_.find(name);
  if (found == asked_.end()) {
    if (asked_.size() >= questions_max) return &crowded;
    found = asked_.emplace(name, Asked{.question = question, .every_ms = every_ms}).first;
    put_due(found->second, name, now_ms);
  }
  Asked& asked = found->second;
  asked.every_ms = std::min(asked.every_ms, every_ms);
  if (asked.reply && now_ms < asked.said_ms + asked.every_ms) return &*asked.reply;
  if (!asked.under_way && asked.due_ms > now_ms) put_due(asked, name, now_ms);
  asked.curious.insert(delivery_id);
  if (!asked.silent_since_ms) asked.silent_since_ms = now_ms;
  return now_ms - *asked.silent_since_ms >= silent_ms_max ? &silent : nullptr;
}

bool Conditions::await(const model::Question& question, std::int64_t delivery_id, std::int64_t until_ms) {
  const auto found = asked_.find(name_of(question));
  if (found == asked_.end()) return false;
  found->second.waiting[delivery_id] = until_ms;
  return true;
}

void Conditions::forget(const model::Question& question, std::int64_t delivery_id) {
  const auto found = asked_.find(name_of(question));
  if (found == asked_.end()) return;
  found->second.curious.erase(delivery_id);
  found->second.waiting.erase(delivery_id);
}

/// What nobody waits for any more is forgotten when it would be asked again: whoever was superseded meanwhile, or rejected, did not say so.
std::vector<model::Question> Conditions::take_due(std::int64_t now_ms) {
  std::vector<model::Question> questions;
  while (!due_.empty() && due_.begin()->first <= now_ms) {
    const auto found = asked_.find(due_.begin()->second);
    ENGINE_ASSERT(found != asked_.end());
    due_.erase(due_.begin());
    Asked& asked = found->second;
    std::erase_if(asked.waiting, [now_ms](const auto& each) { return each.second <= now_ms; });
    if (asked.curious.empty() && asked.waiting.empty()) {
      asked_.erase(found);
      continue;
    }
    asked.under_way = true;
    questions.push_back(asked.question);
  }
  return questions;
}

std::set<std::int64_t> Conditions::said(const model::Question& question, model::Reply reply, std::int64_t now_ms) {
  const auto found = asked_.find(name_of(question));
  if (found == asked_.end() || !std::exchange(found->second.under_way, false)) return {};
  Asked& asked = found->second;
  asked.said_ms = now_ms;
  asked.silent_since_ms.reset();
  put_due(asked, found->first, now_ms + asked.every_ms);
  const bool keeps_back = reply.any_row || !reply.problem.empty();
  asked.reply = std::move(reply);
  std::set<std::int64_t> told = std::exchange(asked.curious, {});
  if (!keeps_back) {
    for (const auto& [delivery_id, until_ms] : std::exchange(asked.waiting, {})) told.insert(delivery_id);
  }
  return told;
}

std::optional<std::int64_t> Conditions::next_ms() const {
  return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
}

}  // namespace engine::deliver
