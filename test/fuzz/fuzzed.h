// What each program of this folder is made of: one function that takes any bytes, and stops the program when something is not as promised.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "engine/base/error.h"

namespace fuzz {

/// One input. Returns when all that was promised of it held; Error is what bad input is refused with, so it stays inside.
void take(std::string_view input);

inline void demand(bool holds, std::string_view promise) {
  if (holds) return;
  fmt::print(stderr, "not kept: {}\n", promise);
  std::abort();
}

/// Runs `act`; true when it was not refused. Any other exception ends the program.
template <class Act>
bool taken(Act act) {
  try {
    act();
    return true;
  } catch (const engine::Error& error) {
    demand(error.what()[0] != '\0', "a refusal says why");
    return false;
  }
}

/// The part of `input` up to the first zero byte, which is cut off with it; the whole where there is none.
inline std::string_view next_part(std::string_view& input) {
  const std::string_view part = input.substr(0, input.find('\0'));
  input.remove_prefix(part.size() == input.size() ? part.size() : part.size() + 1);
  return part;
}

}  // namespace fuzz
