// What answers mean, as a definition says it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/target.h"
#include "engine/settings/origin.h"

namespace engine::settings {

/// A condition on one value of an answer.
struct AnswerCondition {
  std::string place;            ///< a header's name, or a JSON pointer; empty: no condition
  std::vector<std::string> is;  ///< one of these texts
  std::string matches;          ///< a regular expression. Without both: it is there, and not null, false or empty
};

/// Where an answer holds a value: in a header, or in its JSON.
struct AnswerValue {
  Origin origin;
  std::string header;
  std::string json;     ///< JSON pointer
  std::string matches;  ///< a regular expression whose first group is the value
};

/// How an answer says when to come again.
struct AfterRule {
  AnswerValue value;             ///< neither header nor JSON: Retry-After
  std::int64_t unit_ms = 1'000;  ///< what one of its numbers stands for
  bool since_epoch = false;      ///< the number counts from 1970, not from now
  std::int64_t at_least_ms = 0;  ///< and where the answer says nothing
};

/// `throttled` is a refusal for the moment that says nothing against the record: its budget waits, and no try is counted.
enum class AnswerClass : std::uint8_t {
  delivered, duplicate, partial, retry, throttled, permanent, missing, exists, auth, uncertain, window_closed
};

/// Fits when all of its conditions do. Of a batch it is asked for the whole answer, and for each record that was refused,
/// with that record's part as the JSON and its own status.
struct AnswerRule {
  Origin origin;
  std::vector<model::CallKind> calls;         ///< empty: all
  std::vector<std::pair<int, int>> statuses;  ///< ranges; empty: all
  std::string body_matches;                   ///< regular expression over the raw body; empty: all
  AnswerCondition header;
  AnswerCondition json;
  AnswerClass answer_class = AnswerClass::permanent;
  std::string reason;  ///< what it means to a person, before what the target said
  std::string budget;  ///< `throttled`: the one that is used up; empty: the connection waits
  AfterRule after;
};

}  // namespace engine::settings
