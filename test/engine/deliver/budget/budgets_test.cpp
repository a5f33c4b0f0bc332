#include "engine/deliver/budget/budgets.h"

#include <doctest/doctest.h>

using namespace engine::deliver;
using engine::model::BudgetReading;
using engine::model::CallKind;
using engine::model::FieldMap;
using engine::model::FieldScalar;
using engine::settings::Allowance;
using engine::settings::BudgetDefinition;
using engine::settings::WindowKind;

namespace {

/// Budgets and the calls that spend from them, at a time that stands still until it is moved.
struct Spender {
  explicit Spender(std::map<std::string, BudgetDefinition> definitions) : budgets(definitions) {}

  bool spend(CallKind kind, const std::string& to = "", const std::optional<std::string>& id = {}) {
    static const std::string object = "tickets";
    static const std::string match = R"({"code":"K1"})";
    const FieldMap fields{{"to", FieldScalar(to)}};
    Permit permit;
    if (!budgets.admit({kind, object, match, id, fields}, Counts::all, permit, now)) return false;
    budgets.answered(permit, now);
    return true;
  }
  int spend_all(CallKind kind, const std::string& to = "", const std::optional<std::string>& id = {}) {
    int number = 0;
    while (number < 1'000 && spend(kind, to, id)) ++number;
    return number;
  }
  void pass(std::int64_t ms) {
    now.steady_ms += ms;
    now.wall_ms += ms;
  }

  Budgets budgets;
  Moment now{.steady_ms = 1'000, .wall_ms = 1'795'000'000'000};
};

BudgetDefinition budget(const std::string& name, std::map<std::string, Allowance> allowances) {
  BudgetDefinition definition;
  definition.name = name;
  definition.allowances = std::move(allowances);
  return definition;
}

constexpr Allowance ten_a_second{.requests = 10};

}  // namespace

TEST_CASE("several sizes hold at once") {
  Spender spender({{"", budget("", {{"s", {.requests = 5}}, {"m", {.requests = 12, .in_ms = 60'000}}})}});
  CHECK(spender.spend_all(CallKind::update) == 5);
  spender.pass(1'100);
  CHECK(spender.spend_all(CallKind::update) == 5);
  spender.pass(1'100);
  CHECK(spender.spend_all(CallKind::update) == 2);
  CHECK(*spender.budgets.opens_ms() >= 1'000 + 60'000);
}

TEST_CASE("a budget of some calls leaves the others alone") {
  BudgetDefinition search = budget("search", {{"s", {.requests = 2}}});
  search.calls = {CallKind::find};
  Spender spender({{"", budget("", {{"s", ten_a_second}})}, {"search", search}});
  CHECK(spender.spend_all(CallKind::find) == 2);
  CHECK(spender.budgets.refused_by() == "search");
  CHECK(spender.spend_all(CallKind::update) == 8);
  CHECK(spender.budgets.refused_by().empty());
}

TEST_CASE("a budget per value is each value's own, and none of a call that lacks it") {
  BudgetDefinition pair = budget("pair", {{"e", {.requests = 3, .in_ms = 6'000, .kind = WindowKind::steps}}});
  pair.per = {"field.to"};
  BudgetDefinition ticket = budget("ticket", {{"m", {.requests = 4, .in_ms = 60'000}}});
  ticket.per = {"remote_id"};
  Spender spender({{"pair", pair}, {"ticket", ticket}});
  CHECK(spender.spend_all(CallKind::create, "+39333") == 3);
  CHECK(spender.spend_all(CallKind::create, "+39334") == 3);
  spender.pass(6'100);
  CHECK(spender.spend_all(CallKind::create, "+39333") == 1);
  CHECK(spender.spend_all(CallKind::update, "+39335", "7") == 3);
  CHECK(spender.spend_all(CallKind::update, "+39336", "7") == 1);
  CHECK(spender.spend_all(CallKind::update, "+39337", "8") == 3);
}

TEST_CASE("one that is refused waits alone when its budget was named, else the connection waits") {
  BudgetDefinition pair = budget("pair", {});
  pair.per = {"field.to"};
  Spender spender({{"pair", pair}, {"all", budget("all", {})}});
  const FieldMap fields{{"to", FieldScalar(std::string("+39333"))}};
  const std::string object = "m", match = "{}";
  Permit permit;
  REQUIRE(spender.budgets.admit({CallKind::create, object, match, {}, fields}, Counts::all, permit, spender.now));
  spender.budgets.answered(permit, spender.now);
  spender.budgets.refused("pair", permit, 6'000, spender.now);
  CHECK_FALSE(spender.spend(CallKind::create, "+39333"));
  CHECK(spender.spend(CallKind::create, "+39334"));
  spender.pass(6'000);
  CHECK(spender.spend(CallKind::create, "+39333"));
  spender.budgets.refused("", {}, 5'000, spender.now);
  CHECK_FALSE(spender.spend(CallKind::create, "+39335"));
  CHECK(*spender.budgets.opens_ms() == spender.now.steady_ms + 5'000);
}

TEST_CASE("refusals that name no time are waited for longer and longer; those that were under way together are one") {
  Spender spender({});
  CHECK(spender.budgets.refused("", {}, {}, spender.now) == 500);
  CHECK(spender.budgets.refused("", {}, {}, spender.now) == 500);
  spender.pass(500);
  CHECK(spender.budgets.refused("", {}, {}, spender.now) == 1'000);
  for (int i = 0; i < 20; ++i) {
    spender.pass(60'000);
    spender.budgets.refused("", {}, {}, spender.now);
  }
  CHECK(spender.budgets.refused("", {}, {}, spender.now) <= 60'000);
  spender.pass(200'000);
  CHECK(spender.budgets.refused("", {}, {}, spender.now) == 500);
}

TEST_CASE("what the target says remains is believed when it is less than we know") {
  Spender spender({{"", budget("", {{"s", {.requests = 10, .in_ms = 10'000}}})}});
  CHECK(spender.spend(CallKind::update));
  spender.budgets.learn({.remaining = 3}, spender.now);
  CHECK(spender.spend_all(CallKind::update) == 3);
  spender.pass(10'100);
  CHECK(spender.spend_all(CallKind::update) == 10);
  spender.pass(10'100);
  spender.budgets.learn({.remaining = 0, .of = {}, .reset_ms = 2'000}, spender.now);
  CHECK_FALSE(spender.spend(CallKind::update));
  spender.pass(2'000);
  CHECK(spender.spend_all(CallKind::update) == 10);
  spender.pass(10'100);
  spender.budgets.learn({.remaining = 99}, spender.now);
  CHECK(spender.spend_all(CallKind::update) == 10);
}

TEST_CASE("a budget without a size waits when nothing remains, and when it is told to") {
  Spender spender({{"day", budget("day", {})}});
  spender.budgets.learn({.budget = "day", .remaining = 0, .of = 15'000, .reset_ms = 5'000}, spender.now);
  CHECK_FALSE(spender.spend(CallKind::update));
  spender.pass(5'000);
  CHECK(spender.spend(CallKind::update));
  spender.budgets.learn({.budget = "day", .remaining = {}, .of = {}, .reset_ms = {}, .wait_ms = 120'000}, spender.now);
  CHECK_FALSE(spender.spend(CallKind::update));
}

TEST_CASE("long budgets are counted on after a restart, short ones begin anew") {
  const std::map<std::string, BudgetDefinition> definitions{
      {"", budget("", {{"s", ten_a_second}, {"d", {.requests = 30, .in_ms = 86'400'000}}})}};
  Spender before(definitions);
  CHECK(before.budgets.keeps_use());
  CHECK(before.spend_all(CallKind::update) == 10);
  before.pass(1'100);
  CHECK(before.spend_all(CallKind::update) == 10);
  const std::string kept = before.budgets.kept(before.now);
  Spender after(definitions);
  after.now = {.steady_ms = 77, .wall_ms = before.now.wall_ms + 3'600'000};
  after.budgets.restore(kept, after.now);
  CHECK(after.spend_all(CallKind::update) == 10);
  after.pass(1'100);
  CHECK(after.spend_all(CallKind::update) == 0);
  after.pass(86'400'000);
  CHECK(after.spend_all(CallKind::update) == 10);
  CHECK_FALSE(Spender({{"", budget("", {{"s", ten_a_second}})}}).budgets.keeps_use());
}

TEST_CASE("distinct values count once, as long as calls with them go on") {
  BudgetDefinition people = budget("people", {{"d", {.requests = 2, .in_ms = 86'400'000}}});
  people.distinct = "field.to";
  Spender spender({{"people", people}});
  CHECK(spender.spend_all(CallKind::create, "+39331") == 1'000);
  spender.pass(3'600'000);
  CHECK(spender.spend(CallKind::create, "+39332"));
  CHECK_FALSE(spender.spend(CallKind::create, "+39333"));
  CHECK(*spender.budgets.opens_ms() == spender.now.steady_ms - 3'600'000 + 86'400'000);
  SUBCASE("the first one's place is free a day after his last message") {
    spender.pass(82'800'000);
    CHECK(spender.spend(CallKind::create, "+39333"));
    CHECK_FALSE(spender.spend(CallKind::create, "+39331"));
  }
  SUBCASE("another message to him keeps it") {
    CHECK(spender.spend(CallKind::create, "+39331"));
    spender.pass(82'800'000);
    CHECK_FALSE(spender.spend(CallKind::create, "+39333"));
  }
}

TEST_CASE("a value counts while its call is under way, and not when nothing was sent") {
  BudgetDefinition people = budget("people", {{"d", {.requests = 1, .in_ms = 86'400'000}}});
  people.distinct = "field.to";
  Spender spender({{"people", people}});
  const FieldMap fields{{"to", FieldScalar(std::string("+39331"))}};
  const std::string object = "m", match = "{}";
  Permit permit;
  REQUIRE(spender.budgets.admit({CallKind::create, object, match, {}, fields}, Counts::all, permit, spender.now));
  CHECK_FALSE(spender.spend(CallKind::create, "+39332"));
  CHECK_FALSE(spender.budgets.opens_ms());
  spender.budgets.give_back(permit);
  CHECK(spender.spend(CallKind::create, "+39332"));
}

TEST_CASE("who waits for a place among distinct values keeps nobody back who has one") {
  BudgetDefinition people = budget("people", {{"d", {.requests = 1, .in_ms = 86'400'000}}});
  people.distinct = "field.to";
  Spender spender({{"people", people}});
  CHECK(spender.spend(CallKind::create, "+39331"));
  CHECK_FALSE(spender.spend(CallKind::create, "+39332"));
  spender.budgets.refused("people", {}, 5'000, spender.now);
  CHECK_FALSE(spender.spend(CallKind::create, "+39331"));
  CHECK(*spender.budgets.opens_ms() == spender.now.steady_ms + 5'000);
}

TEST_CASE("a call keeps its value's budget, of whatever size, while thousands of others come and go") {
  BudgetDefinition advertising = budget("advertising", {});
  advertising.per = {"field.to"};
  Spender spender({{"advertising", advertising}});
  const FieldMap fields{{"to", FieldScalar(std::string("+39331"))}};
  const std::string object = "m", match = "{}";
  Permit permit;
  REQUIRE(spender.budgets.admit({CallKind::create, object, match, {}, fields}, Counts::all, permit, spender.now));
  for (int other = 0; other < 3'000; ++other) REQUIRE(spender.spend(CallKind::create, std::to_string(other)));
  spender.budgets.answered(permit, spender.now);
  spender.budgets.refused("advertising", permit, 5'000, spender.now);
  CHECK_FALSE(spender.spend(CallKind::create, "+39331"));
  CHECK(spender.spend(CallKind::create, "+39332"));
}

TEST_CASE("a budget per several values is each combination's own, and a value that is missing is one") {
  BudgetDefinition twofold = budget("twofold", {{"m", {.requests = 1, .in_ms = 60'000}}});
  twofold.per = {"field.to", "remote_id"};
  Spender spender({{"twofold", twofold}});
  CHECK(spender.spend_all(CallKind::update, "+39331", "1") == 1);
  CHECK(spender.spend_all(CallKind::update, "+39331", "2") == 1);
  CHECK(spender.spend_all(CallKind::update, "+39332", "1") == 1);
  CHECK(spender.spend_all(CallKind::update, "+39331") == 1);
}
