// `hold_while`: what a condition keeps back, for how long, and what is asked of the database.
#include <doctest/doctest.h>

#include "test/engine/deliver/guards/quotes.h"

using namespace test;
using engine::journal::Delivery;
using engine::journal::Records;
using engine::model::Question;
using engine::model::Reply;
using engine::settings::HoldWhile;

namespace {

const std::string a = R"({"name":"A"})";
const std::string b = R"({"name":"B"})";
const Reply offline{.problem = "erp is not reached"};
const engine::journal::AnomalyDecision by_anna{"anna", "the quote is lost", 5};

}  // namespace

TEST_CASE("a record waits as long as its condition finds a row, and others go on") {
  Quotes world;
  world.say = [](const Question& question) { return question.values.at(0).text == "B01" ? found : Reply{}; };
  world.start();
  const auto first = world.change("C1", "\"B01\"", a);
  const auto second = world.change("C2", "\"B01\"", a);
  const auto other = world.change("C3", "\"B02\"", a);
  world.settle();
  CHECK(world.state(other) == "delivered");
  CHECK(world.state(first) == "pending");
  CHECK(world.reason(first) == "waits while an open quote uses this price list");
  CHECK(world.reason(second) == world.reason(first));
  CHECK(world.asked.size() == 2);  // one for each price list, however many records have it
  const auto kept = world.journal().read()->deliveries.kept_back(world.pipeline_id);
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].number == 2);

  world.pass(3 * minute);
  CHECK(world.asked.size() == 5);
  world.say = [](const Question&) { return Reply{}; };
  world.pass(minute);
  CHECK(world.state(first) == "delivered");
  CHECK(world.state(second) == "delivered");
  world.pass(10 * minute);
  CHECK(world.asked.size() <= 7);  // nobody waits, so nothing is asked
}

TEST_CASE("an answer counts for all that comes within its time") {
  Quotes world;
  world.start();
  for (int i = 0; i < 20; ++i) {
    world.change("C" + std::to_string(i), "\"B01\"", a);
    world.pass(2'000);
  }
  CHECK(world.target.records.size() == 20);
  CHECK(world.asked.size() == 1);
}

TEST_CASE("values are bound with the types of their columns, and NULL as itself") {
  Quotes world;
  world.start();
  world.change("C1", "\"B'01\"", a);
  world.change("C2", "null", a, "null");
  world.settle();
  REQUIRE(world.asked.size() == 2);
  CHECK(world.asked[0].sql == "SELECT 1 FROM quotes WHERE list = ? AND rate > ?");
  CHECK(world.asked[0].values == std::vector<Question::Value>{{engine::model::ColumnType::text, "B'01"}, {engine::model::ColumnType::decimal, "1.50"}});
  CHECK(world.asked[1].sql == "SELECT 1 FROM quotes WHERE list = NULL AND rate > NULL");
  CHECK(world.asked[1].values.empty());
}

TEST_CASE("a delete is asked about with the row that was there") {
  Quotes world;
  world.start();
  world.change("C1", "\"B01\"", a);
  world.settle();
  world.say = [](const Question&) { return found; };
  world.pass(2 * minute);
  const auto gone = world.remove("C1", "\"B07\"");
  world.settle();
  CHECK(world.state(gone) == "pending");
  CHECK(world.asked.back().values.at(0).text == "B07");
  CHECK(world.target.records.size() == 1);
}

TEST_CASE("what is sent again without a change is asked about as the row is now") {
  Quotes world;
  world.start();
  world.write([&](Records& records) {
    const auto layout = *records.tables.layout(world.layout_id);
    records.images.insert({.table_id = 1, .layout_id = world.layout_id, .key = engine::model::encoded_key_of(layout, std::vector<std::string>{"C1"}),
                           .image = R"({"code":"C1","LIST":"B09","rate":"2.00"})"});
  });
  world.plan("C1", a);
  world.plan("C2", a);  // of which nothing is known any more
  world.settle();
  REQUIRE(world.asked.size() == 1);
  CHECK(world.asked[0].values.at(0).text == "B09");
  CHECK(world.target.records.size() == 1);
  const auto kept = world.journal().read()->deliveries.kept_back(world.pipeline_id);
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].reason == "waits while nobody can say whether an open quote uses this price list: the journal has no image of the row any more");
}

