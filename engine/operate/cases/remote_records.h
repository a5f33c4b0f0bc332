// What the other side of a case holds, and how it answers when the case does not say: as a healthy target would, by the target's own
// definition.
#pragma once

#include <boost/json/object.hpp>
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

class RemoteRecords {
 public:
  explicit RemoteRecords(const settings::TargetDefinition& definition) : definition_(definition) {}

  /// The calls of one request take effect. `body`: what was sent.
  void apply(std::span<const model::Call> calls, const std::string& body);
  /// What a healthy target says to them now.
  RemoteAnswer answer(std::span<const model::Call> calls) const;

 private:
  struct Record {
    std::string id;
    boost::json::object fields;  ///< by dotted name
    std::string comments;
    bool gone = false;
  };
  const settings::ObjectDefinition* object_of(const std::string& name) const;
  const settings::BatchDefinition* batch_of(const model::Call& call) const;
  Record* find(const model::Call& call);
  const Record* find(const model::Call& call) const;
  void move_to(const model::Call& call, const std::string& id);
  RemoteAnswer found(const settings::ObjectDefinition& object, const model::Call& call) const;
  RemoteAnswer read(const settings::ObjectDefinition& object, const model::Call& call) const;
  RemoteAnswer batch(const settings::BatchDefinition& definition, std::span<const model::Call> calls) const;

  const settings::TargetDefinition& definition_;
  std::map<std::pair<std::string, std::string>, Record> records_;  ///< by object and match value
  int ids_ = 0;
};

}  // namespace engine::operate
