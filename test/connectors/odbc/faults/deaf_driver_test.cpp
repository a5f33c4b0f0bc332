// Calls of a driver that come back neither in time nor when they are cancelled.
#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>

#include "connectors/catalog/catalog.h"
#include "connectors/odbc/bound/driver_thread.h"
#include "connectors/catalog/inquiries.h"
#include "connectors/odbc/target/odbc_target.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/threads/leavable_thread.h"
#include "test/connectors/odbc/faults/scene.h"

using engine::LeavableThread;
using odbc_test::Lines;
using odbc_test::Rows;
using odbc_test::Scene;
using namespace engine::model;

namespace {

int left_behind(const char* connection = Scene::connection_name) { return LeavableThread::left_behind(connection); }

/// Calls that were let go come back on threads of their own. The limit is for failures only.
bool come_true(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  return condition();
}

/// The scene's table as a target.
struct Writing {
  static constexpr const char* name = "shop";

  Writing() {
    connection.name = name;
    connection.database.odbc = scene.connection.odbc;
    connection.database.dialect = scene.dialect;
    connection.timeout_ms = scene.connection.query_timeout_ms;
    connection.database.connect_timeout_ms = scene.connection.connect_timeout_ms;
    target = new_target();
  }
  std::unique_ptr<Target> new_target() const { return connectors::odbc::make_odbc_target(connection); }

  std::future<std::vector<CallAnswer>> send(CallKind kind, int key) {
    Call call;
    call.kind = kind;
    call.object = "customers";
    call.match = {{"k", std::int64_t{key}}};
    call.fields = call.changed_fields = {{"name", std::string("Rossi")}};
    auto answers = std::make_shared<std::promise<std::vector<CallAnswer>>>();
    target->send(target->prepare({&call, 1}), [answers](std::vector<CallAnswer> given) { answers->set_value(std::move(given)); });
    return answers->get_future();
  }
  std::string outcome(CallKind kind, int key) { return std::string(name_of(send(kind, key).get().at(0).outcome)); }
  int rows_of(int key) {
    engine::model::RowBatch rows;
    const TableRequest table{.from = "customers", .key = {"k"}};
    const SourceKey wanted{{std::to_string(key)}};
    return scene.source->open_keys(table, scene.source->describe(table), {&wanted, 1})->next(rows) ? static_cast<int>(rows.rows()) : 0;
  }

  Scene scene{Rows::in_arrays};
  engine::settings::TargetConnection connection;
  std::unique_ptr<Target> target;
};

}  // namespace

TEST_CASE("a call that does not hear SQLCancel is left behind, and the next cycle tells what it would have told") {
  for (const Rows rows : {Rows::in_arrays, Rows::one_by_one}) {
    Scene scene(rows);
    for (const std::string call : {"connect", "prepare", "execute", "fetch", "data", "close"}) {
      if (rows == Rows::in_arrays && call == "data") continue;
      CAPTURE(call);
      const std::int64_t before = scene.last_seq();
      const Lines wanted = scene.edit();
      if (call == "connect" || call == "prepare") scene.source->close();
      scene.break_at(call, 1, "deaf");
      CHECK(scene.cycle() == "source.unreachable");
      CHECK(Scene::struck());
      CHECK(scene.message().find("did not come back") != std::string::npos);
      CHECK(left_behind() == 1);
      // The driver is still in it, and another connection is made beside it.
      while (scene.cycle() != "quiet") {
      }
      CHECK(scene.changes_after(before) == wanted);
      CHECK(scene.images() == 40);
      scene.break_at("", 0, "");
      CHECK(come_true([] { return left_behind() == 0; }));
    }
  }
}

TEST_CASE("a connection of which four calls never came back makes no more, until one comes back") {
  Scene scene(Rows::in_arrays);
  const Lines wanted = scene.edit();
  for (int call = 1; call <= 4; ++call) {
    scene.break_at("execute", 1, "deaf");
    CHECK(scene.cycle() == "source.unreachable");
    CHECK(left_behind() == call);
  }
  CHECK(scene.cycle() == "source.unreachable");
  CHECK(scene.message().find("4 calls of its driver never came back") != std::string::npos);
  CHECK(left_behind() == 4);
  scene.break_at("", 0, "");
  CHECK(come_true([] { return left_behind() == 0; }));
  CHECK(scene.cycle() == "3");
}

TEST_CASE("where four calls never came back one is tried now and then") {
  Scene scene(Rows::in_arrays);
  for (int call = 1; call <= 4; ++call) {
    scene.break_at("execute", 1, "deaf");
    CHECK(scene.cycle() == "source.unreachable");
  }
  using namespace std::chrono_literals;
  connectors::odbc::CallLimits limits{.connection = Scene::connection_name, .patience = 60s, .trial_after = 60min};
  CHECK_THROWS_WITH_AS(connectors::odbc::DriverThread{limits}, doctest::Contains("only one is made in 60 minutes"), engine::Error);
  limits.trial_after = 0ms;
  CHECK(connectors::odbc::DriverThread{limits}.run([] { return 7; }) == 7);
  scene.break_at("", 0, "");
  CHECK(come_true([] { return left_behind() == 0; }));
}

