// `drift`: what somebody changed at the target stays, is overwritten, or waits for a person.
#include <doctest/doctest.h>

#include "engine/journal/delivery/guard/anomalies.h"
#include "test/engine/deliver/objects.h"

using namespace test;
using engine::journal::Records;
using engine::model::FieldScalar;
using engine::settings::OnDrift;

namespace {

constexpr std::int64_t minute = 60'000;
const engine::journal::AnomalyDecision by_anna{"anna", "asked the customer", 5};

engine::model::FieldMap fields(const std::string& json) { return engine::model::fields_from_json(json); }

/// {"name":"A","phone":"1"}
std::string row(const std::string& name, const std::string& phone) { return R"({"name":")" + name + R"(","phone":")" + phone + R"("})"; }

/// A ticket system whose records people edit, too; one record is there as of {"name":"A","phone":"1"}.
class Edited : public World {
 public:
  explicit Edited(OnDrift phone, bool whole = false) {
    make_ticket_object(target);
    pipeline.drift = {{"phone", phone}};
    pipeline.whole_updates = whole;
    start();
    plan("C1", row("A", "1"));
    settle();
    REQUIRE(there() == row("A", "1"));
    target.seen.clear();
  }

  std::string there() {
    const FakeTarget::Record* record = target.record(R"({"code":"C1"})");
    return record == nullptr ? "gone" : engine::model::fields_json(record->fields);
  }
  void edit(const std::string& field, const std::string& value) {
    for (auto& [id, record] : target.records) record.fields[field] = FieldScalar(value);
  }
  std::int64_t change(const std::string& fields) {
    const auto id = plan("C1", fields);
    settle();
    return id;
  }
  int reads() const { return target.count_seen(CallKind::read_back); }
  int writes() const { return target.count_seen(CallKind::update) + target.count_seen(CallKind::create) + target.count_seen(CallKind::upsert); }
  std::vector<engine::journal::Anomaly> anomalies() { return journal().read()->anomalies.latest(10); }
  std::string sent() { return last_sent("C1")->fields.value_or("unknown"); }
  void decide(bool release) {
    write([&](Records& records) {
      const auto id = records.anomalies.all_open().front().id;
      release ? records.anomalies.release(id, false, by_anna) : records.anomalies.reject(id, by_anna);
    });
    loop->look_again();
    settle();
  }
};

}  // namespace

TEST_CASE("keep: his value stays, the other fields go, and the next change is judged by what we sent") {
  Edited world(OnDrift::keep);
  world.edit("phone", "9");
  const auto id = world.change(row("B", "2"));
  CHECK(world.state(id) == "delivered");
  CHECK(world.there() == row("B", "9"));
  CHECK(world.reads() == 1);
  CHECK(world.delivery(id).drift == R"({"phone":{"kept":true,"sent":"1","there":"9","wanted":"2"}})");
  CHECK(world.sent() == row("B", "1"));

  const auto again = world.change(row("C", "2"));
  CHECK(world.there() == row("C", "9"));
  CHECK(world.state(again) == "delivered");
  // He takes it back: nothing stands in the way any more.
  world.edit("phone", "1");
  world.change(row("D", "2"));
  CHECK(world.there() == row("D", "2"));
  CHECK(world.sent() == row("D", "2"));
}

TEST_CASE("keep: when nothing else is left to be sent, it ends as skipped and says why") {
  Edited world(OnDrift::keep);
  world.edit("phone", "9");
  const auto id = world.change(row("A", "2"));
  CHECK(world.state(id) == "skipped");
  CHECK(world.delivery(id).reason == "nothing else is to be sent: somebody changed phone at the target, and that is kept");
  CHECK(world.delivery(id).drift == R"({"phone":{"kept":true,"sent":"1","there":"9","wanted":"2"}})");
  CHECK(world.writes() == 0);
  CHECK(world.sent() == row("A", "1"));
}

