// Who of a batch was taken, record by record.
#pragma once

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <vector>

#include "connectors/http/plan.h"
#include "engine/model/target.h"

namespace connectors::http {

/// What an answer says of one record.
struct RecordWord {
  enum class Says : std::uint8_t { nothing, taken, refused };
  Says says = Says::nothing;
  const boost::json::value* part = nullptr;  ///< of the answer; never null when refused
  int status = 0;                            ///< the record's own; 0: none
  std::optional<std::string> remote_id;
};

/// One word a record of `expect`, in order; the parts point into `answer`. By order: result i speaks for record i, or for
/// the one whose index it names. Else by name: a record named among the refused was refused, one named among the taken was
/// taken; the others were taken only when the numbers of taken and refused add up to the batch.
std::vector<RecordWord> words_about_records(const BatchPlan& plan, const std::string& expect,
                                            const boost::json::value& answer);

/// The same answer for each record. Its text stays with the first: a request of a thousand records would keep it a thousand times.
std::vector<engine::model::CallAnswer> for_each_record(const engine::model::CallAnswer& answer, std::size_t records);

}  // namespace connectors::http
