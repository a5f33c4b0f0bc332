// TLS against the openssl program as the server, with certificates made on the spot.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "test/connectors/http/support/target_under_test.h"
#include "test/support/http_stub.h"

using namespace engine::model;
using namespace engine::settings;
using namespace test_http;
namespace fs = std::filesystem;

namespace {

struct Certificates {
  fs::path folder = fs::temp_directory_path() / ("datapicker-tls-test-" + std::to_string(::getpid()));
  Certificates() {
    fs::create_directories(folder);
    make("server", "IP:127.0.0.1");
    make("other", "DNS:elsewhere.example");
    make("client", "DNS:client.example");
  }
  ~Certificates() { fs::remove_all(folder); }
  std::string file(const std::string& name) const { return (folder / name).string(); }
  void make(const std::string& name, const std::string& subject) const {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + name +
        " -addext subjectAltName=" + subject + " -keyout " + file(name + ".key") + " -out " + file(name + ".pem") +
        " 2>/dev/null";
    REQUIRE(std::system(command.c_str()) == 0);
  }
};

/// `openssl s_server -www`: answers every GET with a page of its own.
class TlsServer {
 public:
  TlsServer(const Certificates& certificates, const std::string& name, bool wants_client) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const std::string cert = certificates.file(name + ".pem"), key = certificates.file(name + ".key"),
                      ca = certificates.file("client.pem");
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      if (std::freopen("/dev/null", "r", stdin) == nullptr || std::freopen("/dev/null", "w", stderr) == nullptr)
        ::_exit(126);
      // A null pointer ends the arguments.
      const char* verify = wants_client ? "-Verify" : nullptr;
      ::execlp("openssl", "openssl", "s_server", "-www", "-accept", "127.0.0.1:0", "-cert", cert.c_str(), "-key",
               key.c_str(), "-CAfile", ca.c_str(), "-verify_return_error", verify, "1", nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    FILE* output = ::fdopen(ends[0], "r");
    char line[256];
    while (std::fgets(line, sizeof line, output) != nullptr && std::sscanf(line, "ACCEPT 127.0.0.1:%d", &port_) != 1) {
    }
    output_ = output;
    REQUIRE(port_ > 0);
  }
  ~TlsServer() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    std::fclose(output_);
  }
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }

 private:
  pid_t process_ = -1;
  int port_ = 0;
  FILE* output_ = nullptr;
};

CallAnswer ask(const std::string& url, const TlsOptions& tls, std::int64_t timeout_ms = 10'000) {
  TargetConnection connection = shipped_connection(
      "webhook",
      "requests: { upsert: { method: PUT, path: /c }, find: { method: GET, path: /, items: /items, id: /id } }");
  connection.tls = tls;
  connection.timeout_ms = timeout_ms;
  return answer_to(*target_of(connection, url), customer(CallKind::find));
}

std::string reason(const CallAnswer& answer) {
  const auto* retry = std::get_if<RetryLater>(&answer.outcome);
  return retry == nullptr ? "" : retry->reason;
}

}  // namespace

TEST_CASE("a certificate is believed only when its authority and its name are right") {
  const Certificates certificates;
  const TlsServer server(certificates, "server", false);
  CHECK(ask(server.url(), {.ca = certificates.file("server.pem")}).status == 200);
  const CallAnswer untrusted = ask(server.url(), {});
  CHECK(untrusted.status == 0);
  CHECK_FALSE(untrusted.any_byte_sent);
  CHECK(reason(untrusted).starts_with("TLS: the server's certificate is not trusted"));
  const CallAnswer no_file = ask(server.url(), {.ca = "/nonexistent.pem"});
  CHECK(reason(no_file).starts_with("TLS: the file under tls.ca cannot be used"));

  const TlsServer elsewhere(certificates, "other", false);
  const CallAnswer wrong_name = ask(elsewhere.url(), {.ca = certificates.file("other.pem")});
  CHECK(wrong_name.status == 0);
  CHECK(reason(wrong_name).starts_with("TLS: the server's certificate is not trusted"));
}

TEST_CASE("a client certificate opens a server that asks for one") {
  const Certificates certificates;
  const TlsServer server(certificates, "server", true);
  CHECK(ask(server.url(), {.ca = certificates.file("server.pem")}).status == 0);
  CHECK(ask(server.url(), {.ca = certificates.file("server.pem"),
                           .certificate = certificates.file("client.pem"),
                           .key = certificates.file("client.key")})
            .status == 200);
}

TEST_CASE("a server that does not speak TLS is told as such, and got no request") {
  test_support::HttpStub stub;
  const CallAnswer answer = ask("https://127.0.0.1:" + std::to_string(stub.port()), {}, 300);
  CHECK(answer.status == 0);
  CHECK_FALSE(answer.any_byte_sent);
  CHECK(stub.requests().empty());
}
