// Receivers of a journal come and go, and their numbers may begin anew.
#include <doctest/doctest.h>

#include "connectors/odbc/log/journal_walk.h"

using connectors::odbc::JournalPosition;
using connectors::odbc::OpenCycles;
using connectors::odbc::Receiver;
using connectors::odbc::ReceiverChain;
using connectors::odbc::RowHint;
using connectors::odbc::Stretch;
using engine::model::LogLost;

namespace {

Receiver receiver(const char* name, std::int64_t first, std::int64_t last) { return {"L", name, true, first, last}; }

std::vector<std::string> texts(const std::vector<Stretch>& stretches) {
  std::vector<std::string> all;
  for (const Stretch& each : stretches) all.push_back(std::to_string(each.receiver) + ":" + std::to_string(each.first) + "-" + std::to_string(each.last));
  return all;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a walk goes on in the next receiver, and from its first number where they begin anew") {
  const ReceiverChain chain({receiver("A", 1, 100), receiver("B", 101, 150), receiver("C", 1, 7)});
  CHECK(texts(chain.from({"L", "A", 90})) == Texts{"0:90-100", "1:101-150", "2:1-7"});
  CHECK(texts(chain.from({"L", "A", 101})) == Texts{"1:101-150", "2:1-7"});
  CHECK(texts(chain.from({"L", "C", 8})) == Texts{});
  CHECK(chain.is_reset(2));
  CHECK_FALSE(chain.is_reset(1));
}

TEST_CASE("long receivers are read in stretches") {
  const ReceiverChain chain({receiver("A", 1, 120'000)});
  CHECK(texts(chain.from({"L", "A", 10'001})) == Texts{"0:10001-60000", "0:60001-110000", "0:110001-120000"});
}

TEST_CASE("a receiver that is gone, freed or left out is a loss and never skipped") {
  CHECK_THROWS_AS(ReceiverChain({receiver("B", 101, 150)}).from({"L", "A", 90}), LogLost);
  CHECK_THROWS_AS(ReceiverChain({receiver("A", 1, 100), receiver("C", 151, 160)}).from({"L", "A", 90}), LogLost);
  Receiver freed = receiver("B", 101, 150);
  freed.readable = false;
  CHECK_THROWS_AS(ReceiverChain({receiver("A", 1, 100), freed, receiver("C", 151, 160)}).from({"L", "A", 90}), LogLost);
  CHECK(texts(ReceiverChain({freed, receiver("C", 151, 160)}).from({"L", "C", 155})) == Texts{"1:155-160"});
}

TEST_CASE("looking back ends where receivers end, are reset, or cannot be read") {
  const ReceiverChain chain({receiver("A", 1, 100), receiver("B", 101, 150), receiver("C", 151, 160)});
  CHECK(chain.before_end(5).sequence == 156);
  CHECK(chain.before_end(30).receiver == "B");
  CHECK(chain.before_end(30).sequence == 131);
  CHECK(chain.before_end(1'000).receiver == "A");
  CHECK(chain.before_end(1'000).sequence == 1);
  CHECK(ReceiverChain({receiver("A", 1, 100), receiver("B", 1, 10)}).before_end(50).sequence == 1);
}

TEST_CASE("how long a place of the journal lasts is told by the age of the oldest receiver that is there") {
  Receiver oldest = receiver("A", 1, 100), middle = receiver("B", 101, 150);
  oldest.detached_s = 36'000;
  middle.detached_s = 3'600;
  const ReceiverChain chain({oldest, middle, receiver("C", 151, 160)});
  const connectors::odbc::ReceiverOutlook in_middle = chain.outlook({"L", "B", 141});
  CHECK(in_middle.behind == 20);
  CHECK(in_middle.kept_s == 36'000);
  CHECK(in_middle.left_s == 32'400);
  CHECK(chain.outlook({"L", "A", 100}).left_s == 0);
  CHECK(chain.outlook({"L", "C", 161}).left_s == 36'000);
  CHECK(chain.outlook({"L", "C", 161}).behind == 0);
  CHECK_FALSE(ReceiverChain({receiver("C", 151, 160)}).outlook({"L", "C", 151}).left_s);
  CHECK_THROWS_AS(chain.outlook({"L", "Z", 1}), LogLost);
}

TEST_CASE("a transaction's rows are named when it is over, and the oldest that is open says where to read again") {
  OpenCycles open;
  open.add(20, {"L", "A", 21}, RowHint{.place = 1});
  open.add(10, {"L", "A", 22}, RowHint{.place = 2});
  open.add(20, {"L", "A", 23}, RowHint{.place = 3});
  REQUIRE(open.oldest());
  CHECK(open.oldest()->sequence == 21);
  CHECK(open.close(20)->size() == 2);
  CHECK(open.oldest()->sequence == 22);
  CHECK(open.close(99)->empty());
  CHECK(open.close(10)->size() == 1);
  CHECK_FALSE(open.oldest());
}

TEST_CASE("of a transaction that touches more rows than are worth keeping it is known only that it did") {
  OpenCycles open;
  for (std::size_t i = 0; i < OpenCycles::hints_max; ++i) {
    open.add(20, {"L", "A", 21}, RowHint{.place = 1});
    open.add(30, {"L", "A", 22}, RowHint{.place = 2});
  }
  open.add(20, {"L", "A", 23}, RowHint{.place = 3});
  open.add(20, {"L", "A", 24}, RowHint{.place = 4});
  CHECK(open.oldest()->sequence == 21);
  CHECK_FALSE(open.close(20));
  CHECK(open.close(30)->size() == OpenCycles::hints_max);
  CHECK_FALSE(open.oldest());
}

TEST_CASE("a place that several transactions changed is named once, with each of them") {
  const auto once = connectors::odbc::one_a_place({{.place = 7, .appears = true, .provenance = {.transaction = "A/1"}},
                                                   {.place = 3, .provenance = {.transaction = "A/1"}},
                                                   {.place = 7, .provenance = {.transaction = "A/1"}},
                                                   {.place = 7, .provenance = {.transaction = "A/2"}}});
  REQUIRE(once.size() == 2);
  CHECK(once[0].place == 3);
  CHECK(once[0].earlier.empty());
  CHECK(once[1].appears);
  CHECK(once[1].provenance.transaction == "A/2");
  REQUIRE(once[1].earlier.size() == 1);
  CHECK(once[1].earlier[0].transaction == "A/1");
}
