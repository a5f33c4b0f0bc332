// One reading of a table without a key, of whose rows a changed one is one that went and one that came.
#pragma once

#include "engine/capture/reading/reading.h"

namespace engine::capture {

/// What went is journaled before what came: both may stand for one record at a target, which the later one decides. So rows are read to see which
/// are there, and again to journal those that came; a row went when two complete readings did not see it, since it cannot be asked for by a key.
/// Where nothing changed it is one reading.
class KeylessPass {
 public:
  explicit KeylessPass(Reading& reading) : reading_(reading) {}
  void run();

 private:
  bool see_rows();
  bool all_seen() const;
  void erase_unseen();
  void insert_new();

  Reading& reading_;
  model::RowBatch rows_;
};

}  // namespace engine::capture
