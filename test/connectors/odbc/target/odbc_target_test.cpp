// The same cases over each database: what is written is there, exactly; what is refused is refused alone.
#include "connectors/odbc/target/odbc_target.h"

#include <future>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "test/connectors/odbc/database.h"

using namespace engine::model;
using engine::settings::WrittenTable;
using odbc_test::Cell;
using odbc_test::Database;
using odbc_test::Row;

namespace {

engine::settings::TargetConnection connection_to(const Database& db) {
  engine::settings::TargetConnection connection;
  connection.name = "warehouse";
  connection.database.odbc = db.connection().odbc;
  connection.database.dialect = db.dialect();
  connection.database.connect_timeout_ms = 3000;
  return connection;
}

/// A target and the calls it is sent, each waited for.
class Written {
 public:
  explicit Written(const engine::settings::TargetConnection& connection) : target_(connectors::odbc::make_odbc_target(connection)) {}
  explicit Written(const Database& db) : Written(connection_to(db)) {}
  ~Written() { target_->stop(); }

  std::vector<CallAnswer> send(const std::vector<Call>& calls) {
    PreparedCall prepared = target_->prepare(calls);
    prepared.ready.reset();  // as after a crash: the text alone must do
    std::promise<std::vector<CallAnswer>> answers;
    target_->send(prepared, [&answers](std::vector<CallAnswer> given) { answers.set_value(std::move(given)); });
    return answers.get_future().get();
  }
  CallAnswer send(const Call& call) { return send(std::vector{call}).at(0); }
  std::string outcome(const Call& call) { return std::string(name_of(send(call).outcome)); }

