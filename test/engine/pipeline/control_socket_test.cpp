#include "engine/pipeline/control_socket.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "engine/base/error.h"

using namespace engine;
using namespace engine::pipeline;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/datapicker-socket-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

}  // namespace

TEST_CASE("a daemon answers on its socket and knows who asks") {
  const Folder folder;
  const auto journal = folder.path / "journal.db";
  const ControlSocket socket(control_socket_path(journal), [](std::string_view request, const Peer& peer, const TellProgress&) {
    return std::string(R"({"got":")") + std::string(request.substr(0, 4)) + R"(","uid":)" + std::to_string(peer.uid) + "}";
  });
  CHECK(ask_daemon(journal, "ping") == R"({"got":"ping","uid":)" + std::to_string(getuid()) + "}");
  CHECK(ask_daemon(journal, "again") == R"({"got":"agai","uid":)" + std::to_string(getuid()) + "}");
}

TEST_CASE("what the daemon refuses reaches the one who asked, with code and hint") {
  const Folder folder;
  const auto journal = folder.path / "journal.db";
  const ControlSocket socket(control_socket_path(journal), [](std::string_view, const Peer&, const TellProgress&) -> std::string {
    throw Error(ErrorCode::journal_full, "the disk is full", {}, "make room");
  });
  try {
    ask_daemon(journal, "x");
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::journal_full);
    CHECK(std::string(error.what()) == "the disk is full");
    CHECK(error.hint() == "make room");
  }
}

TEST_CASE("where no daemon runs, nobody answers; a socket left by a killed one is taken over") {
  const Folder folder;
  const auto journal = folder.path / "journal.db";
  CHECK_FALSE(ask_daemon(journal, "x"));
  { const ControlSocket socket(control_socket_path(journal), [](std::string_view, const Peer&, const TellProgress&) { return std::string("{}"); }); }
  CHECK_FALSE(std::filesystem::exists(control_socket_path(journal)));
  std::ofstream(control_socket_path(journal)) << "left behind";
  const ControlSocket socket(control_socket_path(journal), [](std::string_view, const Peer&, const TellProgress&) { return std::string("{}"); });
  CHECK(ask_daemon(journal, "x") == "{}");
  CHECK((std::filesystem::status(control_socket_path(journal)).permissions() & std::filesystem::perms::others_all) ==
        std::filesystem::perms::none);
}