TEST_CASE("keep: a comment goes though no field is left") {
  Edited world(OnDrift::keep);
  world.edit("phone", "9");
  engine::journal::Delivery delivery = world.delivery_for("C1", "C1");
  delivery.fields = row("A", "2");
  delivery.comment = "a new phone number";
  const auto id = world.plan(delivery);
  world.settle();
  CHECK(world.state(id) == "delivered");
  CHECK(world.there() == row("A", "9"));
  CHECK(world.target.records.begin()->second.comments.size() == 1);
}

TEST_CASE("what nobody changed is sent after one look, and other fields without any") {
  Edited world(OnDrift::keep);
  world.change(row("B", "1"));
  CHECK(world.reads() == 0);
  const auto id = world.change(row("B", "2"));
  CHECK(world.reads() == 1);
  CHECK(world.there() == row("B", "2"));
  CHECK_FALSE(world.delivery(id).drift);
  // He entered what the source wants now.
  world.edit("phone", "3");
  world.change(row("C", "3"));
  CHECK(world.there() == row("C", "3"));
  CHECK(world.sent() == row("C", "3"));
}

TEST_CASE("overwrite, said or not, looks at nothing") {
  Edited world(OnDrift::overwrite);
  world.edit("phone", "9");
  world.change(row("B", "2"));
  CHECK(world.there() == row("B", "2"));
  CHECK(world.reads() == 0);
}

TEST_CASE("hold: a person decides") {
  Edited world(OnDrift::hold);
  world.edit("phone", "9");
  const auto id = world.change(row("B", "2"));
  REQUIRE(world.state(id) == "held");
  CHECK(world.there() == row("A", "9"));
  REQUIRE(world.anomalies().size() == 1);
  const engine::journal::Anomaly anomaly = world.anomalies()[0];
  CHECK(anomaly.kind == "drift");
  CHECK(anomaly.text == "[\"C1\"]: somebody changed phone at the target, which would be overwritten");
  CHECK(world.delivery(id).anomaly_id == anomaly.id);
  CHECK(world.delivery(id).drift == R"({"phone":{"sent":"1","there":"9","wanted":"2"}})");

  SUBCASE("released, it overwrites without a look; the next change is looked at again") {
    world.decide(true);
    CHECK(world.state(id) == "delivered");
    CHECK(world.there() == row("B", "2"));
    CHECK(world.reads() == 1);
    CHECK(world.sent() == row("B", "2"));
    world.edit("phone", "8");
    const auto later = world.change(row("B", "3"));
    CHECK(world.state(later) == "held");
    CHECK(world.anomalies().size() == 2);
  }
  SUBCASE("released, and killed before it was sent, it goes all the same") {
    world.kill();
    world.write([&](Records& records) { records.anomalies.release(anomaly.id, false, by_anna); });
    world.start();
    world.settle();
    CHECK(world.there() == row("B", "2"));
    CHECK(world.reads() == 1);
  }
  SUBCASE("rejected, his value stays, and the rejected one is held when it comes again") {
    world.decide(false);
    CHECK(world.state(id) == "rejected");
    CHECK(world.there() == row("A", "9"));
    const auto same = world.change(row("D", "2"));
    CHECK(world.state(same) == "held");
    CHECK(world.delivery(same).anomaly_id == anomaly.id);
    CHECK(world.anomalies()[0].state == engine::journal::AnomalyState::open);
    CHECK(world.reads() == 1);
  }
  SUBCASE("a newer change is judged anew, under the same number") {
    const auto newer = world.change(row("B", "3"));
    CHECK(world.state(id) == "superseded");
    CHECK(world.state(newer) == "held");
    CHECK(world.delivery(newer).anomaly_id == anomaly.id);
    world.edit("phone", "1");
    const auto newest = world.change(row("B", "4"));
    CHECK(world.state(newest) == "delivered");
    CHECK(world.there() == row("B", "4"));
    world.pass(10 * minute);
    world.write([&](Records& records) { records.anomalies.close_healed(world.pipeline_id, world.time.wall_ms()); });
    CHECK(world.anomalies()[0].state == engine::journal::AnomalyState::healed);
  }
  SUBCASE("the source goes back to what was sent: nothing is left to send") {
    const auto back = world.change(row("A", "1"));
    CHECK(world.state(back) == "skipped");
    CHECK(world.there() == row("A", "9"));
  }
}