TEST_CASE("a newer change takes the place of one that waits, and has waited as long") {
  Quotes world(open_quote(HoldWhile::Then::send));
  world.say = [](const Question&) { return found; };
  world.start();
  const auto older = world.change("C1", "\"B01\"", a);
  world.pass(5 * hour);
  const auto newer = world.change("C1", "\"B01\"", b);
  world.pass(2 * hour);
  CHECK(world.state(older) == "superseded");
  CHECK(world.state(newer) == "pending");
  world.pass(hour);
  CHECK(world.state(newer) == "delivered");
  REQUIRE(world.target.effects.size() == 1);
  CHECK(world.last_sent("C1")->fields == b);
}

TEST_CASE("messages wait in their order") {
  Quotes world;
  world.say = [](const Question& question) { return question.values.at(0).text == "B01" ? found : Reply{}; };
  world.start();
  Delivery second;
  const auto first = world.change("C1", "\"B01\"", a);
  world.settle();
  second = world.delivery(first);
  second.id = 0;
  second.every_change = true;
  second.waits.reset();
  const auto behind = world.plan(second);
  world.pass(hour);
  CHECK(world.state(first) == "pending");
  CHECK(world.state(behind) == "pending");
  CHECK(world.target.effects.empty());
}

TEST_CASE("what waits goes on waiting after a restart, and for no longer than before") {
  Quotes world(open_quote(HoldWhile::Then::send));
  world.say = [](const Question&) { return found; };
  world.start();
  const auto id = world.change("C1", "\"B01\"", a);
  world.pass(5 * hour);
  world.restart();
  world.pass(3 * hour - 2 * minute);
  CHECK(world.state(id) == "pending");
  CHECK(world.reason(id) == "waits while an open quote uses this price list");
  SUBCASE("up to its limit") { world.pass(2 * minute); }
  SUBCASE("and goes when nothing keeps it back any more") {
    world.kill();
    world.say = [](const Question&) { return Reply{}; };
    world.start();
    world.pass(minute);
  }
  CHECK(world.state(id) == "delivered");
}

TEST_CASE("nothing goes while the database cannot be asked, until the limit is over") {
  Quotes world(open_quote(HoldWhile::Then::send));
  world.say = [](const Question&) { return offline; };
  world.start();
  const auto id = world.change("C1", "\"B01\"", a);
  world.pass(hour);
  CHECK(world.state(id) == "pending");
  CHECK(world.reason(id) == "waits while nobody can say whether an open quote uses this price list: erp is not reached");
  SUBCASE("it is back") {
    world.say = [](const Question&) { return Reply{}; };
    world.pass(minute);
  }
  SUBCASE("it stays away") {
    world.pass(6 * hour);
    CHECK(world.state(id) == "pending");
    world.pass(hour);
  }
  CHECK(world.state(id) == "delivered");
}

TEST_CASE("a row without the column that is asked for waits, and says so") {
  HoldWhile condition = open_quote();
  condition.parts[1].column = "gone";
  Quotes world(condition);
  world.start();
  const auto id = world.change("C1", "\"B01\"", a);
  world.pass(hour);
  CHECK(world.reason(id) == "waits while nobody can say whether an open quote uses this price list: the row has no value 'gone'");
  CHECK(world.asked.empty());
  world.pass(7 * hour);
  CHECK(world.state(id) == "held");
}

