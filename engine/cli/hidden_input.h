// A password typed at a terminal.
#pragma once

#include <termios.h>

namespace engine::cli {

/// What is typed at stdin is not shown while it lives; where that is no terminal nothing happens. Whatever ends the program meanwhile
/// (Ctrl-C, a signal) leaves a terminal that shows again.
class HiddenInput {
 public:
  HiddenInput();
  ~HiddenInput();
  HiddenInput(const HiddenInput&) = delete;
  HiddenInput& operator=(const HiddenInput&) = delete;

 private:
  bool is_terminal_ = false;
};

}  // namespace engine::cli
