// What is kept of tokens: sealed, whole after any kill, and of use to nobody without the key.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "connectors/http/auth/jwt_signature.h"
#include "connectors/http/auth/seal.h"
#include "connectors/http/auth/token_file.h"
#include "engine/base/error.h"
#include "test/connectors/http/support/rehearsal.h"

using namespace connectors::http;
using engine::Secret;
using engine::settings::TokenKeeping;

namespace {

constexpr const char* key = "0123456789abcdef0123456789abcdef";

TokenKeeping keeping(const test_http::TemporaryFolder& folder, const std::string& secret) {
  return {folder.path() / "tokens", Secret(secret)};
}

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void save(const TokenFile& file, const std::string& token) {
  const TokenFile::Lock lock = file.try_lock();
  REQUIRE(lock.is_held());
  file.save({"origin", token, "access", 42});
}

}  // namespace

TEST_CASE("what is sealed opens with its secret in its place, and not after a single bit has changed") {
  const std::string text = sealed(key, "tokens/crm", "a refresh token");
  CHECK(opened(key, "tokens/crm", text) == "a refresh token");
  CHECK(sealed(key, "tokens/crm", "a refresh token") != text);
  CHECK_FALSE(opened(key, "tokens/erp", text).has_value());
  CHECK_FALSE(opened("0123456789abcdef0123456789abcdeF", "tokens/crm", text).has_value());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CAPTURE(i);
    CHECK(opened(key, "tokens/crm", changed) != "a refresh token");
  }
  for (const char* broken : {"", "AAAA", "not base64!", "AAA"}) CHECK_FALSE(opened(key, "tokens/crm", broken).has_value());
}

TEST_CASE("tokens come back as they were saved; with a key nothing of them is readable") {
  test_http::TemporaryFolder folder;
  for (const char* secret : {"", key}) {
    const TokenFile file(keeping(folder, secret), std::string("crm") + secret);
    CHECK_FALSE(file.load().has_value());
    save(file, "first-refresh-token");
    save(file, "second-refresh-token");
    const auto kept = file.load();
    REQUIRE(kept);
    CHECK(kept->refresh_token == "second-refresh-token");
    CHECK(kept->access_token == "access");
    CHECK(kept->access_ends_ms == 42);
    CHECK((text_of(file.path()).find("second-refresh-token") == std::string::npos) == (*secret != '\0'));
  }
}

TEST_CASE("a file that was plain is sealed at the next save, and a sealed one is of no use without its key") {
  test_http::TemporaryFolder folder;
  save(TokenFile(keeping(folder, ""), "crm"), "first-refresh-token");
  const TokenFile sealing(keeping(folder, key), "crm");
  CHECK(sealing.load().value().refresh_token == "first-refresh-token");
  save(sealing, "second-refresh-token");
  CHECK_THROWS_AS(TokenFile(keeping(folder, ""), "crm").load(), engine::Error);
  CHECK_THROWS_AS(TokenFile(keeping(folder, "another key of enough bytes"), "crm").load(), engine::Error);
  CHECK_THROWS_AS(TokenFile(keeping(folder, "short"), "crm"), engine::Error);
}

TEST_CASE("a kill between writing and renaming leaves the older tokens, and the next save goes on") {
  test_http::TemporaryFolder folder;
  const TokenFile file(keeping(folder, ""), "crm");
  save(file, "first-refresh-token");
  std::ofstream(file.path().string() + ".new") << "datapicker tokens 1 plain\n{\"refresh_tok";
  CHECK(file.load().value().refresh_token == "first-refresh-token");
  save(file, "second-refresh-token");
  CHECK(file.load().value().refresh_token == "second-refresh-token");
}

TEST_CASE("one at a time holds the lock") {
  test_http::TemporaryFolder folder;
  const TokenFile file(keeping(folder, ""), "crm");
  {
    const TokenFile::Lock lock = file.try_lock();
    CHECK(lock.is_held());
    CHECK_FALSE(file.try_lock().is_held());
    CHECK(TokenFile(keeping(folder, ""), "erp").try_lock().is_held());
  }
  CHECK(file.try_lock().is_held());
}

TEST_CASE("base64 of tokens has neither padding nor what a URL would have to escape") {
  CHECK(base64url("\xfb\xff\xfe?") == "-__-Pw");
}