 private:
  std::unique_ptr<Target> target_;
};

Call call(CallKind kind, std::int64_t key, FieldMap fields = {}, const std::string& table = "w") {
  Call made;
  made.kind = kind;
  made.object = table;
  made.match = {{"k", key}};
  made.changed_fields = made.fields = std::move(fields);
  made.idempotency_key = fmt::format("journal-1-{}-0", key);
  return made;
}

Call upsert(std::int64_t key, FieldMap fields) { return call(CallKind::upsert, key, std::move(fields)); }

std::string reason_of(const CallAnswer& answer) {
  const auto* permanent = std::get_if<Permanent>(&answer.outcome);
  return permanent == nullptr ? std::string(name_of(answer.outcome)) : permanent->reason;
}

std::vector<Row> rows(const Database& db, const std::string& columns = "*", const std::string& table = "w") {
  const auto source = db.source();
  auto all = odbc_test::read_whole(*source, {"", fmt::format("SELECT {} FROM {}", columns, table), {"k"}, {}});
  std::sort(all.begin(), all.end());
  return all;
}

bool holds(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("every type arrives exactly, is updated in place and cleared by null") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    const bool pg = db->is("postgresql");
    db->create("w", fmt::format("k BIGINT PRIMARY KEY, name VARCHAR(60), credit DECIMAL(22,2), rate {}, day DATE, at {}, raw {}, yes {}, memo {}",
                                pg ? "double precision" : "DOUBLE", pg ? "TIMESTAMP" : "DATETIME(3)", pg ? "BYTEA" : "BLOB",
                                pg ? "BOOLEAN" : "TINYINT", db->is("mariadb") ? "LONGTEXT" : "TEXT"));
    Written target(*db);
    const std::string longer(300'000, 'x');
    // SQLite has no exact decimals: beyond 15 digits its columns round.
    const std::string credit = db->is("sqlite") ? "1234567.5" : "12345678901234567890.12";
    const FieldMap fields{{"name", std::string("D'Oro \"& Figli\" € 日本")}, {"credit", credit},
                          {"rate", 0.1}, {"day", std::string("2026-11-22")}, {"at", std::string("2026-11-22 10:11:12.5")},
                          {"raw", std::string("AP8nXA==")}, {"yes", true}, {"memo", longer}};
    CHECK(reason_of(target.send(upsert(1, fields))) == "delivered");
    const auto columns = "k, name, credit, rate, yes, memo";
    REQUIRE(rows(*db, columns).size() == 1);
    CHECK(rows(*db, columns)[0] == Row{"1", "D'Oro \"& Figli\" € 日本", credit, "0.1", "1", longer});
    CHECK(rows(*db, "k, day")[0][1]->starts_with("2026-11-22"));
    CHECK(rows(*db, "k, at")[0][1]->starts_with("2026-11-22 10:11:12.5"));
    CHECK(rows(*db, "k, raw")[0][1] == std::string("\x00\xff'\\", 4));
    CHECK(target.outcome(upsert(1, {{"name", std::string("")}, {"credit", FieldScalar{}}, {"rate", std::int64_t{3}}, {"yes", false}, {"raw", FieldScalar{}}, {"day", FieldScalar{}}})) == "delivered");
    CHECK(rows(*db, "k, name, credit, rate, yes, raw")[0] == Row{"1", "", std::nullopt, "3", "0", std::nullopt});
  }
}

TEST_CASE("rows that travel together arrive as each would alone, whatever stands beside them") {
  const char* const credits[] = {"0.5", "-12345678901.25", "7", "1000000"};
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    const bool pg = db->is("postgresql");
    const std::string columns = fmt::format("k BIGINT PRIMARY KEY, name VARCHAR(60), credit DECIMAL(22,2), rate {}, day DATE, at {}, raw {}, yes {}, memo {}, small INTEGER",
                                            pg ? "double precision" : "DOUBLE", pg ? "TIMESTAMP" : "DATETIME(3)", pg ? "BYTEA" : "BLOB",
                                            pg ? "BOOLEAN" : "TINYINT", db->is("mariadb") ? "LONGTEXT" : "TEXT");
    db->create("w", columns);
    db->create("alone", columns);
    std::vector<Call> together;
    for (int i = 0; i < 40; ++i) {
      const auto or_null = [i](int every, FieldScalar value) { return i % every == 0 ? FieldScalar{} : std::move(value); };
      // One too long for an array stands in the middle, and what comes behind it has fewer fields.
      FieldMap fields{{"name", or_null(5, std::string(static_cast<std::size_t>(i % 7), 'x') + (i % 2 == 0 ? "€ 日本" : ""))},
                      {"credit", or_null(6, std::string(credits[i % 4]))},
                      {"rate", or_null(7, 0.125 * i)},
                      {"day", or_null(8, std::string("2026-11-22"))},
                      {"at", or_null(9, std::string("2026-11-22 10:11:12.5"))},
                      {"raw", or_null(4, std::string(i % 2 == 0 ? "AP8nXA==" : "AA=="))},
                      {"yes", or_null(10, i % 3 == 0)},
                      {"small", or_null(3, std::int64_t{i} - 20)}};
      if (i < 30) fields["memo"] = std::string(i == 20 ? 20'000 : static_cast<std::size_t>(i), 'm');
      together.push_back(upsert(i + 1, fields));
    }
    Written target(*db);
    for (const CallAnswer& answer : target.send(together)) CHECK(reason_of(answer) == "delivered");
    for (const Call& each : together) CHECK(target.outcome(call(CallKind::upsert, std::get<std::int64_t>(std::get<FieldScalar>(each.match.at("k"))), each.fields, "alone")) == "delivered");
    CHECK(rows(*db).size() == 40);
    CHECK(rows(*db) == rows(*db, "*", "alone"));
  }
}

TEST_CASE("a server's own types take the text that it reads itself") {
  for (const auto& db : odbc_test::databases()) {
    if (db->is("sqlite")) continue;
    CAPTURE(db->kind());
    const bool pg = db->is("postgresql");
    db->create("w", pg ? "k UUID PRIMARY KEY, data JSONB, address INET, at TIMESTAMPTZ, fixed CHAR(6), small SMALLINT, took INTERVAL, kinds TEXT[]"
                       : "k UUID PRIMARY KEY, data JSON, address INET6, at TIMESTAMP, fixed CHAR(6), small SMALLINT UNSIGNED, took TIME, kinds SET('a','b')");
    Written target(*db);
    for (int repeat = 0; repeat < 2; ++repeat) {
      Call made = call(CallKind::upsert, 0, {{"data", std::string(R"({"a": [1, "€"]})")}, {"address", std::string("::1")},
                                             {"at", std::string("2026-11-22 10:00:00")}, {"fixed", std::string("C1")}, {"small", std::string("7")},
                                             {"took", std::string("10:20:30")}, {"kinds", std::string(pg ? "{a,b}" : "a,b")}});
      made.match = {{"k", std::string("0f4e1f06-7b1a-4f6a-9d3b-2f6c1a2b3c4d")}};
      CHECK(reason_of(target.send(made)) == "delivered");
    }
    CHECK(db->ask("SELECT count(*) FROM w") == "1");
    CHECK(db->ask("SELECT small FROM w WHERE fixed = 'C1'") == "7");
    CHECK(holds(db->ask("SELECT took FROM w"), "10:20:30"));
  }
}

TEST_CASE("of a batch only what the database refuses is refused, with its column") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("w", "k BIGINT PRIMARY KEY, name VARCHAR(20) NOT NULL, credit DECIMAL(12,2)");
    Written target(*db);
    std::vector<Call> batch;
    for (int key = 1; key <= 5; ++key) batch.push_back(upsert(key, {{"name", fmt::format("n{}", key)}}));
    batch[1].fields["name"] = FieldScalar{};
    batch[2].fields["nmae"] = std::string("x");
    batch[3].fields["credit"] = std::string("a lot");
    const auto answers = target.send(batch);
    REQUIRE(answers.size() == 5);
    CHECK(reason_of(answers[0]) == "delivered");
    CHECK(holds(reason_of(answers[1]), "column 'name'"));
    CHECK(holds(reason_of(answers[2]), "did you mean 'name'?"));
    CHECK(holds(reason_of(answers[3]), "column 'credit' takes decimal"));
    CHECK(reason_of(answers[4]) == "delivered");
    CHECK(rows(*db, "k, name") == std::vector<Row>{{"1", "n1"}, {"5", "n5"}});
  }
}

