// What an odbc target is asked to do, and the same as text that outlives a crash.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/target.h"

namespace connectors::odbc {

struct WriteRecord {
  std::string key;  ///< idempotency key
  engine::model::FieldMap match;
  engine::model::FieldMap fields;
};

/// Records of one kind for one table, in one transaction.
struct WriteRequest : engine::model::ReadyRequest {
  engine::model::CallKind kind = engine::model::CallKind::upsert;
  std::string table;
  std::vector<WriteRecord> records;
};

WriteRequest write_request_of(std::span<const engine::model::Call> calls);
/// {"call":"upsert","table":"customer","records":[{"key":…,"match":{…},"fields":{…}}]}
std::string request_text(const WriteRequest& request);
WriteRequest read_request(std::string_view text);

}  // namespace connectors::odbc
