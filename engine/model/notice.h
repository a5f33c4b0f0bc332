// The seam to where people are told: a mail server, a chat's webhook.
#pragma once

#include <string>

#include "engine/base/blocking.h"

namespace engine::model {

/// One thing worth telling. Holds no secret.
struct Notice {
  std::string id;       ///< the same at every try: a mail's Message-ID
  std::string subject;  ///< one line of ASCII
  std::string text;     ///< UTF-8, some lines
  std::string json;     ///< the same for programs; its `text` is what chats show
};

/// Used by one thread at a time.
class NoticeChannel {
 public:
  virtual ~NoticeChannel() = default;
  /// "mail edp@example.com", "webhook chat.example.com": for logs; stable over restarts.
  virtual const std::string& name() const = 0;
  /// Blocks for some seconds at most, and no longer than until `stop`. Throws target_unreachable when the other side did
  /// not take it.
  virtual void tell(const Notice& notice, const StopSignal& stop) = 0;
};

}  // namespace engine::model
