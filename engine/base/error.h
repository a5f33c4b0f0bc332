// The one exception of the engine: this attempt cannot go on. Outcomes that data or the other side may rightly cause
// are values (engine/model/outcome.h); bugs are assertions.
#pragma once

#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace engine {

/// Stable codes: documented, tested, never renamed. The supervisor's table says what follows each.
enum class ErrorCode {
  source_unreachable,     ///< connection lost or refused: back off, reopen at the checkpoint
  source_refused,         ///< permissions, missing table, bad SQL: alert, try again every 5 minutes
  source_busy,            ///< lock wait, deadlock, time-out of a statement: try again soon
  source_schema_changed,  ///< a column the table needs is missing or has another type: pause the table
  source_bad_data,        ///< a value that cannot be read exactly, a NULL or doubled key: stop the table, name the row
  journal_full,           ///< disk full: pause capture and sending until there is space
  journal_failed,         ///< any other journal error: stop the process
  journal_locked,         ///< another daemon holds the journal
  target_unreachable,     ///< retry
  target_auth_refused,    ///< pause the connection
  config_invalid,         ///< exit 2, all problems at once
  environment_missing,    ///< a driver, a secret, a file: exit 3
  stopped,                ///< the process is shutting down
};

/// "source.unreachable" and so on.
std::string_view name_of(ErrorCode code);

/// The code of that name; none for a name this program does not know.
std::optional<ErrorCode> error_code_named(std::string_view name);

/// What failed, where, and what to do about it. `what()` is the whole sentence a user reads, without the code.
class Error : public std::runtime_error {
 public:
  using Context = std::vector<std::pair<std::string, std::string>>;

  Error(ErrorCode code, const std::string& message, Context context = {}, std::string hint = {});

  ErrorCode code() const { return code_; }
  /// Where: {"pipeline","x"}, {"file","a.yaml:3:5"}, {"sqlstate","08001"}…
  const Context& context() const { return context_; }
  /// What to do; may be empty.
  const std::string& hint() const { return hint_; }
  /// Says where, as the error travels up through those who know it.
  Error& with(std::string name, std::string value);

 private:
  ErrorCode code_;
  Context context_;
  std::string hint_;
};

/// A broken invariant: writes file, line and text to stderr and aborts, in release builds as well.
[[noreturn]] void invariant_broken(const char* file, int line, const char* text);

}  // namespace engine

#define ENGINE_ASSERT(condition) ((condition) ? void(0) : ::engine::invariant_broken(__FILE__, __LINE__, #condition))
