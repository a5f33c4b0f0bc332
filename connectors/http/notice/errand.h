// One libcurl handle for one blocking call: short limits, ended when the daemon stops.
#pragma once

#include <string>

#include "engine/base/blocking.h"

namespace connectors::http {

/// Used by one thread, for one call.
class Errand {
 public:
  /// `protocols` is all that the URL may ask for.
  Errand(const std::string& url, const char* protocols, const std::string& ca, const engine::StopSignal& stop);
  ~Errand();
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;

  void* handle() const { return handle_; }
  /// Returns the answer's status. Throws target_unreachable with libcurl's reason; nothing of the URL, which may be a secret.
  long run();

 private:
  static int on_progress(void* self, std::int64_t, std::int64_t, std::int64_t, std::int64_t);
  static std::size_t ignore_body(char*, std::size_t size, std::size_t count, void*);

  void* handle_;
  const engine::StopSignal& stop_;
};

}  // namespace connectors::http
