// What a record at the target holds, told in the words of the call that wrote it.
#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <vector>

#include "connectors/http/plan.h"

namespace connectors::http {

/// A record as it is there, in the words of the call that wrote it.
struct StoredRecord {
  engine::model::FieldMap
      fields;  ///< for each field of the call that the record has; in the sent shape, or the wanted one, when it means the same
  std::vector<std::string> lost_keys;  ///< key fields whose stored value is another
};

/// `expect` is {"fields":"{…}","key":"{…}","wanted":"{…}"} as frozen with the request; "wanted" only before a write.
StoredRecord stored_record(const ReadBackPlan& plan, const std::string& expect, const boost::json::value& answer);

/// Targets store what they were sent in their own form: 5 as "5", "1.50" as 1.5, true as 1, "General" as {"id":"1","Name":"General"}, a
/// value as a list of one, a list in another order, a time with a T and a Z, nothing as null, "" or []. Those mean the same.
bool means_the_same(const engine::model::FieldValue& sent, const boost::json::value* stored);

}  // namespace connectors::http
