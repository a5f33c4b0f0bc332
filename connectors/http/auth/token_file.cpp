#include "connectors/http/auth/token_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "connectors/http/auth/seal.h"
#include "engine/base/error.h"

namespace connectors::http {

namespace json = boost::json;
using engine::Error;
using engine::ErrorCode;

namespace {

constexpr std::string_view plain_head = "datapicker tokens 1 plain\n";
constexpr std::string_view sealed_head = "datapicker tokens 1 aes-256-gcm\n";
/// HKDF spreads what is in a secret, it adds nothing: a password would be found by trying.
constexpr std::size_t key_bytes_min = 16;

[[noreturn]] void fail(const std::filesystem::path& path, const char* what) {
  const int cause = errno;
  throw Error(ErrorCode::environment_missing, fmt::format("{} cannot be {}: {}", path.string(), what, std::strerror(cause)),
              {{"file", path.string()}}, "The daemon's user must be able to write the folder of the journal.");
}

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why) {
  throw Error(ErrorCode::config_invalid, fmt::format("the tokens in {} {}", path.string(), why), {{"file", path.string()}},
              "give the token_key they were written under, or authorise anew and remove the file");
}

/// A descriptor that is closed in any case; failures name the path.
class File {
 public:
  File(const std::filesystem::path& path, int flags) : path_(path), file_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    if (file_ < 0) fail(path_, "opened");
  }
  ~File() { close(file_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void write_all(std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = write(file_, text.data(), text.size());
      if (written < 0 && errno != EINTR) fail(path_, "written");
      if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void sync() {
    if (fsync(file_) != 0) fail(path_, "written to disk");
  }

 private:
  const std::filesystem::path path_;
  const int file_;
};

std::string text_of(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

KeptTokens tokens_of(const std::string& text, const std::filesystem::path& path) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) refuse(path, "are not as they were written");
  const json::object& object = value.get_object();
  const json::value* ends = object.if_contains("access_ends_ms");
  return {.origin = text_of(object, "origin"),
          .refresh_token = text_of(object, "refresh_token"),
          .access_token = text_of(object, "access_token"),
          .access_ends_ms = ends != nullptr && ends->is_int64() ? ends->get_int64() : 0};
}

}  // namespace

TokenFile::TokenFile(const engine::settings::TokenKeeping& keeping, const std::string& connection)
    : path_(keeping.folder / connection), place_("tokens/" + connection), key_(keeping.key) {
  if (!key_.empty() && key_.reveal().size() < key_bytes_min) {
    throw Error(ErrorCode::config_invalid, "the systemd credential token_key has less than 16 bytes", {},
                "make one with: head -c 32 /dev/urandom | base64");
  }
}

TokenFile::Lock::Lock(Lock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
TokenFile::Lock& TokenFile::Lock::operator=(Lock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}
TokenFile::Lock::~Lock() {
  if (file_ >= 0) close(file_);
}

TokenFile::Lock TokenFile::try_lock() const {
  const std::filesystem::path folder = path_.parent_path();
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) fail(folder, "made");
  const std::filesystem::path path = path_.string() + ".lock";
  Lock lock;
  lock.file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock.file_ < 0) fail(path, "opened");
  // A lock of the open file: two targets of one process exclude each other as well, and a killed process holds none.
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  if (fcntl(lock.file_, F_OFD_SETLK, &range) == 0) return lock;
  if (errno != EAGAIN && errno != EACCES) fail(path, "locked");
  return {};
}

std::optional<KeptTokens> TokenFile::load() const {
  std::ifstream file(path_, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    fail(path_, "read");
  }
  std::ostringstream stream;
  stream << file.rdbuf();
  const std::string text = stream.str();
  if (text.starts_with(plain_head)) return tokens_of(text.substr(plain_head.size()), path_);
  if (!text.starts_with(sealed_head)) refuse(path_, "are not as they were written");
  if (key_.empty()) refuse(path_, "are sealed, and the systemd credential token_key is not given");
  std::string body = text.substr(sealed_head.size());
  if (body.ends_with('\n')) body.pop_back();
  const auto plain = opened(key_.reveal(), place_, body);
  if (!plain) refuse(path_, "are sealed under another token_key, or were changed");
  return tokens_of(*plain, path_);
}

void TokenFile::save(const KeptTokens& tokens) const {
  const std::string plain = json::serialize(json::object{{"origin", tokens.origin},
                                                         {"refresh_token", tokens.refresh_token},
                                                         {"access_token", tokens.access_token},
                                                         {"access_ends_ms", tokens.access_ends_ms}});
  const std::filesystem::path fresh = path_.string() + ".new";
  // One left by a kill between writing and renaming is of no use: whoever holds the lock writes it whole.
  unlink(fresh.c_str());
  {
    File file(fresh, O_WRONLY | O_CREAT | O_EXCL);
    file.write_all(key_.empty() ? plain_head : sealed_head);
    file.write_all(key_.empty() ? plain : sealed(key_.reveal(), place_, plain));
    file.write_all("\n");
    file.sync();
  }
  if (rename(fresh.c_str(), path_.c_str()) != 0) fail(path_, "replaced");
  // A power cut must not bring the old name back: its refresh token may be used up.
  File(path_.parent_path(), O_RDONLY | O_DIRECTORY).sync();
}

}  // namespace connectors::http