TEST_CASE("of two fields each has its own rule, and what is kept is kept when the other is released") {
  Edited world(OnDrift::keep);
  world.kill();
  world.pipeline.drift = {{"name", OnDrift::hold}, {"phone", OnDrift::keep}};
  world.start();
  world.edit("phone", "9");
  world.edit("name", "Z");
  const auto id = world.change(row("B", "2"));
  REQUIRE(world.state(id) == "held");
  world.decide(true);
  CHECK(world.state(id) == "delivered");
  CHECK(world.there() == row("B", "9"));
  CHECK(world.sent() == row("B", "1"));
}

TEST_CASE("where all fields are sent, what is there is sent back, though the source did not change it") {
  Edited world(OnDrift::keep, true);
  world.edit("phone", "9");
  const auto id = world.change(row("B", "1"));
  CHECK(world.state(id) == "delivered");
  CHECK(world.there() == row("B", "9"));
  REQUIRE(world.target.effects.size() == 2);
  CHECK(world.target.effects[1].fields == fields(row("B", "9")));
  CHECK(world.sent() == row("B", "1"));
}

TEST_CASE("where all fields are sent, a change of another field is held for one that drifted") {
  Edited world(OnDrift::hold, true);
  world.edit("phone", "9");
  const auto id = world.change(row("B", "1"));
  CHECK(world.state(id) == "held");
  CHECK(world.there() == row("A", "9"));
}

TEST_CASE("a keyed API that carries all fields is read before it is overwritten, too") {
  World world;
  world.target.offers(CallKind::upsert, {.native_upsert = true, .whole = true}).offers(CallKind::delete_).offers(CallKind::read_back);
  world.pipeline.drift = {{"phone", OnDrift::keep}};
  world.pipeline.whole_updates = true;
  world.start();
  world.plan("C1", row("A", "1"));
  world.settle();
  world.target.records.begin()->second.fields["phone"] = FieldScalar(std::string("9"));
  const auto id = world.plan("C1", row("B", "1"));
  world.settle();
  CHECK(world.state(id) == "delivered");
  CHECK(world.target.record(R"({"code":"C1"})")->fields == fields(row("B", "9")));
  CHECK(world.last_sent("C1")->fields == row("B", "1"));
}

TEST_CASE("a row that leaves is marked, and a mark that somebody changed stays") {
  Edited world(OnDrift::keep);
  world.kill();
  world.pipeline.on_delete = engine::settings::OnDelete::update;
  world.pipeline.on_delete_update = fields(R"({"name":"left","phone":""})");
  world.start();
  world.edit("phone", "9");
  const auto id = world.plan_delete("C1");
  world.settle();
  CHECK(world.state(id) == "delivered");
  CHECK(world.there() == row("left", "9"));
}

TEST_CASE("killed between the look and the write, it is looked at again") {
  Edited world(OnDrift::keep);
  world.target.automatic = false;
  world.plan("C1", row("B", "2"));
  world.settle();
  REQUIRE(world.target.next_is(CallKind::read_back, 1));
  world.target.process(Fate::taken);
  SUBCASE("before its answer was heard") {}
  SUBCASE("when the write was not on disk yet") { world.step([](std::size_t) { return 0; }); }
  world.kill();
  world.target.automatic = true;
  world.edit("phone", "9");
  world.start();
  world.settle();
  CHECK(world.there() == row("B", "9"));
  CHECK(world.sent() == row("B", "1"));
}

TEST_CASE("killed while the write is under way, what was kept is still known") {
  Edited world(OnDrift::keep);
  world.edit("phone", "9");
  world.target.automatic = false;
  const auto id = world.plan("C1", row("B", "2"));
  world.settle();
  world.target.process(Fate::taken);
  world.settle();
  REQUIRE(world.target.next_is(CallKind::update, 1));
  world.kill(Fate::taken_answer_lost);
  world.target.automatic = true;
  world.start();
  world.settle();
  CHECK(world.state(id) == "delivered");
  CHECK(world.there() == row("B", "9"));
  CHECK(world.sent() == row("B", "1"));
}

