// The other side of a case: takes what is sent, keeps it, and answers as the case says or as a healthy target would.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/http/wire/wire.h"
#include "engine/model/target.h"
#include "engine/operate/cases/remote_records.h"
#include "engine/settings/read/case/case_definition.h"
#include "engine/settings/connection_definition.h"

namespace engine::operate {

/// One request as it arrived.
struct SentRequest {
  model::CallKind kind = model::CallKind::upsert;
  std::string record;  ///< names the target record: requests of one keep their order
  std::string method;
  std::string path;  ///< behind the connection's url, with the query
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string answered;  ///< "503", "lost", …
};

/// Used by one thread. Outlives the targets made with it: a process that starts again finds the same other side.
class Remote {
 public:
  explicit Remote(const settings::TargetConnection& connection) : connection_(connection), records_(connection.target) {}

  /// The real target over a wire that ends here.
  std::unique_ptr<model::Target> make_target();
  /// Answers to what comes next.
  void will_answer(const settings::CaseStep& step);
  const std::vector<SentRequest>& requests() const { return requests_; }
  /// Answers of the case that nothing came for.
  std::vector<settings::CaseAnswer> unused_answers() const;

 private:
  class AgreeingTarget;
  class RememberingTarget;
  class RemoteWire;
  void sends(const model::PreparedCall& call);
  connectors::http::RawAnswer arrived(const connectors::http::Exchange& exchange, bool& answers);
  std::optional<settings::CaseAnswer> next_answer(model::CallKind kind);

  const settings::TargetConnection& connection_;
  RemoteRecords records_;
  /// The calls behind each frozen request, also of those that an earlier process prepared.
  std::map<std::string, std::vector<model::Call>> calls_;
  std::vector<model::Call> asking_;  ///< stands for the calls while a job is asked for
  const std::vector<model::Call>* sending_ = nullptr;
  std::deque<settings::CaseAnswer> answers_;
  std::map<model::CallKind, std::deque<settings::CaseAnswer>> answers_of_;
  std::vector<SentRequest> requests_;
};

}  // namespace engine::operate
