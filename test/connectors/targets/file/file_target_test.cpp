#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>

#include "connectors/targets/file/file_target.h"
#include "engine/base/error.h"

using namespace engine::model;
namespace fs = std::filesystem;

namespace {
std::atomic<int> folders_synced = 0;
}

/// Stands before that of the C library, to see whose names are on disk.
extern "C" int fsync(int file) {
  struct stat what {};
  if (::fstat(file, &what) == 0 && S_ISDIR(what.st_mode)) ++folders_synced;
  return static_cast<int>(::syscall(SYS_fsync, file));
}

namespace {

struct Folder {
  fs::path path = fs::temp_directory_path() / ("datapicker-file-test-" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  fs::path file() const { return path / "out.jsonl"; }
  std::string text() const {
    std::ifstream in(file());
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
  }
  std::unique_ptr<Target> target() const {
    engine::settings::TargetConnection connection;
    connection.path = file();
    return connectors::targets::file::make_file_target(connection);
  }
};

Call line(const std::string& key, CallKind kind = CallKind::upsert) {
  Call call;
  call.kind = kind;
  call.object = "customer";
  call.match = {{"code", FieldScalar(std::string("C001"))}};
  call.fields = {{"address.city", FieldScalar(std::string("Roma"))}};
  call.idempotency_key = key;
  call.comment = "a \"comment\"";
  return call;
}

std::string write(Target& target, const Call& call) {
  std::promise<std::string> outcome;
  target.send(target.prepare({&call, 1}),
              [&](std::vector<CallAnswer> answers) { outcome.set_value(std::string(name_of(answers.at(0).outcome))); });
  return outcome.get_future().get();
}

std::string shown(const std::string& key) {
  return R"({"idempotency_key":")" + key +
         R"(","op":"upsert","object":"customer","match":{"code":"C001"},"fields":{"address":{"city":"Roma"}}})" + "\n";
}

}  // namespace

TEST_CASE("each call is one JSON line with its key, operation and values") {
  Folder folder;
  const auto target = folder.target();
  CHECK(write(*target, line("k-1")) == "delivered");
  CHECK(write(*target, line("k-2", CallKind::delete_)) == "delivered");
  CHECK(write(*target, line("k-3", CallKind::comment)) == "delivered");
  CHECK(
      folder.text() ==
      shown("k-1") + R"({"idempotency_key":"k-2","op":"delete","object":"customer","match":{"code":"C001"}})" + "\n" +
          R"({"idempotency_key":"k-3","op":"comment","object":"customer","match":{"code":"C001"},"text":"a \"comment\""})" +
          "\n");
}

TEST_CASE("a key that is in the file is not written again, after a restart neither") {
  Folder folder;
  {
    const auto target = folder.target();
    CHECK(write(*target, line("k-1")) == "delivered");
    CHECK(write(*target, line("k-1")) == "duplicate");
  }
  const auto target = folder.target();
  CHECK(write(*target, line("k-1")) == "duplicate");
  CHECK(write(*target, line("k-2")) == "delivered");
  CHECK(folder.text() == shown("k-1") + shown("k-2"));
}

TEST_CASE("a torn last line is cut, and its change is written again whole") {
  Folder folder;
  for (const std::string& torn : {shown("k-2").substr(0, 30), std::string(200'000, 'x'), std::string("{")}) {
    std::ofstream(folder.file(), std::ios::trunc) << shown("k-1") << torn;
    const auto target = folder.target();
    CHECK(write(*target, line("k-2")) == "delivered");
    CHECK(folder.text() == shown("k-1") + shown("k-2"));
  }
  std::ofstream(folder.file(), std::ios::trunc) << "only a torn line";
  CHECK(write(*folder.target(), line("k-1")) == "delivered");
  CHECK(folder.text() == shown("k-1"));
}

TEST_CASE("a file that was moved away is begun anew") {
  Folder folder;
  const auto target = folder.target();
  write(*target, line("k-1"));
  fs::rename(folder.file(), folder.path / "out.jsonl.1");
  CHECK(write(*target, line("k-2")) == "delivered");
  CHECK(folder.text() == shown("k-2"));
}

TEST_CASE("a write that fails half way leaves whole lines and is tried later") {
  Folder folder;
  const auto target = folder.target();
  CHECK(write(*target, line("k-1")) == "delivered");
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{shown("k-1").size() + 20, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string outcome = write(*target, line("k-2"));
  setrlimit(RLIMIT_FSIZE, &before);
  CHECK(outcome == "retry_later");
  CHECK(folder.text() == shown("k-1"));
  CHECK(write(*target, line("k-2")) == "delivered");
  CHECK(folder.text() == shown("k-1") + shown("k-2"));
}

TEST_CASE("a folder that is not there is tried later") {
  Folder folder;
  const auto target = folder.target();
  fs::remove_all(folder.path);
  CHECK(write(*target, line("k-1")) == "retry_later");
  fs::create_directories(folder.path);
  CHECK(write(*target, line("k-1")) == "delivered");
}

TEST_CASE("stop writes what waits and answers it; later calls are not sent") {
  Folder folder;
  const auto target = folder.target();
  const Call call = line("k-1");
  std::atomic<int> answered = 0;
  for (int i = 0; i < 200; ++i) {
    const Call each = line("k-" + std::to_string(i));
    target->send(target->prepare({&each, 1}), [&](std::vector<CallAnswer>) { ++answered; });
  }
  target->stop();
  CHECK(answered == 200);
  const std::string text = folder.text();
  CHECK(std::count(text.begin(), text.end(), '\n') == 200);
  CHECK(write(*target, line("k-late")) == "retry_later");
}

TEST_CASE("the name of a new file is on disk before its first line counts as delivered") {
  const Folder folder;
  const auto target = folder.target();
  const int before = folders_synced;
  CHECK(write(*target, line("j-1-1")) == "delivered");
  CHECK(folders_synced == before + 1);
  CHECK(write(*target, line("j-1-2")) == "delivered");
  CHECK(folders_synced == before + 1);
}