TEST_CASE("a write that is read back afterwards does not miss what was kept") {
  Edited world(OnDrift::keep);
  world.kill();
  world.target.offers(CallKind::update, {.read_back = ReadBack::always});
  world.start();
  world.edit("phone", "9");
  SUBCASE("in one go") {
    CHECK(world.state(world.change(row("B", "2"))) == "delivered");
  }
  SUBCASE("killed in between") {
    world.target.automatic = false;
    const auto id = world.plan("C1", row("B", "2"));
    for (int calls = 0; calls < 2; ++calls) {
      world.settle();
      world.target.process(Fate::taken);
    }
    world.settle();
    REQUIRE(world.target.next_is(CallKind::read_back, 1));
    world.kill();
    world.target.automatic = true;
    world.start();
    world.settle();
    CHECK(world.state(id) == "delivered");
  }
  CHECK(world.there() == row("B", "9"));
  CHECK(world.sent() == row("B", "1"));
}

TEST_CASE("what may have been applied cannot be compared: all fields are sent") {
  Edited world(OnDrift::hold);
  world.write([&](Records& records) {
    auto sent = *records.deliveries.last_sent(world.pipeline_id, "[\"C1\"]");
    sent.fields.reset();
    records.deliveries.put_last_sent(sent);
  });
  world.edit("phone", "9");
  const auto id = world.change(row("C", "3"));
  CHECK(world.state(id) == "delivered");
  CHECK(world.there() == row("C", "3"));
  CHECK(world.reads() == 0);
}

TEST_CASE("a record that somebody removed is made anew") {
  Edited world(OnDrift::keep);
  world.target.records.clear();
  const auto id = world.change(row("B", "2"));
  CHECK(world.state(id) == "delivered");
  CHECK(world.there() == row("B", "2"));
  CHECK(world.sent() == row("B", "2"));
}

TEST_CASE("a record without a known id is looked up for the look") {
  Edited world(OnDrift::keep);
  world.write([&](Records& records) { records.deliveries.forget_remote_id("crm", world.delivery_for("C1", "C1").object, R"({"code":"C1"})"); });
  SUBCASE("and its field is kept") {
    world.edit("phone", "9");
    world.change(row("B", "2"));
    CHECK(world.there() == row("B", "9"));
  }
  SUBCASE("and made anew when it is not there") {
    world.target.records.clear();
    world.change(row("B", "2"));
    CHECK(world.there() == row("B", "2"));
  }
}

TEST_CASE("while the record cannot be read nothing is overwritten") {
  Edited world(OnDrift::keep);
  world.edit("phone", "9");
  SUBCASE("a target that is busy, throttled or cut off is asked again") {
    world.target.script = {Fate::busy, Fate::throttled, Fate::lost, Fate::unreachable};
    const auto id = world.change(row("B", "2"));
    CHECK(world.state(id) == "pending");
    CHECK(world.delivery(id).step.empty());
    world.pass(10 * minute);
    CHECK(world.state(id) == "delivered");
    CHECK(world.there() == row("B", "9"));
  }
  SUBCASE("one that refuses makes it a dead letter") {
    world.target.script = {Fate::refused};
    const auto id = world.change(row("B", "2"));
    CHECK(world.state(id) == "dead");
    CHECK(world.delivery(id).reason == "it cannot be read before it is overwritten: status 422");
    CHECK(world.there() == row("A", "9"));
    CHECK(world.sent() == row("A", "1"));
  }
}

TEST_CASE("of a person who is forgotten nothing that he entered stays") {
  Edited world(OnDrift::hold);
  world.edit("phone", "+39 02 99");
  const auto id = world.change(row("B", "2"));
  world.write([](Records& records) {
    records.anomalies.reject(1, by_anna);
    records.forgetting.erase(1, R"(["C1"])");
  });
  CHECK_FALSE(world.delivery(id).drift);
  CHECK(world.anomalies()[0].text.find("C1") == std::string::npos);
}
