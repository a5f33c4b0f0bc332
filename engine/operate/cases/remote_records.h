// What the other side of a case holds, and how it answers when the case does not say: as a healthy target would, by the target's own
// definition.
#pragma once

#include <boost/json/value.hpp>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/model/target.h"
#include "engine/settings/target_definition.h"

namespace engine::operate {

struct RemoteAnswer {
  int status = 200;
  std::string body;
};

/// Knows only what a definition says: enough to be found again, read back, and accounted for.
class RemoteRecords {
 public:
  explicit RemoteRecords(const settings::TargetDefinition& definition) : definition_(definition) {}

  /// The calls of one request take effect. `body`: what was sent.
  void apply(std::span<const model::Call> calls, const std::string& body);
  /// What a healthy target says to them now. Those that it carries out later begin a job.
  RemoteAnswer answer(std::span<const model::Call> calls);
  /// What it says of the job that a question names: it has ended. `request`: the question's address and body.
  RemoteAnswer asked(const std::string& request) const;

 private:
  struct Record {
    std::string id;
    boost::json::object fields;  ///< by dotted name
    std::string comments;
    bool gone = false;
  };
  const settings::ObjectDefinition* object_of(const std::string& name) const;
  /// None: they travel one by one.
  static const settings::BatchDefinition* batch_for(const settings::ObjectDefinition& object, std::span<const model::Call> calls);
  static const settings::JobDefinition* job_of(const settings::ObjectDefinition& object, std::span<const model::Call> calls);
  static std::string job_name(std::size_t index);
  Record* find(const model::Call& call);
  const Record* find(const model::Call& call) const;
  void move_to(const model::Call& call, const std::string& id);
  RemoteAnswer found(const settings::ObjectDefinition& object, const model::Call& call) const;
  RemoteAnswer read(const settings::ObjectDefinition& object, const model::Call& call) const;
  boost::json::value batch(const settings::BatchDefinition& definition, std::span<const model::Call> calls) const;
  boost::json::value written(const settings::ObjectDefinition& object, std::span<const model::Call> calls) const;

  const settings::TargetDefinition& definition_;
  std::map<std::pair<std::string, std::string>, Record> records_;  ///< by object and match value
  std::vector<std::vector<model::Call>> jobs_;  ///< the calls that each one carries out
  int ids_ = 0;
};

}  // namespace engine::operate
