#include <doctest/doctest.h>

#include "engine/pipeline/echo/comparable.h"
#include "engine/pipeline/echo/echo_watch.h"
#include "engine/pipeline/echo/written_tables.h"
#include "test/engine/pipeline/small_instance.h"

using namespace engine;
using namespace engine::pipeline;
using model::ColumnType;

namespace {

/// One pipeline writes the table `customer`, which it follows as well.
settings::Instance two_way() {
  settings::Instance instance;
  instance.sources["erp"].odbc = Secret("Driver=X;Server=db1;Port=5432;Database=erp;UID=reader;PWD=abcd1234");
  instance.targets["shop"].target.name = "odbc";
  instance.targets["shop"].database.odbc = Secret("Driver=X;Servername=DB1;UID=writer;PWD=efgh5678;Port=5432;Database=erp");
  instance.tables["customer"] = test::small_table("customer");
  instance.pipelines["to_shop"] = test::small_pipeline("to_shop");
  instance.pipelines["to_shop"].target.object = "public.Customer";
  return instance;
}

class Watched {
 public:
  Watched() : instance_(two_way()) { restart(); }

  void restart() {
    watch_ = std::make_unique<EchoWatch>(small.journal(), instance_, small.clock);
    journal::PipelineRow row = small.journal().read()->pipelines.find("to_shop").value();
    pipeline_id_ = row.id;
    watch_->start({{"to_shop", row}});
  }

  std::int64_t write(const std::string& code, const std::string& credit, journal::DeliveryState state = journal::DeliveryState::delivered) {
    journal::Delivery delivery;
    delivery.pipeline_id = pipeline_id_;
    delivery.key = "[\"source " + code + "\"]";
    delivery.connection = "shop";
    delivery.object = "customers";
    delivery.match = R"({"code":")" + code + R"("})";
    delivery.present = !credit.empty();
    if (delivery.present) delivery.fields = R"({"credit":)" + credit + "}";
    delivery.every_change = true;  // none is superseded here
    delivery.created_ms = delivery.updated_ms = small.clock.wall_ms();
    small.journal().write([&](journal::Records& records) {
      delivery.id = records.deliveries.plan(delivery);
      delivery.state = state;
      records.deliveries.update(delivery);
    });
    return delivery.id;
  }

  /// Whether the table's change to this is an echo.
  bool echoes(const std::string& code, const std::string& credit) {
    const auto image = test::image(code, "S", credit.empty() ? "0" : credit);
    const auto change = credit.empty() ? small.change(code, image, {}) : small.change(code, {}, image);
    watch_->look();
    CHECK(watch_->limit(change.table_id) == change.seq);
    return small.journal().read()->echoes.delivery_of(change.seq).has_value();
  }

  test::SmallJournal small;

 private:
  settings::Instance instance_;
  std::unique_ptr<EchoWatch> watch_;
  std::int64_t pipeline_id_ = 0;
};

}  // namespace

TEST_CASE("what a pipeline wrote comes back once; the same again is somebody else's") {
  Watched watched;
  watched.write("C1", "1.5");
  CHECK(watched.echoes("C1", "1.50"));
  CHECK_FALSE(watched.echoes("C1", "2.00"));
  CHECK_FALSE(watched.echoes("C1", "1.50"));
  CHECK_FALSE(watched.echoes("C2", "1.50"));
}

TEST_CASE("an older effect that is seen late is an echo as well, one that was overwritten is awaited no more") {
  Watched watched;
  watched.write("C1", "1");
  watched.write("C1", "2");
  CHECK(watched.echoes("C1", "1.00"));
  CHECK(watched.echoes("C1", "2.00"));
  watched.write("C1", "3");
  watched.write("C1", "4");
  CHECK(watched.echoes("C1", "4.00"));
  CHECK_FALSE(watched.echoes("C1", "3.00"));
}

TEST_CASE("what was refused or never sent has no echo, and a delete has one") {
  Watched watched;
  watched.write("C1", "1", journal::DeliveryState::dead);
  watched.write("C2", "1", journal::DeliveryState::skipped);
  CHECK_FALSE(watched.echoes("C1", "1.00"));
  CHECK_FALSE(watched.echoes("C2", "1.00"));
  watched.write("C3", "");
  CHECK_FALSE(watched.echoes("C3", "5.00"));
  CHECK(watched.echoes("C3", ""));
  CHECK_FALSE(watched.echoes("C3", ""));
}

TEST_CASE("a start knows what is awaited and what came back before") {
  Watched watched;
  watched.write("C1", "1");
  watched.write("C2", "1");
  CHECK(watched.echoes("C1", "1.00"));
  watched.restart();
  CHECK_FALSE(watched.echoes("C1", "1.00"));
  CHECK(watched.echoes("C2", "1.00"));
}

TEST_CASE("databases are the same by server, port and name; tables by name, and schema where both tell") {
  CHECK(is_same_database("DSN=erp;UID=a", "UID=b;dsn=ERP"));
  CHECK(is_same_database("Driver={A;B};Server=x;Database=e", "Driver=C;Host=X;DB=e"));
  CHECK_FALSE(is_same_database("Server=x;Database=e", "Server=x;Database=f"));
  CHECK_FALSE(is_same_database("Server=x;Port=1;Database=e", "Server=x;Port=2;Database=e"));
  CHECK_FALSE(is_same_database("Driver=A", "Driver=A"));
  CHECK(is_same_table("\"GESTIO\".\"Anacli\"", "gestio.anacli"));
  CHECK(is_same_table("anacli", "gestio.anacli"));
  CHECK_FALSE(is_same_table("other.anacli", "gestio.anacli"));
  settings::Instance instance = two_way();
  CHECK(written_tables(instance).at("customer") == std::set<std::string>{"to_shop"});
  instance.targets["shop"].database.odbc = Secret("Server=db2;Port=5432;Database=erp");
  CHECK(written_tables(instance).empty());
}

TEST_CASE("a value that was written and the same as a table shows it are equal") {
  const auto same = [](ColumnType type, const model::FieldScalar& written, const char* shown) {
    return comparable_text(type, model::FieldValue(written)) == comparable_text(type, std::string_view(shown));
  };
  CHECK(same(ColumnType::decimal, std::string("1.5"), "1.50"));
  CHECK(same(ColumnType::decimal, 0.1, "0.10"));
  CHECK(same(ColumnType::decimal, std::int64_t{-7}, "-7.00"));
  CHECK(same(ColumnType::integer, std::string("007"), "7"));
  CHECK(same(ColumnType::integer, true, "1"));
  CHECK(same(ColumnType::text, std::string("Rossi"), "Rossi   "));
  CHECK(same(ColumnType::timestamp, std::string("2026-11-22"), "2026-11-22 00:00:00"));
  CHECK(same(ColumnType::timestamp, std::string("2026-11-22T10:00:00.500"), "2026-11-22 10:00:00.5"));
  CHECK(same(ColumnType::real, std::string("1e3"), "1000"));
  CHECK_FALSE(same(ColumnType::text, std::string("7"), "7.0"));
  CHECK_FALSE(same(ColumnType::decimal, std::string("10"), "1"));
}
