// One state of the database to read from.
#pragma once

#include "engine/base/error.h"
#include "engine/model/source.h"

namespace engine::capture {

/// While one lives, all is read of one state of the database, where the source can.
class View {
 public:
  explicit View(model::Source& source) : source_(source), open_(source.open_view()) {}
  ~View() {
    try {
      if (open_) source_.close_view();
    } catch (const Error&) {
      // The connection is gone, and the view with it: the next statement says so.
    }
  }
  View(const View&) = delete;
  View& operator=(const View&) = delete;
  bool is_open() const { return open_; }

 private:
  model::Source& source_;
  bool open_;
};

}  // namespace engine::capture
