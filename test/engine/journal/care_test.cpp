#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "engine/base/text/durations.h"
#include "engine/journal/connection.h"
#include "engine/journal/migrations.h"
#include "test/engine/journal/temporary_journal.h"

namespace engine::journal::test {

namespace {

std::string file_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Tables with their columns, and indexes with theirs: what a program that reads a journal depends on.
std::string shape_of(const std::filesystem::path& path) {
  Connection connection(path.string(), Connection::Mode::read_write);
  std::string shape;
  for (const char* sql :
       {"SELECT t.name || '.' || c.cid || ' ' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || "
        "ifnull(c.dflt_value, '-') || ' ' || c.pk FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = "
        "'table' ORDER BY t.name, c.cid",
        "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"}) {
    Statement row = connection.prepare(sql);
    while (row.step()) shape += std::string(row.text(0)) + "\n";
  }
  return shape;
}

}  // namespace

TEST_CASE("a journal of version 1 becomes what the schema says, with everything that was in it") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "new");
  Journal::open({.path = folder.path() / "new" / "journal.db"});
  {
    std::ofstream(folder.journal()).close();
    Connection old(folder.journal().string(), Connection::Mode::read_write);
    old.execute(file_text(SOURCE_DIR "/test/golden/journal/schema_v1.sql"));
    old.execute("INSERT INTO journal VALUES ('0123456789abcdef0123456789abcdef', 1, '0.1')");
    old.execute("INSERT INTO source_table (name) VALUES ('anacli')");
  }
  {
    const auto journal = Journal::open({.path = folder.journal()});
    CHECK(journal->id() == "0123456789abcdef0123456789abcdef");
    CHECK(journal->read()->tables.find("anacli"));
    CHECK(journal->read()->pauses.all().empty());
  }
  CHECK(shape_of(folder.journal()) == shape_of(folder.path() / "new" / "journal.db"));
}

TEST_CASE("a journal of version 2 becomes what the schema says, its deliveries included") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "new");
  Journal::open({.path = folder.path() / "new" / "journal.db"});
  {
    std::ofstream(folder.journal()).close();
    Connection old(folder.journal().string(), Connection::Mode::read_write);
    old.execute(file_text(SOURCE_DIR "/test/golden/journal/schema_v2.sql"));
    old.execute("INSERT INTO journal (id, created_ms, created_by) VALUES ('0123456789abcdef0123456789abcdef', 1, '0.2')");
    old.execute(
        "INSERT INTO delivery (pipeline_id, key, cycle_id, first_seq, last_seq, connection, object, match, effect, policy, "
        "mapping, state, created_ms, updated_ms) VALUES (1, '[\"C001\"]', 1, 1, 1, 'crm', 'ticket', '{}', 'present', "
        "'latest', '', 'pending', 1, 1)");
  }
  {
    const auto journal = Journal::open({.path = folder.journal()});
    const auto kept = journal->read()->deliveries.find(1);
    REQUIRE(kept);
    CHECK(kept->key == "[\"C001\"]");
    CHECK_FALSE(kept->look_ups);
  }
  CHECK(shape_of(folder.journal()) == shape_of(folder.path() / "new" / "journal.db"));
}

TEST_CASE("a record knows to whom it refers: a parent with another id, and the deletes that come before the parent's") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  journal->write([](Records& records) {
    const auto parents = records.pipelines.ensure("companies", 1, 0).id;
    const auto children = records.pipelines.ensure("contacts", 2, 0).id;
    Deliveries& deliveries = records.deliveries;
    deliveries.put_look_ups(children, "[7]", {{parents, "[\"C001\"]", "100"}});
    deliveries.put_look_ups(children, "[8]", {{parents, "[\"C001\"]", "100"}, {parents, "[\"C002\"]", "200"}});
    deliveries.outdate_look_ups(parents, "[\"C001\"]", "100");
    CHECK(deliveries.outdated(children, 10).empty());
    deliveries.outdate_look_ups(parents, "[\"C001\"]", "101");
    CHECK(deliveries.outdated(children, 10) == std::vector<std::string>{"[7]", "[8]"});
    deliveries.put_look_ups(children, "[8]", {{parents, "[\"C001\"]", "101"}});
    deliveries.settle_outdated(children, "[7]");
    CHECK(deliveries.outdated(children, 10).empty());

    CHECK(deliveries.deletes_of_children(parents, "[\"C001\"]", 10).empty());
    Delivery gone;
    gone.pipeline_id = children;
    gone.key = "[8]";
    gone.match = "{}";
    gone.present = false;
    deliveries.plan(gone);
    const auto awaited = deliveries.deletes_of_children(parents, "[\"C001\"]", 10);
    REQUIRE(awaited.size() == 1);
    CHECK(awaited[0] == Awaited{children, "contacts", "[8]"});
    CHECK(deliveries.deletes_of_children(parents, "[\"C002\"]", 10).empty());
  });
}

