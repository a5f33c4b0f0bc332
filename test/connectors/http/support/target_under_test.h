// An HTTP target made from YAML, and calls for it.
#pragma once

#include <memory>
#include <string>

#include "engine/model/target.h"
#include "engine/settings/connection_definition.h"

namespace test_http {

/// The definition `text`, with what the connection's YAML adds. Fails the test with every problem.
engine::settings::TargetConnection connection_from(const std::string& definition, const std::string& connection);
/// The same with a shipped definition: "webhook", "request_tracker".
engine::settings::TargetConnection shipped_connection(const std::string& name, const std::string& connection);

std::unique_ptr<engine::model::Target> target_of(engine::settings::TargetConnection connection, const std::string& url);

/// Sends and waits; at most 20 s.
std::vector<engine::model::CallAnswer> answers_to(engine::model::Target& target,
                                                  const engine::model::PreparedCall& call);
/// Prepares, sends, waits; of one record.
engine::model::CallAnswer answer_to(engine::model::Target& target, const engine::model::Call& call);

engine::model::FieldValue text(std::string value);
engine::model::FieldValue number(std::string digits);
engine::model::FieldValue null();

/// A call on "customer" C001, key "k-1", with a name and a credit.
engine::model::Call customer(engine::model::CallKind kind);

}  // namespace test_http