TEST_CASE("without a unique key on the match a row is updated all the same, and never doubled") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("w", "k BIGINT NOT NULL, name VARCHAR(20)");
    Written target(*db);
    for (const char* name : {"a", "b", "b"}) CHECK(target.outcome(upsert(1, {{"name", std::string(name)}})) == "delivered");
    CHECK(target.outcome(upsert(2, {})) == "delivered");
    CHECK(target.outcome(upsert(2, {})) == "delivered");
    CHECK(rows(*db) == std::vector<Row>{{"1", "b"}, {"2", std::nullopt}});
    db->run("INSERT INTO w VALUES (1, 'by hand')");
    CHECK(holds(reason_of(target.send(upsert(1, {{"name", std::string("c")}}))), "2 rows"));
    CHECK(holds(reason_of(target.send(call(CallKind::delete_, 1))), "2 rows"));
    CHECK(rows(*db).size() == 3);
  }
}

TEST_CASE("a value that another row has under a second unique key is refused, and that row stays as it is") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("w", "k BIGINT PRIMARY KEY, mail VARCHAR(40) UNIQUE, name VARCHAR(20)");
    Written target(*db);
    CHECK(target.outcome(upsert(1, {{"mail", std::string("a@x")}, {"name", std::string("one")}})) == "delivered");
    CHECK(target.outcome(upsert(2, {{"mail", std::string("a@x")}, {"name", std::string("two")}})) == "permanent");
    CHECK(rows(*db) == std::vector<Row>{{"1", "a@x", "one"}});
  }
}

TEST_CASE("a new match value moves the row, whether or not it was there") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("w", "k BIGINT PRIMARY KEY, name VARCHAR(20)");
    Written target(*db);
    CHECK(target.outcome(upsert(1, {{"name", std::string("a")}})) == "delivered");
    for (int repeat = 0; repeat < 2; ++repeat) {
      CHECK(target.outcome(upsert(1, {{"k", std::int64_t{9}}, {"name", std::string("b")}})) == "delivered");
      CHECK(rows(*db) == std::vector<Row>{{"9", "b"}});
    }
  }
}

TEST_CASE("create, update and delete say what was there") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("w", "k BIGINT PRIMARY KEY, name VARCHAR(20)");
    Written target(*db);
    const CallAnswer absent = target.send(call(CallKind::update, 1, {{"name", std::string("a")}}));
    CHECK(std::get<Permanent>(absent.outcome).missing);
    CHECK(target.outcome(call(CallKind::create, 1, {{"name", std::string("a")}})) == "delivered");
    CHECK(target.outcome(call(CallKind::create, 1, {{"name", std::string("b")}})) == "permanent");
    for (int repeat = 0; repeat < 2; ++repeat) CHECK(target.outcome(call(CallKind::update, 1, {{"name", std::string("c")}})) == "delivered");
    CHECK(rows(*db) == std::vector<Row>{{"1", "c"}});
    for (int repeat = 0; repeat < 2; ++repeat) CHECK(target.outcome(call(CallKind::delete_, 1)) == "delivered");
    CHECK(rows(*db).empty());
  }
}

