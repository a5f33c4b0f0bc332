#include "engine/model/change.h"

#include "engine/base/error.h"

namespace engine::model {

std::string_view name_of(Operation operation) {
  switch (operation) {
    case Operation::insert: return "insert";
    case Operation::update: return "update";
    case Operation::delete_: return "delete";
    case Operation::snapshot: return "snapshot";
  }
  ENGINE_ASSERT(!"an operation without a name");
}

Operation operation_of(std::string_view name) {
  for (const Operation operation : {Operation::insert, Operation::update, Operation::delete_, Operation::snapshot}) {
    if (name_of(operation) == name) return operation;
  }
  throw Error(ErrorCode::journal_failed, "the journal holds an operation this program does not know: " + std::string(name));
}

}  // namespace engine::model
