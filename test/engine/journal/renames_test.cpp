#include <doctest/doctest.h>

#include "test/engine/journal/temporary_journal.h"

namespace engine::journal {
namespace {

using test::code_thrown_by;
using test::TemporaryFolder;

TEST_CASE("a pipeline and a table that are renamed keep their identity and what was sent") {
  TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  journal->write([](Records& records) {
    const auto table = records.tables.ensure("anacli");
    const auto pipeline = records.pipelines.ensure("to_crm", table.id, 7);
    LastSent sent{.pipeline_id = pipeline.id, .key = "[1]", .connection = "crm", .object = "c", .match = "{}", .live = true};
    records.deliveries.put_last_sent(sent);
    sent.key = "[2]";
    sent.live = false;
    records.deliveries.put_last_sent(sent);
    CHECK(records.tables.rename("anacli", "customers"));
    CHECK(records.pipelines.rename("to_crm", "customers_to_crm"));
    CHECK(records.tables.find("customers")->id == table.id);
    CHECK(records.pipelines.find("customers_to_crm")->position == 7);
    CHECK(records.pipelines.live_records(pipeline.id) == 1);
    CHECK_FALSE(records.pipelines.rename("to_crm", "customers_to_crm"));
  });
}

TEST_CASE("a rename onto a name that the journal knows is refused, and nothing changes") {
  TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  journal->write([](Records& records) {
    const auto table = records.tables.ensure("anacli");
    records.tables.ensure("customers");
    records.pipelines.ensure("old", table.id, 0);
    records.pipelines.ensure("new", table.id, 0);
    CHECK(code_thrown_by([&] { records.tables.rename("anacli", "customers"); }) == ErrorCode::config_invalid);
    CHECK(code_thrown_by([&] { records.pipelines.rename("old", "new"); }) == ErrorCode::config_invalid);
    CHECK(records.pipelines.all().size() == 2);
  });
}

}  // namespace
}  // namespace engine::journal