TEST_CASE("a pause keeps who asked for it first") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  journal->write([](Records& records) {
    CHECK(records.pauses.put({PauseKind::pipeline, "customers", "anna", "price list is being changed", 5}));
    CHECK_FALSE(records.pauses.put({PauseKind::pipeline, "customers", "ben", "", 6}));
    CHECK(records.pauses.put({PauseKind::table, "customers", "ben", "", 7}));
  });
  const auto pauses = journal->read()->pauses.all();
  REQUIRE(pauses.size() == 2);
  CHECK(pauses[0].actor == "anna");
  CHECK(pauses[0].reason == "price list is being changed");
  journal->write([](Records& records) {
    CHECK(records.pauses.remove(PauseKind::pipeline, "customers", 8));
    CHECK_FALSE(records.pauses.remove(PauseKind::pipeline, "customers", 9));
  });
  CHECK(journal->read()->pauses.all().size() == 1);
}

TEST_CASE("a pause holds what is pending together with itself, and its end lets go what no other pause covers") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  std::int64_t to_crm = 0, to_shop = 0, elsewhere = 0;
  journal->write([&](Records& records) {
    const auto plan = [&](const std::string& pipeline, const std::string& connection) {
      const std::int64_t id = records.pipelines.ensure(pipeline, 1, 0).id;
      return records.deliveries.plan({.pipeline_id = id, .key = "[1]", .connection = connection, .object = "o", .match = "{}", .fields = "{}"});
    };
    to_crm = plan("customers", "crm");
    to_shop = plan("prices", "shop");
    elsewhere = plan("orders", "crm");
  });
  const auto states = [&] {
    auto records = journal->read();
    std::string text;
    for (const std::int64_t id : {to_crm, to_shop, elsewhere}) text += std::string(name_of(records->deliveries.find(id)->state)) + " ";
    return text;
  };
  const auto pause = [&](PauseKind kind, const std::string& name) {
    journal->write([&](Records& records) { records.pauses.put({kind, name, "anna", "", 5}); });
  };
  const auto resume = [&](PauseKind kind, const std::string& name) {
    journal->write([&](Records& records) { records.pauses.remove(kind, name, 9); });
  };
  pause(PauseKind::pipeline, "customers");
  CHECK(states() == "held pending pending ");
  pause(PauseKind::connection, "crm");
  CHECK(states() == "held pending held ");
  resume(PauseKind::pipeline, "customers");
  CHECK(states() == "held pending held ");
  pause(PauseKind::instance, "");
  CHECK(states() == "held held held ");
  resume(PauseKind::connection, "crm");
  CHECK(states() == "held held held ");
  pause(PauseKind::table, "customers");
  pause(PauseKind::pipeline, "prices");
  resume(PauseKind::instance, "");
  CHECK(states() == "pending held pending ");
  resume(PauseKind::pipeline, "prices");
  CHECK(states() == "pending pending pending ");
}

TEST_CASE("the audit gives the newest entries in order") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  journal->write([](Records& records) {
    for (int i = 1; i <= 3; ++i) records.audit.record({0, i, "anna", "pause", "{}", "because", "{}"});
  });
  const auto entries = journal->read()->audit.newest(2);
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].at_ms == 2);
  CHECK(entries[1].at_ms == 3);
}