TEST_CASE("what a condition keeps back too long is held until a person decides") {
  Quotes world;
  world.say = [](const Question&) { return found; };
  world.start();
  const auto id = world.change("C1", "\"B01\"", a);
  const auto other = world.change("C2", "\"B01\"", a);
  world.pass(8 * hour);
  REQUIRE(world.state(id) == "held");
  CHECK(world.state(other) == "held");
  REQUIRE(world.anomalies().size() == 1);
  const engine::journal::Anomaly anomaly = world.anomalies()[0];
  CHECK(anomaly.kind == "hold_while: an open quote uses this price list");
  CHECK(anomaly.text == "an open quote uses this price list: still so after 8 h");
  CHECK(world.delivery(id).anomaly_id == anomaly.id);

  SUBCASE("released, it goes, though the row is still found; what comes later waits again") {
    world.write([&](Records& records) { records.anomalies.release(anomaly.id, false, by_anna); });
    world.loop->look_again();
    world.pass(minute);
    CHECK(world.state(id) == "delivered");
    CHECK(world.state(other) == "delivered");
    const auto later = world.change("C1", "\"B01\"", b);
    world.pass(7 * hour);
    CHECK(world.state(later) == "pending");
    world.pass(hour);
    CHECK(world.state(later) == "held");
    CHECK(world.anomalies().size() == 2);
  }
  SUBCASE("rejected, it is remembered by its values") {
    world.write([&](Records& records) { records.anomalies.reject(anomaly.id, by_anna); });
    CHECK(world.state(id) == "rejected");
    world.say = [](const Question&) { return Reply{}; };
    const auto same = world.change("C1", "\"B01\"", a);
    const auto better = world.change("C2", "\"B01\"", b);
    world.pass(minute);
    CHECK(world.state(same) == "held");
    CHECK(world.delivery(same).anomaly_id == anomaly.id);
    CHECK(world.state(better) == "delivered");
  }
  SUBCASE("a newer state of the record is asked about anew") {
    world.say = [](const Question& question) { return question.values.at(0).text == "B01" ? found : Reply{}; };
    const auto moved = world.change("C1", "\"B02\"", b);
    const auto stays = world.change("C2", "\"B01\"", b);
    world.pass(minute);
    CHECK(world.state(moved) == "delivered");
    CHECK(world.state(stays) == "held");
    CHECK(world.delivery(stays).anomaly_id == anomaly.id);
  }
}

TEST_CASE("what waits is not looked up either, and what was begun goes on whatever a condition says since") {
  Quotes world;
  world.target.object().calls.clear();
  make_ticket_object(world.target);
  world.say = [](const Question&) { return found; };
  world.start();
  const auto id = world.change("C1", "\"B01\"", a);
  world.pass(hour);
  CHECK(world.target.seen.empty());
  world.say = [](const Question&) { return Reply{}; };
  world.target.script = {Fate::taken, Fate::taken_answer_lost};  // find, create
  world.pass(minute);
  world.say = [](const Question&) { return found; };
  world.pass(hour);
  CHECK(world.state(id) == "delivered");
  CHECK(world.target.records.size() == 1);
}

TEST_CASE("of several conditions each has its own limit") {
  Quotes world(open_quote(HoldWhile::Then::send));
  HoldWhile counted = open_quote(HoldWhile::Then::send);
  counted.name = "stock is being counted";
  counted.connection = "stock";
  counted.at_most_ms = hour;
  world.pipeline.hold_while.push_back(counted);
  world.say = [](const Question&) { return found; };
  world.start();
  const auto id = world.change("C1", "\"B01\"", a);
  world.pass(8 * hour);
  CHECK(world.state(id) == "pending");
  CHECK(world.reason(id) == "waits while stock is being counted");
  world.pass(hour);
  CHECK(world.state(id) == "delivered");
}

TEST_CASE("a thousand price lists are asked about once each, and again as long as somebody waits") {
  Quotes world;
  world.options.in_flight = 32;
  world.say = [](const Question&) { return found; };
  world.start();
  for (int i = 0; i < 1'000; ++i) world.change("C" + std::to_string(i), "\"B" + std::to_string(i) + "\"", a);
  world.settle();
  CHECK(world.asked.size() == 1'000);
  world.say = [](const Question&) { return Reply{}; };
  world.pass(2 * minute);
  CHECK(world.target.records.size() == 1'000);
}
