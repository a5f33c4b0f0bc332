#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>
#include <map>
#include <random>

#include "engine/journal/connection.h"
#include "engine/journal/row_images.h"
#include "test/engine/journal/temporary_journal.h"

namespace engine::journal {
namespace {

using test::image_of;
using test::TemporaryFolder;

using Model = std::map<std::string, std::pair<std::uint64_t, std::int64_t>>;  // key: digest, ordinal

std::string random_key(std::mt19937& random) {
  std::string key(random() % 4, '\0');
  for (char& byte : key) byte = static_cast<char>("\x00\x01\x7f\x80\xff"[random() % 5]);
  return key;
}

void check_position(const ImageCursor& cursor, bool exact, const Model& model, const std::string& asked) {
  const auto expected = model.lower_bound(asked);
  REQUIRE(cursor.at_end() == (expected == model.end()));
  REQUIRE(exact == (expected != model.end() && expected->first == asked));
  if (cursor.at_end()) return;
  REQUIRE(cursor.key() == expected->first);
  REQUIRE(cursor.digest() == model::Digest{expected->second.first, ~expected->second.first});
  REQUIRE(cursor.ordinal() == expected->second.second);
}

TEST_CASE("the cursor stands where an ordered map says, however it is asked") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  for (unsigned seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Model model;
    journal->write([&](Records& records) {
      for (int i = static_cast<int>(random() % 200); i > 0; --i) {
        const std::string key = random_key(random);
        // Rows of the table before and behind must never be seen.
        records.images.insert(image_of(seed * 10 - 1, key, 1));
        records.images.insert(image_of(seed * 10 + 1, key, 1));
        if (model.contains(key)) continue;
        model[key] = {random(), 0};
        model[key].second = records.images.insert(image_of(seed * 10, key, model[key].first));
      }
    });
    auto lease = journal->read();
    auto cursor = lease->images.cursor(seed * 10);
    for (int round = 0; round < 4; ++round) {
      std::vector<std::string> keys(200);
      for (auto& key : keys) key = random_key(random);
      if (round % 2 == 0) std::sort(keys.begin(), keys.end());
      for (const auto& key : keys) {
        if (random() % 20 == 0) cursor.rest();
        check_position(cursor, cursor.move_to(key), model, key);
      }
    }
  }
}

TEST_CASE("a cursor sees no images written after its first move until it rests") {
  const TemporaryFolder folder;
  const auto journal = Journal::open({.path = folder.journal()});
  journal->write([](Records& records) {
    for (int i = 10; i < 60; ++i) records.images.insert(image_of(1, std::to_string(i), i));
  });
  auto lease = journal->read();
  auto cursor = lease->images.cursor(1);
  CHECK(cursor.move_to("10"));
  journal->write([](Records& records) { records.images.insert(image_of(1, "11x", 1)); });
  CHECK(!cursor.move_to("11x"));
  // Too far for steps, and back again: sought anew, in the same state.
  CHECK(cursor.move_to("50"));
  CHECK(!cursor.move_to("11x"));
  cursor.rest();
  CHECK(cursor.move_to("11x"));
}

TEST_CASE("the walk reads the covering index alone") {
  const TemporaryFolder folder;
  Journal::open({.path = folder.journal()});
  Connection connection(folder.journal().string(), Connection::Mode::read_only);
  std::string walk;
  auto cursor = ImageCursor(connection, 1);
  cursor.move_to("a");
  for (auto* each = sqlite3_next_stmt(connection.handle(), nullptr); each != nullptr;
       each = sqlite3_next_stmt(connection.handle(), each)) {
    if (std::string(sqlite3_sql(each)).find("row_image") != std::string::npos) walk = sqlite3_sql(each);
  }
  REQUIRE(!walk.empty());
  const std::string explain = "EXPLAIN QUERY PLAN " + walk;
  Statement plan = connection.prepare(explain.c_str());
  REQUIRE(plan.step());
  CHECK(plan.text(3) == "SEARCH row_image USING COVERING INDEX row_image_by_key (table_id=? AND key>?)");
  CHECK(!plan.step());
}

}  // namespace
}  // namespace engine::journal
