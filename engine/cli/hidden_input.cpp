#include "engine/cli/hidden_input.h"

#include <signal.h>
#include <unistd.h>

#include <array>

namespace engine::cli {

namespace {

constexpr std::array ending_signals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/// Seen by the handler, which may be called at any moment: set before it is installed.
termios shown_before{};
std::array<struct sigaction, ending_signals.size()> actions_before{};

/// The terminal first; then the signal does what it does without us.
void show_and_end(int number) {
  tcsetattr(STDIN_FILENO, TCSANOW, &shown_before);
  signal(number, SIG_DFL);
  raise(number);
}

}  // namespace

HiddenInput::HiddenInput() : is_terminal_(tcgetattr(STDIN_FILENO, &shown_before) == 0) {
  if (!is_terminal_) return;
  struct sigaction ends {};
  ends.sa_handler = show_and_end;
  for (std::size_t i = 0; i < ending_signals.size(); ++i) sigaction(ending_signals[i], &ends, &actions_before[i]);
  termios hidden = shown_before;
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(STDIN_FILENO, TCSANOW, &hidden);
}

HiddenInput::~HiddenInput() {
  if (!is_terminal_) return;
  tcsetattr(STDIN_FILENO, TCSANOW, &shown_before);
  for (std::size_t i = 0; i < ending_signals.size(); ++i) sigaction(ending_signals[i], &actions_before[i], nullptr);
}

}  // namespace engine::cli