namespace {

constexpr std::int64_t now_ms = 1'764'000'000'000;  // when change_of captures

/// A change captured `days` ago, with a delivery in `state` that covers it.
std::int64_t plan_old(Records& records, const std::string& key, std::int64_t days, DeliveryState state) {
  model::Change change = change_of(1, key, "{}");
  change.captured_ms = now_ms - days * day_ms;
  Delivery delivery;
  delivery.pipeline_id = 1;
  delivery.key = key;
  delivery.first_seq = delivery.last_seq = records.changes.append(change);
  delivery.connection = "shop";
  delivery.object = "customers";
  delivery.match = "{\"code\":" + key + "}";
  delivery.fields = "{}";
  delivery.state = state;
  delivery.created_ms = delivery.updated_ms = change.captured_ms;
  const std::int64_t id = records.deliveries.plan(delivery);
  Attempt attempt;
  attempt.delivery_id = id;
  attempt.step = "upsert";
  attempt.started_ms = change.captured_ms;
  attempt.request = "{}";
  records.deliveries.start_attempt(attempt);
  return delivery.last_seq;
}

void sweep_all(Journal& journal, std::int64_t before_ms, std::int64_t mapped_to) {
  Sweep sweep;
  while (!sweep.done) {
    journal.write([&](Records& records) { records.retention.step(sweep, {before_ms, now_ms}, {{1, mapped_to}}, 2); });
  }
}

}  // namespace

TEST_CASE("a sweep takes what is old and finished, and leaves what waits, is a person's, or is not mapped yet") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  std::map<std::string, std::int64_t> seq;
  journal->write([&](Records& records) {
    const auto table = records.tables.ensure("anacli");
    records.pipelines.ensure("customers", table.id, 0);
    seq["finished"] = plan_old(records, "[1]", 40, DeliveryState::delivered);
    seq["skipped"] = plan_old(records, "[2]", 39, DeliveryState::skipped);
    seq["dead"] = plan_old(records, "[3]", 38, DeliveryState::dead);
    seq["uncertain"] = plan_old(records, "[4]", 37, DeliveryState::uncertain);
    seq["held"] = plan_old(records, "[5]", 36, DeliveryState::held);
    seq["young"] = plan_old(records, "[6]", 2, DeliveryState::delivered);
    model::Change unmapped = change_of(1, "[7]", "{}");
    unmapped.captured_ms = now_ms - 35 * day_ms;
    seq["unmapped"] = records.changes.append(unmapped);
  });
  sweep_all(*journal, now_ms - 30 * day_ms, seq["young"]);
  auto reader = journal->read();
  for (const char* gone : {"finished", "skipped"}) CHECK_FALSE(reader->changes.find(seq[gone]));
  for (const char* kept : {"dead", "uncertain", "held", "young", "unmapped"}) {
    CAPTURE(kept);
    CHECK(reader->changes.find(seq[kept]));
  }
  CHECK(reader->deliveries.of_key(1, "[1]", 10).empty());
  CHECK(reader->deliveries.attempts(1).empty());
  CHECK(reader->deliveries.of_key(1, "[3]", 10).size() == 1);
  CHECK(reader->deliveries.attempts(3).size() == 1);
  CHECK(reader->changes.last_seq() == seq["unmapped"]);
}

TEST_CASE("a clock that was a year ahead for a while keeps nothing from being swept") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  std::int64_t future = 0, old = 0, young = 0;
  journal->write([&](Records& records) {
    const auto table = records.tables.ensure("anacli");
    records.pipelines.ensure("customers", table.id, 0);
    future = plan_old(records, "[1]", -365, DeliveryState::delivered);
    old = plan_old(records, "[2]", 40, DeliveryState::delivered);
    young = plan_old(records, "[3]", 2, DeliveryState::delivered);
  });
  sweep_all(*journal, now_ms - 30 * day_ms, young);
  auto reader = journal->read();
  CHECK(reader->changes.find(future));
  CHECK_FALSE(reader->changes.find(old));
  CHECK(reader->changes.find(young));
  CHECK(reader->deliveries.of_key(1, "[2]", 10).empty());
  CHECK(reader->retention.oldest_change_ms(now_ms) == now_ms - 2 * day_ms);
}

