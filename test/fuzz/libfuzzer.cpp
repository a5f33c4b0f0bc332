// The way in for libFuzzer, which has a main of its own.
#include <cstddef>
#include <cstdint>

#include "engine/base/log.h"
#include "test/fuzz/fuzzed.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  engine::set_log_level(engine::LogLevel::error);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::take({reinterpret_cast<const char*>(data), size});
  return 0;
}
