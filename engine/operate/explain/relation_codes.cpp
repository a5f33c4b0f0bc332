#include "engine/operate/explain/declared_codes.h"

namespace engine::operate {

std::span<const ExplainedCode> relation_codes() {
  static constexpr ExplainedCode codes[] = {
      {"depends.elsewhere", "A pipeline depends on one that writes to another connection.", refuses_whole,
       "Ids of one target mean nothing to another: refer to records of the same connection."},
      {"depends.no_id", "The records of the pipeline that is depended on have no id that could be referred to.", refuses_whole,
       "Let the target's definition tell an `id`, or match by one field."},
      {"depends.untold_id",
       "The target tells ids, but not when it writes the records of the pipeline that is depended on: those that refer to them would wait in vain.",
       only_warns, "Let the target's definition tell an `id` at that call (and in its batch), or give the object a `find`."},
      {"depends.cycle", "Pipelines depend on each other in a circle: each would wait for the other.", refuses_whole,
       "Let one of them write the relation, in a pipeline of its own that depends on both."},
      {"together.untold", "`deliver: together` over a table whose capture does not tell transactions.", refuses_whole,
       "Capture it by `mode: tail` with a log that names transactions, or use `deliver: latest`."},
      {"together.guard", "`deliver: together` with `hold_while`, or `hold` under `drift`: a row that waits would be missing from its transaction.", refuses_whole,
       "Leave `hold_while` out, let drifted fields be kept or overwritten, or use `deliver: latest`."},
      {"together.parent", "A pipeline and one that it depends on both deliver together: a transaction of one may wait for one of the other, and that for it.",
       refuses_whole, "Use `deliver: latest` in the parent, or capture both tables as one document."}};
  return codes;
}

}  // namespace engine::operate