TEST_CASE("positions stay valid when all changes before them are gone") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  std::int64_t seq = 0;
  journal->write([&](Records& records) {
    const auto table = records.tables.ensure("anacli");
    records.pipelines.ensure("customers", table.id, 0);
    seq = plan_old(records, "[1]", 40, DeliveryState::delivered);
  });
  sweep_all(*journal, now_ms, seq);
  journal->write([&](Records& records) {
    CHECK(records.changes.last_seq() == seq);
    CHECK(records.changes.append(change_of(1, "[1]", "{}")) == seq + 1);
  });
}

TEST_CASE("a journal that is behind its epoch is a restored one: another identity, paused, what was last sent unknown") {
  const TemporaryFolder folder;
  std::string id;
  {
    const auto journal = Journal::open({.path = folder.journal()});
    id = journal->id();
    journal->write([](Records& records) {
      records.tables.ensure("anacli");
      records.deliveries.put_last_sent({.pipeline_id = 1, .key = "[1]", .connection = "shop", .object = "o", .match = "{}",
                                        .fields = "{}", .live = true, .mapping = "m", .sent_ms = 1});
    });
  }
  std::filesystem::copy_file(folder.journal(), folder.path() / "copy.db");
  { CHECK(Journal::open({.path = folder.journal()})->id() == id); }
  std::filesystem::copy_file(folder.path() / "copy.db", folder.journal(), std::filesystem::copy_options::overwrite_existing);
  const auto restored = Journal::open({.path = folder.journal()});
  CHECK(restored->id() != id);
  CHECK(restored->read()->restored.since_ms());
  CHECK(restored->read()->pauses.all().size() == 1);
  const auto sent = restored->read()->deliveries.last_sent(1, "[1]");
  REQUIRE(sent);
  CHECK_FALSE(sent->fields);
  CHECK(sent->live);
  restored->write([](Records& records) { records.restored.finish(false, 1); });
  CHECK_FALSE(restored->read()->restored.since_ms());
}

TEST_CASE("a copy of the very run is known once the epoch was counted up") {
  const TemporaryFolder folder;
  {
    const auto journal = Journal::open({.path = folder.journal()});
    journal->write([](Records& records) { records.tables.ensure("anacli"); });
    journal->back_up(folder.path() / "plain.db", [](std::int64_t, std::int64_t) { return true; });
    journal->advance_epoch();
  }
  Connection((folder.path() / "plain.db").string(), Connection::Mode::read_write).execute("UPDATE journal SET copied_ms = NULL");
  std::filesystem::copy_file(folder.path() / "plain.db", folder.journal(), std::filesystem::copy_options::overwrite_existing);
  CHECK(Journal::open({.path = folder.journal()})->read()->restored.since_ms());
}

TEST_CASE("a backup made while others write is whole, and known as a copy wherever it is opened") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  journal->write([](Records& records) {
    records.tables.ensure("anacli");
    for (int i = 0; i < 5'000; ++i) records.changes.append(change_of(1, "[" + std::to_string(i) + "]", std::string(400, 'x')));
  });
  std::int64_t steps = 0;
  journal->back_up(folder.path() / "copy.db", [&](std::int64_t done, std::int64_t total) {
    CHECK(done <= total);
    ++steps;
    journal->write([](Records& records) { records.changes.append(change_of(1, "[0]", "{}")); });
    return true;
  });
  CHECK(steps > 1);
  Connection copy((folder.path() / "copy.db").string(), Connection::Mode::read_write);
  Statement sound = copy.prepare("PRAGMA integrity_check");
  REQUIRE(sound.step());
  CHECK(sound.text(0) == "ok");
  Statement rows = copy.prepare("SELECT count(*), (SELECT copied_ms IS NOT NULL FROM journal) FROM change");
  REQUIRE(rows.step());
  CHECK(rows.integer(0) >= 5'000);
  CHECK(rows.integer(1) == 1);
}

TEST_CASE("a backup that is stopped leaves nothing behind") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  CHECK(code_thrown_by([&] {
          journal->back_up(folder.path() / "copy.db", [](std::int64_t, std::int64_t) { return false; });
        }) == ErrorCode::stopped);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    CHECK_FALSE(entry.path().filename().string().starts_with("copy.db"));
  }
}

}  // namespace engine::journal::test
