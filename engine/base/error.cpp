#include "engine/base/error.h"

#include <cstdio>
#include <cstdlib>

namespace engine {

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::source_unreachable: return "source.unreachable";
    case ErrorCode::source_refused: return "source.refused";
    case ErrorCode::source_busy: return "source.busy";
    case ErrorCode::source_schema_changed: return "source.schema_changed";
    case ErrorCode::source_bad_data: return "source.bad_data";
    case ErrorCode::journal_full: return "journal.full";
    case ErrorCode::journal_failed: return "journal.failed";
    case ErrorCode::journal_locked: return "journal.locked";
    case ErrorCode::target_unreachable: return "target.unreachable";
    case ErrorCode::target_auth_refused: return "target.auth_refused";
    case ErrorCode::config_invalid: return "config.invalid";
    case ErrorCode::environment_missing: return "environment.missing";
    case ErrorCode::stopped: return "stopped";
  }
  invariant_broken(__FILE__, __LINE__, "unknown error code");
}

std::optional<ErrorCode> error_code_named(std::string_view name) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::stopped); ++code) {
    if (name_of(static_cast<ErrorCode>(code)) == name) return static_cast<ErrorCode>(code);
  }
  return std::nullopt;
}

Error::Error(ErrorCode code, const std::string& message, Context context, std::string hint)
    : std::runtime_error(message), code_(code), context_(std::move(context)), hint_(std::move(hint)) {}

Error& Error::with(std::string name, std::string value) {
  context_.emplace_back(std::move(name), std::move(value));
  return *this;
}

void invariant_broken(const char* file, int line, const char* text) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, text);
  std::abort();
}

}  // namespace engine