TEST_CASE("who asks a condition is answered that nobody knows, and a daemon ends though the driver does not come back") {
  Scene scene(Rows::in_arrays);
  const auto inquiries = connectors::catalog::make_inquiries(
      {{Scene::connection_name, [&] { return connectors::catalog::make_inquirer(scene.connection, scene.dialect); }}}, engine::system_clock());
  const auto ask = [&] {
    auto reply = std::make_shared<std::promise<engine::model::Reply>>();
    inquiries->ask({.connection = Scene::connection_name, .sql = "SELECT 1"}, [reply](engine::model::Reply said) { reply->set_value(std::move(said)); });
    return reply->get_future();
  };
  scene.break_at("execute", 1, "deaf");
  CHECK(ask().get().problem.find("did not come back") != std::string::npos);
  CHECK(left_behind() == 1);
  scene.break_at("", 0, "");
  CHECK(come_true([] { return left_behind() == 0; }));
  engine::settings::SourceConnection patient = scene.connection;
  patient.query_timeout_ms = patient.connect_timeout_ms = 3'600'000;
  const auto waiting = connectors::catalog::make_inquiries(
      {{Scene::connection_name, [&] { return connectors::catalog::make_inquirer(patient, scene.dialect); }}}, engine::system_clock());
  scene.break_at("execute", 1, "deaf");
  waiting->ask({.connection = Scene::connection_name, .sql = "SELECT 1"}, [](const engine::model::Reply&) {});
  CHECK(come_true([] { return Scene::struck(); }));
  waiting->stop();
  CHECK(left_behind() == 1);
  scene.break_at("", 0, "");
  CHECK(come_true([] { return left_behind() == 0; }));
}

TEST_CASE("a write that does not come back is sent again, and what it had begun is never committed") {
  Writing writing;
  for (const char* call : {"connect", "prepare", "execute"}) {
    CAPTURE(call);
    writing.target = writing.new_target();
    writing.scene.break_at(call, 1, "late");
    CHECK(writing.outcome(CallKind::upsert, 900) == "retry_later");
    CHECK(Scene::struck());
    CHECK(left_behind(Writing::name) == 1);
    writing.scene.break_at("", 0, "");
    CHECK(come_true([] { return left_behind(Writing::name) == 0; }));
    CHECK(writing.rows_of(900) == 0);
  }
  CHECK(writing.outcome(CallKind::upsert, 900) == "delivered");
  CHECK(writing.rows_of(900) == 1);
}

TEST_CASE("a COMMIT that does not come back may have been one: what may not be repeated is uncertain") {
  Writing writing;
  int key = 900;
  for (const CallKind kind : {CallKind::upsert, CallKind::create}) {
    writing.scene.break_at("commit", 1, "late");
    CHECK(writing.outcome(kind, ++key) == (kind == CallKind::create ? "uncertain" : "retry_later"));
    writing.scene.break_at("", 0, "");
    CHECK(come_true([] { return left_behind(Writing::name) == 0; }));
    CHECK(writing.rows_of(key) == 1);
  }
}

TEST_CASE("a target ends though a write does not come back, and its record is answered for") {
  Writing writing;
  writing.connection.timeout_ms = writing.connection.database.connect_timeout_ms = 3'600'000;
  writing.target = writing.new_target();
  writing.scene.break_at("execute", 1, "late");
  auto answer = writing.send(CallKind::upsert, 900);
  CHECK(come_true([] { return Scene::struck(); }));
  writing.target->stop();
  CHECK(std::string(name_of(answer.get().at(0).outcome)) == "retry_later");
  writing.scene.break_at("", 0, "");
  CHECK(come_true([] { return left_behind(Writing::name) == 0; }));
  CHECK(writing.rows_of(900) == 0);
}

TEST_CASE("a source that is let go while the driver is in a call leaves the call behind, and the call harms nobody when it comes back") {
  Scene scene(Rows::in_arrays);
  scene.break_at("fetch", 1, "deaf");
  CHECK(scene.cycle() == "source.unreachable");
  scene.source.reset();
  CHECK(left_behind() == 1);
  scene.break_at("", 0, "");
  CHECK(come_true([] { return left_behind() == 0; }));
}

TEST_CASE("who reads is not kept by a call when reading is to end") {
  Scene scene(Rows::in_arrays);
  scene.break_at("fetch", 1, "deaf");
  std::string ended;
  std::thread reader([&] { ended = scene.cycle(); });
  CHECK(come_true([] { return Scene::struck(); }));
  LeavableThread::stop_waiting(Scene::connection_name);
  reader.join();
  CHECK(ended == "stopped");
  scene.break_at("", 0, "");
  CHECK(come_true([] { return left_behind() == 0; }));
}
