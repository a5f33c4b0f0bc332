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

  /// What was said less than `every_ms` ago. Null: it is asked soon, and `delivery_id` told by `said`.
  const model::Reply* reply(const model::Question& question, std::int64_t every_ms, std::int64_t delivery_id, std::int64_t now_ms);
  /// A row was found, so the delivery waits until none is.
  void await(const model::Question& question, std::int64_t delivery_id);

  /// To be asked now; each is answered once.
  std::vector<model::Question> take_due(std::int64_t now_ms);
  /// Returns the deliveries that are to be looked at again.
  std::set<std::int64_t> said(const model::Question& question, model::Reply reply);
  /// When something is due, if anything is.
  std::optional<std::int64_t> next_ms() const;

 private:
  struct Asked {
    model::Question question;
    std::int64_t every_ms = 0;
    std::int64_t asked_ms = 0;
    bool under_way = false;
    std::optional<model::Reply> reply;
    std::set<std::int64_t> curious;  ///< came while nothing was known
    std::set<std::int64_t> waiting;  ///< until no row is found
  };
  static std::string name_of(const model::Question& question);

  std::map<std::string, Asked> asked_;
  std::set<std::pair<std::int64_t, std::string>> due_;  ///< what is under way is not in it
};

}  // namespace engine::deliver
