// What really happened at the stub, one JSON line an effect, in the file before the answer leaves.
#pragma once

#include <string>
#include <string_view>

#include "test/support/stub_server/http_message.h"

namespace stub_server {

class EffectLog {
 public:
  /// Appends to `path`; an empty path logs nothing.
  explicit EffectLog(const std::string& path);
  ~EffectLog();
  EffectLog(const EffectLog&) = delete;
  EffectLog& operator=(const EffectLog&) = delete;

  /// `what`: "effect", "replay" (answered from memory) or "conflict" (a known key with another body). `id` of the record in
  /// lookup mode, else empty. {"time":ms.µs,"what":…,"method":…,"path":…,"key":…,"id":…,"body":…}
  void append(std::string_view what, const Request& request, std::string_view id);

 private:
  int file_ = -1;
};

}  // namespace stub_server
