// Questions to several databases, each asked on a thread of its own.
#include <future>

#include <doctest/doctest.h>

#include "connectors/catalog/inquiries.h"
#include "engine/base/error.h"
#include "test/support/fake_clock.h"

using namespace connectors::catalog;
using engine::model::Inquirer;
using engine::model::Question;
using engine::model::Reply;

namespace {

/// Says what it is told to.
class Told : public Inquirer {
 public:
  explicit Told(std::function<bool(const Question&)> say) : say_(std::move(say)) {}
  bool any_row(const Question& question) override { return say_(question); }

 private:
  std::function<bool(const Question&)> say_;
};

MakeInquirer saying(std::function<bool(const Question&)> say) {
  return [say] { return std::make_unique<Told>(say); };
}

Reply asked(engine::model::Inquiries& inquiries, const std::string& connection, const std::string& sql) {
  std::promise<Reply> reply;
  inquiries.ask({.connection = connection, .sql = sql}, [&reply](Reply said) { reply.set_value(std::move(said)); });
  return reply.get_future().get();
}

}  // namespace

TEST_CASE("each database answers for itself, while another one takes its time") {
  test::FakeClock clock;
  std::promise<void> go_on;
  const std::shared_future<void> released = go_on.get_future().share();
  const auto inquiries = make_inquiries({{"slow", saying([released](const Question&) {
                                            released.wait();
                                            return true;
                                          })},
                                         {"fast", saying([](const Question& question) { return question.sql == "yes"; })}},
                                        clock);
  std::promise<Reply> late;
  inquiries->ask({.connection = "slow"}, [&late](Reply said) { late.set_value(std::move(said)); });
  CHECK(asked(*inquiries, "fast", "yes").any_row);
  CHECK_FALSE(asked(*inquiries, "fast", "no").any_row);
  CHECK(asked(*inquiries, "nowhere", "yes").problem == "there is no connection 'nowhere'");
  go_on.set_value();
  CHECK(late.get_future().get().any_row);
}

TEST_CASE("a database that is not reached is left alone for some seconds, one that refuses a query is not") {
  test::FakeClock clock;
  int tries = 0;
  const auto inquiries = make_inquiries({{"away", saying([&tries](const Question& question) -> bool {
                                            ++tries;
                                            if (question.sql == "wrong") throw engine::Error(engine::ErrorCode::source_refused, "no such table");
                                            throw engine::Error(engine::ErrorCode::source_unreachable, "nobody there");
                                          })}},
                                        clock);
  CHECK(asked(*inquiries, "away", "wrong").problem == "no such table");
  CHECK(asked(*inquiries, "away", "a").problem == "nobody there");
  CHECK(asked(*inquiries, "away", "b").problem == "nobody there");
  CHECK(asked(*inquiries, "away", "wrong").problem == "nobody there");
  CHECK(tries == 2);
  clock.advance(10'000);
  CHECK(asked(*inquiries, "away", "c").problem == "nobody there");
  CHECK(tries == 3);
}

TEST_CASE("stopped, it answers nobody any more") {
  test::FakeClock clock;
  const auto inquiries = make_inquiries({{"erp", saying([](const Question&) { return true; })}}, clock);
  CHECK(asked(*inquiries, "erp", "a").any_row);
  inquiries->stop();
  CHECK(asked(*inquiries, "erp", "a").problem == "the daemon is stopping");
}
