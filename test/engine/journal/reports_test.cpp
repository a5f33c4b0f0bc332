// What targets report of messages, in every order, and what people write to us.
#include <doctest/doctest.h>

#include <algorithm>

#include "engine/journal/journal.h"
#include "test/engine/journal/temporary_journal.h"

using namespace engine::journal;
using engine::journal::test::change_of;
using engine::journal::test::TemporaryFolder;

namespace {

/// One message of one pipeline, and what is reported of it.
class Message {
 public:
  explicit Message(DeliveryState state) : journal_(Journal::open({.path = folder_.journal()})) {
    journal_->write([&](Records& records) {
      const std::int64_t table = records.tables.ensure("orders").id;
      const PipelineRow pipeline = records.pipelines.ensure("order_shipped", table, 0);
      seq_ = records.changes.append(change_of(table, "[\"4711\"]", "{}"));
      table_ = table;
      Delivery delivery{.pipeline_id = pipeline.id, .key = "[\"4711\"]", .first_seq = seq_, .last_seq = seq_,
                        .connection = "whatsapp", .object = "message", .match = "{}", .fields = fields,
                        .every_change = true, .created_ms = 1, .updated_ms = 1};
      id_ = records.deliveries.plan(delivery);
      delivery = *records.deliveries.find(id_);
      delivery.state = state;
      key = journal_->id() + "-" + std::to_string(pipeline.id) + "-" + std::to_string(seq_) + "-0";
      delivery.idempotency_key = key;
      records.deliveries.update(delivery);
    });
  }

  Reports::Outcome report(const std::string& status, std::int64_t at_ms, const std::string& wamid = "wamid.1") {
    Reports::Outcome outcome;
    journal_->write([&](Records& records) {
      outcome = records.reports.take({.connection = connection, .remote_id = wamid, .status = status, .key = key,
                                      .recipient = "393331234567", .reason = status == "failed" ? "131026 Undeliverable" : "",
                                      .at_ms = at_ms, .received_ms = at_ms + 500});
    });
    return outcome;
  }
  Delivery delivery() { return *journal_->read()->deliveries.find(id_); }
  std::string state() { return std::string(name_of(delivery().state)); }
  std::vector<std::string> story() {
    std::vector<std::string> statuses;
    for (const Report& report : journal_->read()->reports.of(id_)) statuses.push_back(report.status);
    return statuses;
  }
  Journal& journal() { return *journal_; }
  std::int64_t table() const { return table_; }

  const std::string fields = R"({"to":"+393331234567","text":"Spedito"})";
  std::string key;
  std::string connection = "whatsapp";

 private:
  TemporaryFolder folder_;
  std::unique_ptr<Journal> journal_;
  std::int64_t id_ = 0;
  std::int64_t seq_ = 0;
  std::int64_t table_ = 0;
};

}  // namespace