TEST_CASE("a border table gets a row for each call, and none twice") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("w", "k BIGINT, name VARCHAR(20), op VARCHAR(10), dp_key VARCHAR(100)");
    auto connection = connection_to(*db);
    connection.database.tables["w"] = WrittenTable{.appends = true, .idempotency_column = "dp_key", .operation_column = "op"};
    Written target(connection);
    Call second = upsert(1, {{"name", std::string("b")}});
    second.idempotency_key = "journal-1-2-0";
    CHECK(target.outcome(upsert(1, {{"name", std::string("a")}})) == "delivered");
    CHECK(target.outcome(upsert(1, {{"name", std::string("a")}})) == "duplicate");
    CHECK(target.outcome(second) == "delivered");
    Call gone = call(CallKind::delete_, 1);
    gone.idempotency_key = "journal-1-3-0";
    CHECK(target.outcome(gone) == "delivered");
    CHECK(rows(*db, "k, name, op") == std::vector<Row>{{"1", std::nullopt, "delete"}, {"1", "a", "upsert"}, {"1", "b", "upsert"}});
  }
}

TEST_CASE("a column that was added meanwhile is known after a look") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    db->create("w", "k BIGINT PRIMARY KEY");
    Written target(*db);
    CHECK(target.outcome(upsert(1, {})) == "delivered");
    db->run("DROP TABLE w");
    db->create("w", "k BIGINT PRIMARY KEY, name VARCHAR(20)");
    // The old description lacks the column: the refused record itself makes the table be described anew.
    target.send(call(CallKind::create, 1, {}, "no_such_table"));
    CHECK(target.outcome(upsert(1, {{"name", std::string("a")}})) == "delivered");
  }
}

TEST_CASE("a server that is not there is waited for, a refused login stops the connection") {
  for (const auto& db : odbc_test::databases()) {
    CAPTURE(db->kind());
    auto connection = connection_to(*db);
    std::string odbc = db->connection().odbc.reveal();
    const auto with = [&odbc](const std::string& key, const std::string& value) {
      std::string text = odbc;
      const std::size_t at = text.find(key + "=") + key.size() + 1;
      return engine::Secret(text.replace(at, text.find(';', at) - at, value));
    };
    connection.database.odbc = db->is("sqlite") ? with("Database", "/tmp/no/such/folder/erp.db") : with("Port", "1");
    const CallAnswer away = Written(connection).send(upsert(1, {}));
    CHECK(std::holds_alternative<RetryLater>(away.outcome));
    CHECK_FALSE(away.any_byte_sent);
    if (db->is("sqlite")) continue;
    connection.database.odbc = with("PWD", "wrong-Pa55word");
    const CallAnswer refused = Written(connection).send(upsert(1, {}));
    REQUIRE(std::holds_alternative<Permanent>(refused.outcome));
    CHECK(std::get<Permanent>(refused.outcome).auth);
    CHECK_FALSE(holds(reason_of(refused), "wrong-Pa55word"));
  }
}

TEST_CASE("a connection that the server closed meanwhile costs no try") {
  for (const auto& db : odbc_test::databases()) {
    if (db->is("sqlite")) continue;
    CAPTURE(db->kind());
    db->create("w", "k BIGINT PRIMARY KEY");
    Written target(*db);
    CHECK(target.outcome(upsert(1, {})) == "delivered");
    if (db->is("postgresql")) {
      db->run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()");
    } else {
      const std::string id = db->ask(fmt::format("SELECT max(id) FROM information_schema.processlist WHERE user = 'datapicker' AND id <> {}", db->ask("SELECT connection_id()")));
      db->run("KILL " + id);
    }
    CHECK(target.outcome(upsert(2, {})) == "delivered");
    CHECK(rows(*db).size() == 2);
  }
}

TEST_CASE("a row that somebody else keeps locked is waited for no longer than the timeout says") {
  for (const auto& db : odbc_test::databases()) {
    if (db->is("sqlite")) continue;
    CAPTURE(db->kind());
    db->create("w", "k BIGINT PRIMARY KEY, name VARCHAR(20)");
    db->run("INSERT INTO w VALUES (1, 'a')");
    db->run("BEGIN");
    db->run("UPDATE w SET name = 'locked' WHERE k = 1");
    auto connection = connection_to(*db);
    connection.timeout_ms = 1000;
    const CallAnswer answer = Written(connection).send(upsert(1, {{"name", std::string("b")}}));
    db->run("ROLLBACK");
    CHECK(name_of(answer.outcome) == "retry_later");
    CHECK(rows(*db) == std::vector<Row>{{"1", "a"}});
  }
}
