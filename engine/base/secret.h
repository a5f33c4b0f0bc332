// A value that must not be seen: it prints as *** and registers itself with the redactor.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace engine {

/// Whoever copies it copies the value: it stays masked for good.
class Secret {
 public:
  Secret() = default;
  /// Registers `value` with `redact`.
  explicit Secret(std::string value);
  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

/// A secret that passes, as a session or a token: masked for as long as somebody holds it.
/// Holders of one value are counted: it is shown again when the last one is gone.
class PassingSecret {
 public:
  explicit PassingSecret(std::string value);
  ~PassingSecret();
  PassingSecret(PassingSecret&& other) noexcept : value_(std::exchange(other.value_, {})) {}
  PassingSecret& operator=(PassingSecret&&) = delete;

 private:
  std::string value_;
};

/// Registers a secret for masking, for good. Values shorter than 4 characters are not masked: they would hide everything.
void remember_secret(std::string_view value);

/// `text` with every registered secret replaced by `***`, also in the escapes of URLs, JSON and HTML, one inside the other, and in base64
/// (behind other bytes as well, as in basic authentication). Thread-safe.
std::string redact(std::string_view text);

}  // namespace engine
