// The tokens of one connection, kept beside the journal: `tokens/NAME`, 0600, always whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "engine/settings/connection_definition.h"

namespace connectors::http {

/// What a restart must not lose: a refresh token may be good for one use only.
struct KeptTokens {
  std::string origin;  ///< digest of the configured refresh token from which these descend
  std::string refresh_token;
  std::string access_token;
  std::int64_t access_ends_ms = 0;  ///< wall clock; 0: not told
};

/// Sealed (auth/seal.h) when there is a key, else plain text. A file that was written plain is read, and sealed at the
/// next save.
class TokenFile {
 public:
  TokenFile(const engine::settings::TokenKeeping& keeping, const std::string& connection);

  /// Keeps other processes away from the tokens, until it goes. Not taken: another one holds it.
  class Lock {
   public:
    Lock() = default;
    Lock(Lock&& other) noexcept;
    Lock& operator=(Lock&& other) noexcept;
    ~Lock();
    bool is_held() const { return file_ >= 0; }

   private:
    friend class TokenFile;
    int file_ = -1;
  };
  /// Throws Error environment_missing when the folder cannot be made or written.
  Lock try_lock() const;

  /// nullopt: none are kept. Throws Error config_invalid for a file that is damaged, or sealed under another key;
  /// environment_missing for one that cannot be read.
  std::optional<KeptTokens> load() const;
  /// On disk, under its name, when it returns. Throws Error environment_missing; then the older ones are still there.
  void save(const KeptTokens& tokens) const;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::string place_;  ///< what a seal is bound to
  engine::Secret key_;
};

}  // namespace connectors::http
