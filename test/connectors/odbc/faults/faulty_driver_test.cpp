// A real table behind a driver that breaks at any call: the capture of it tells what changed once, and nothing else.
#include <doctest/doctest.h>

#include "connectors/odbc/session.h"
#include "test/connectors/odbc/faults/scene.h"

using odbc_test::Lines;
using odbc_test::Rows;
using odbc_test::Scene;

namespace {

/// The table changes, and the driver breaks in the cycle that reads it. False: there was no such call.
bool survives(Scene& scene, const std::string& call, int nth, const std::string& fault) {
  CAPTURE(call);
  CAPTURE(nth);
  CAPTURE(fault);
  const std::int64_t before = scene.last_seq();
  const Lines wanted = scene.edit();
  if (call == "connect") scene.source->close();
  scene.break_at(call, nth, fault);
  const std::string first = scene.cycle();
  CAPTURE(first);
  const bool struck = Scene::struck();
  scene.break_at("", 0, "");
  std::string last;
  for (int i = 0; i < 4 && last != "quiet"; ++i) last = scene.cycle();
  CHECK(last == "quiet");
  CHECK(scene.changes_after(before) == wanted);
  CHECK(scene.images() == 40);
  return struck;
}

}  // namespace

TEST_CASE("whatever a driver reports at whichever call, each change is told once and no row is taken for deleted") {
  int met = 0;
  for (const Rows rows : {Rows::in_arrays, Rows::one_by_one}) {
    Scene scene(rows);
    for (const char* fault : {"08S01", "08S01/2013", "HY018/1927", "40001", "HYT00", "HY000/5", "HY001", "42S02", "22018", "57014"}) {
      for (const char* call : {"connect", "describe", "prepare", "execute", "fetch", "data", "close"}) {
        for (const int nth : {1, 5}) met += survives(scene, call, nth, fault);
      }
    }
  }
  CHECK(met > 150);
}

TEST_CASE("a result that ends early, lies about its rows or holds nonsense fakes no change") {
  int met = 0;
  for (const Rows rows : {Rows::in_arrays, Rows::one_by_one}) {
    Scene scene(rows);
    for (const char* fault : {"end", "none", "too_many", "null", "garbage", "longer", "senseless"}) {
      for (const int nth : {1, 2, 3, 5, 8}) met += survives(scene, "fetch", nth, fault);
    }
  }
  CHECK(met > 50);
}

TEST_CASE("a driver that fetches rows and never says that it did fakes no end: nothing is taken for deleted") {
  Scene scene(Rows::in_arrays);
  const std::int64_t before = scene.last_seq();
  scene.break_at("fetch", 1, "never_any");
  CHECK(scene.cycle() == "source.bad_data");
  CHECK(scene.message().find("0 rows") != std::string::npos);
  scene.break_at("", 0, "");
  CHECK(scene.cycle() == "quiet");
  CHECK(scene.changes_after(before).empty());
}

TEST_CASE("a connection that is given up in the middle of a transaction is closed, and holds no lock") {
  Scene scene(Rows::in_arrays);
  {
    connectors::odbc::Session session(scene.connection, scene.dialect, connectors::odbc::SessionUse::log);
    session.run("UPDATE customers SET credit = 0", "changing rows");
  }
  const Lines wanted = scene.edit();
  const std::int64_t before = scene.last_seq();
  scene.cycle();
  CHECK(scene.changes_after(before) == wanted);
}

TEST_CASE("a fetch that hangs is cancelled, and the next cycle tells what it would have told") {
  Scene scene(Rows::in_arrays);
  for (const int nth : {1, 3}) CHECK(survives(scene, "fetch", nth, "hang"));
}
