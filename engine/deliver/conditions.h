// What databases said of conditions (`hold_while`), and who waits for them to say otherwise. Pure: the loop asks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/source/question.h"

namespace engine::deliver {

/// Each question is asked once for all records with the same values, and again as long as somebody waits. All times are steady.
class Conditions {
 public:
  static constexpr std::size_t questions_max = 10'000;
  /// Whoever waits for an answer longer than that is told that none came.
  static constexpr std::int64_t silent_ms_max = 10'000;

  /// What was said less than `every_ms` ago; a problem where nobody answers, or more is asked than is kept. Null: it is asked soon. Of a question
  /// that is kept `said` tells `delivery_id` when there is news.
  const model::Reply* reply(const model::Question& question, std::int64_t every_ms, std::int64_t delivery_id, std::int64_t now_ms);
  /// The delivery waits until no row is found, or until it is forgotten: then it looks by itself. False: the question is not kept, so nobody tells it.
  bool await(const model::Question& question, std::int64_t delivery_id, std::int64_t until_ms);
  /// It waits for this no longer.
  void forget(const model::Question& question, std::int64_t delivery_id);

  /// To be asked now; each is answered once.
  std::vector<model::Question> take_due(std::int64_t now_ms);
  /// Returns the deliveries that are to be looked at again. What is said counts from now on, however long it took.
  std::set<std::int64_t> said(const model::Question& question, model::Reply reply, std::int64_t now_ms);
  /// When something is due, if anything is.
  std::optional<std::int64_t> next_ms() const;

 private:
  struct Asked {
    model::Question question;
    std::int64_t every_ms = 0;
    std::int64_t due_ms = 0;  ///< its place in `due_`, unless it is under way
    bool under_way = false;
    std::optional<model::Reply> reply;
    std::int64_t said_ms = 0;
    std::optional<std::int64_t> silent_since_ms;     ///< somebody waits for an answer since then
    std::set<std::int64_t> curious;                  ///< came while nothing was known
    std::map<std::int64_t, std::int64_t> waiting{};  ///< until no row is found, and until when they are remembered
  };
  static std::string name_of(const model::Question& question);
  void put_due(Asked& asked, const std::string& name, std::int64_t due_ms);

  std::map<std::string, Asked> asked_;
  std::set<std::pair<std::int64_t, std::string>> due_;  ///< what is under way is not in it
};

}  // namespace engine::deliver