TEST_CASE("an uncertain message of which the target reports that it was sent is delivered, with what was sent known") {
  Message message(DeliveryState::uncertain);
  CHECK(message.report("sent", 1'000).settled);
  CHECK(message.state() == "delivered");
  CHECK(message.delivery().reason == "the target reported it as sent");
  const auto sent = message.journal().read()->deliveries.last_sent(message.delivery().pipeline_id, "[\"4711\"]");
  REQUIRE(sent);
  CHECK(sent->fields == message.fields);
}

TEST_CASE("an uncertain message that failed is a dead letter with the target's words") {
  Message message(DeliveryState::uncertain);
  CHECK(message.report("failed", 1'000).settled);
  CHECK(message.state() == "dead");
  CHECK(message.delivery().reason == "the target reported that it failed: 131026 Undeliverable");
}

TEST_CASE("a message that waits for another try, and was sent all the same, does not go out again") {
  Message message(DeliveryState::pending);
  CHECK(message.report("delivered", 1'000).settled);
  CHECK(message.state() == "delivered");
}

TEST_CASE("what is in flight waits for its answer, and is settled by what was reported when the answer is lost") {
  Message message(DeliveryState::in_flight);
  CHECK_FALSE(message.report("sent", 1'000).settled);
  CHECK(message.state() == "in_flight");
  message.journal().write([&](Records& records) {
    Delivery delivery = message.delivery();
    delivery.state = DeliveryState::uncertain;
    records.deliveries.update(delivery);
    CHECK(records.reports.settle(delivery));
  });
  CHECK(message.state() == "delivered");
}

TEST_CASE("reports in any order end in the same state and tell the same story") {
  std::vector<std::string> order{"delivered", "read", "sent"};
  do {
    CAPTURE(order[0] + order[1]);
    Message message(DeliveryState::uncertain);
    for (const std::string& status : order) {
      message.report(status, status == "sent" ? 1'000 : status == "delivered" ? 2'000 : 2'000);
    }
    CHECK(message.state() == "delivered");
    CHECK(message.story() == std::vector<std::string>{"sent", "delivered", "read"});
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("a message that was accepted and failed later is a dead letter; one that arrived cannot fail any more") {
  Message lost(DeliveryState::delivered);
  lost.report("sent", 1'000);
  CHECK(lost.report("failed", 2'000).settled);
  CHECK(lost.state() == "dead");
  CHECK_FALSE(lost.report("sent", 3'000, "wamid.2").settled);
  CHECK(lost.state() == "dead");

  Message arrived(DeliveryState::delivered);
  arrived.report("delivered", 1'000);
  CHECK_FALSE(arrived.report("failed", 2'000).settled);
  CHECK(arrived.state() == "delivered");
}

TEST_CASE("a report is kept once, and one that speaks of nothing of ours is not kept at all") {
  Message message(DeliveryState::delivered);
  CHECK(message.report("sent", 1'000).taken == Reports::Taken::kept);
  CHECK(message.report("sent", 1'000).taken == Reports::Taken::known);
  for (const char* foreign : {"", "another-system", "0123-1-1", "x-9-9-9", "x-1-99999999999999999999-0"}) {
    message.key = foreign;
    CHECK(message.report("read", 1'000).taken == Reports::Taken::foreign);
  }
  CHECK(message.story() == std::vector<std::string>{"sent"});
}

TEST_CASE("a report of another connection settles nothing, whatever key it names") {
  Message message(DeliveryState::uncertain);
  message.connection = "another_number";
  CHECK(message.report("failed", 1'000).taken == Reports::Taken::foreign);
  CHECK(message.state() == "uncertain");
}

TEST_CASE("a person is heard by his last message, in whatever order they come, and is kept once a message") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  journal->write([](Records& records) {
    records.conversations.heard("whatsapp", "393331234567", 5'000);
    records.conversations.heard("whatsapp", "393331234567", 3'000);
    const InboundMessage message{.connection = "whatsapp", .message_id = "wamid.9", .sender = "393331234567",
                                 .kind = "text", .message = "{}", .sent_ms = 5'000, .received_ms = 6'000};
    CHECK(records.conversations.keep(message));
    CHECK_FALSE(records.conversations.keep(message));
  });
  CHECK(journal->read()->conversations.last_heard_ms("whatsapp", party_of("+39 333 123-4567")) == 5'000);
  CHECK_FALSE(journal->read()->conversations.last_heard_ms("another", "393331234567"));
  CHECK(party_of("IT.1a2B") == "IT.1a2B");
}

TEST_CASE("a person who is forgotten leaves no message, no report and no conversation") {
  Message message(DeliveryState::delivered);
  message.report("sent", 1'000);
  message.journal().write([&](Records& records) {
    for (const char* sender : {"393331234567", "49301234"}) {
      records.conversations.heard("whatsapp", sender, 5'000);
      records.conversations.keep({.connection = "whatsapp", .message_id = sender, .sender = sender, .kind = "text",
                                  .message = "{}", .sent_ms = 5'000, .received_ms = 6'000});
    }
    CHECK(records.forgetting.erase(message.table(), "[\"4711\"]").records >= 2);
  });
  CHECK(message.report("read", 2'000).taken == Reports::Taken::foreign);
  CHECK(message.story().empty());
  auto read = message.journal().read();
  CHECK_FALSE(read->conversations.last_heard_ms("whatsapp", "393331234567"));
  CHECK(read->conversations.last_heard_ms("whatsapp", "49301234"));
}
