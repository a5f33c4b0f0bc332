#include <doctest/doctest.h>
#include <strings.h>

#include "engine/base/error.h"
#include "test/engine/capture/captured_table.h"

using namespace engine;
using test::CapturedTable;
using test::fill;
using test::news;
using test::small_layout;
using test::told;
using Lines = std::vector<std::string>;

TEST_CASE("a server whose order is not byte order fakes no change") {
  const auto folded = [](const std::string& text) {
    std::string lower = text;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lower;
  };
  CapturedTable table(small_layout(), 2);
  SUBCASE("case-insensitive") {
    table.source.compare = [&](const auto& one, const auto& other) { return folded(one[0]).compare(folded(other[0])); };
  }
  SUBCASE("descending") {
    table.source.compare = [](const auto& one, const auto& other) { return other[0].compare(one[0]); };
  }
  SUBCASE("punctuation ignored, as locales do") {
    table.source.compare = [](const auto& one, const auto& other) {
      std::string a = one[0], b = other[0];
      std::erase(a, '-');
      std::erase(b, '-');
      return a.compare(b);
    };
  }
  fill(table, {"B", "a", "C", "d", "E", "f", "a-b", "Z-1", "aa"});
  table.cycle();
  CHECK(table.images() == 9);
  CHECK(news(table).empty());
  table.source.put({"C", "changed", "b"});
  table.source.erase({"aa"});
  fill(table, {"m"});
  CHECK(news(table).size() == 3);
  CHECK(table.imaged() == table.held());
}

TEST_CASE("a key that only changes its case is a delete and an insert, though the server finds the new row by the old key") {
  CapturedTable table(small_layout());
  table.source.compare = [](const auto& one, const auto& other) { return strcasecmp(one[0].c_str(), other[0].c_str()); };
  fill(table, {"abc", "x"});
  table.cycle();
  table.source.erase({"abc"});
  fill(table, {"ABC"});
  CHECK(news(table) == Lines{R"(insert ["ABC"])", R"(delete ["abc"])"});
}

TEST_CASE("a read cut short without an error fakes no delete") {
  for (const bool indexed : {true, false}) {
    CAPTURE(indexed);
    CapturedTable table(small_layout());
    table.source.key_is_indexed = indexed;
    fill(table, {"a", "b", "c", "d", "e", "f", "g", "h", "i"});
    table.cycle();
    table.source.put({"h", "changed", "b"});
    table.source.erase({"i"});
    const auto first_or_second = [](std::size_t statement) -> std::optional<std::size_t> {
      if (statement == 0) return 2;
      if (statement == 1) return 0;
      return std::nullopt;
    };
    const auto first = [](std::size_t statement) { return statement == 0 ? std::optional<std::size_t>(3) : std::nullopt; };
    if (indexed) {
      table.source.cut_short = first_or_second;
    } else {
      table.source.cut_short = first;
    }
    // The change of a candidate is told at once, and the row that is really gone is the one delete.
    CHECK(news(table) == Lines{R"(update ["h"])", R"(delete ["i"])"});
    table.source.cut_short = nullptr;
    CHECK(news(table).empty());
    CHECK(table.imaged() == table.held());
  }
}

TEST_CASE("a chunk shorter than asked for is not the end") {
  CapturedTable table(small_layout());
  fill(table, {"a", "b", "c", "d", "e", "f", "g"});
  table.source.cut_short = [](std::size_t) { return std::optional<std::size_t>(1); };
  CHECK(table.cycle().rows_read == 7);
  CHECK(table.images() == 7);
}

TEST_CASE("a read that fails in the middle deletes nothing, and what it found is not told again") {
  for (const bool indexed : {true, false}) {
    CAPTURE(indexed);
    CapturedTable table(small_layout());
    table.source.key_is_indexed = indexed;
    table.source.array_size = 2;
    fill(table, {"a", "b", "c", "d", "e", "f", "g", "h", "i"});
    table.cycle();
    table.source.erase({"i"});
    table.source.put({"a", "changed", "b"});
    table.source.fail_after = [&](std::size_t statement) { return statement == (indexed ? 1U : 0U) ? std::optional<std::size_t>(2) : std::nullopt; };
    CHECK_THROWS_AS(table.cycle(), Error);
    CHECK(table.images() == 9);
    const auto open = table.journal->read()->cycles.open_of(table.row()->id);
    CHECK(open.has_value() == indexed);
    table.source.fail_after = nullptr;
    table.cycle();
    CHECK(told(table.changes()) == Lines{R"(update ["a"])", R"(delete ["i"])"});
    CHECK(table.cycles().size() == 2);
    if (open) CHECK(table.cycles().front().id == open->id);
    CHECK(table.cycles().front().state == "closed");
  }
}

TEST_CASE("a row that changes its place between chunks is neither deleted nor told twice") {
  CapturedTable table(small_layout(model::ColumnType::integer), 2);
  fill(table, {"1", "2", "3", "4", "5", "6"});
  table.cycle();
  SUBCASE("a key ahead moves behind the reader") {
    // Its old key is really gone; the new one is found by the next pass.
    table.source.before_statement = [&](std::size_t statement) {
      if (statement != 1) return;
      table.source.erase({"6"});
      table.source.put({"0", "a", "b"});
    };
    CHECK(news(table) == Lines{"delete [6]"});
    table.source.before_statement = nullptr;
    CHECK(news(table) == Lines{"insert [0]"});
  }
  SUBCASE("the server's order changes while it is read") {
    table.source.before_statement = [&](std::size_t statement) {
      if (statement != 1) return;
      table.source.compare = [](const auto& one, const auto& other) {
        const auto place = [](const std::string& key) { return key == "6" ? -1LL : std::stoll(key); };
        return static_cast<int>(place(one[0]) - place(other[0]));
      };
    };
    CHECK(news(table).empty());
  }
  SUBCASE("a row goes and comes back while candidates are read again") {
    table.source.before_statement = [&](std::size_t statement) {
      if (statement == 2) table.source.erase({"5"});
      if (statement == 4) table.source.put({"5", "back", "b"});
    };
    CHECK(news(table) == Lines{"update [5]"});
  }
  SUBCASE("a key behind the reader is read a second time with other content") {
    table.source.before_statement = [&](std::size_t statement) {
      if (statement == 1) {
        table.source.put({"1", "moved", "b"});
        table.source.compare = [](const auto& one, const auto& other) {
          const auto place = [](const std::string& key) { return key == "1" ? 10LL : std::stoll(key); };
          return static_cast<int>(place(one[0]) - place(other[0]));
        };
      }
    };
    CHECK(news(table) == Lines{"update [1]"});
  }
  CHECK(table.imaged() == table.held());
}

TEST_CASE("what was read behind a row in doubt is forgotten, and read again as it is by then") {
  CapturedTable table(small_layout(model::ColumnType::integer), 2);
  table.source.reads_ahead = true;
  fill(table, {"1", "2", "3", "4", "5", "6"});
  table.cycle();
  table.source.put({"2", "changed", "b"});
  table.source.before_statement = [&](std::size_t) {
    if (table.source.statements.back().kind == 'k') table.source.put({"3", "meanwhile", "b"});
  };
  CHECK(news(table) == Lines{"update [2]", "update [3]"});
  CHECK(table.imaged() == table.held());
}

TEST_CASE("an error in rows that are read ahead comes behind what the rows before it told") {
  CapturedTable table(small_layout(model::ColumnType::integer), 2);
  table.source.reads_ahead = true;
  fill(table, {"1", "2", "3", "4", "5", "6"});
  table.cycle();
  for (const char* key : {"1", "3", "5"}) table.source.put({key, "changed", "b"});
  table.source.fail_after = [](std::size_t statement) { return statement == 2 ? std::optional<std::size_t>(0) : std::nullopt; };
  CHECK_THROWS_AS(table.cycle(), Error);
  CHECK(told(table.changes()) == Lines{"update [1]", "update [3]"});
  table.source.fail_after = nullptr;
  CHECK(news(table) == Lines{"update [5]"});
}

TEST_CASE("a first snapshot, of which each chunk ends with a row in doubt, reads no row twice but those") {
  CapturedTable table(small_layout(model::ColumnType::integer), 2);
  table.source.reads_ahead = true;
  fill(table, {"1", "2", "3", "4", "5", "6"});
  table.cycle();
  CHECK(table.source.rows_given('a') == 6);
  CHECK(table.source.rows_given('k') == 3);
}

TEST_CASE("two rows with one key stop the table, named, wherever they stand") {
  for (const bool indexed : {true, false}) {
    for (const std::size_t at : {0, 2, 3, 4, 7}) {
      for (const bool from_the_start : {true, false}) {
        CAPTURE(indexed);
        CAPTURE(at);
        CAPTURE(from_the_start);
        CapturedTable table(small_layout());
        table.source.key_is_indexed = indexed;
        table.source.array_size = 2;
        fill(table, {"a", "b", "c", "d", "e", "f", "g", "h"});
        if (!from_the_start) table.cycle();
        if (!from_the_start) table.source.rows[at][1] = "first";
        const std::string key = *table.source.rows[at][0];
        table.source.rows.push_back({key, "second", "b"});
        try {
          table.cycle();
          FAIL("a doubled key went unseen");
        } catch (const Error& error) {
          CHECK(error.code() == ErrorCode::source_bad_data);
          CHECK(std::string(error.what()).find("[\"" + key + "\"]") != std::string::npos);
          CHECK_FALSE(error.hint().empty());
        }
        for (const auto& change : table.changes()) CHECK(change.after->find("second") == std::string::npos);
      }
    }
  }
}

TEST_CASE("a NULL in a key stops the table and shows the row") {
  CapturedTable table(small_layout());
  fill(table, {"a"});
  table.source.rows.push_back({std::nullopt, "look here", "b"});
  try {
    table.cycle();
    FAIL("a NULL was taken for a key");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::source_bad_data);
    bool shown = false;
    for (const auto& [name, value] : error.context()) shown = shown || (name == "row" && value.find("look here") != std::string::npos);
    CHECK(shown);
  }
}

TEST_CASE("a server that pages in circles is an error, not an endless cycle") {
  CapturedTable table(small_layout(model::ColumnType::integer), 2);
  for (int i = 0; i < 20; ++i) fill(table, {std::to_string(i)});
  SUBCASE("the chunk ends with the key it should begin behind") {
    table.source.compare = [](const auto& one, const auto& other) {
      const int order = static_cast<int>(std::stoll(one[0]) - std::stoll(other[0]));
      return order == 0 ? 1 : order;
    };
    table.definition.capture.chunk_rows = 1;
  }
  SUBCASE("the last key compares as the first") {
    table.source.compare = [](const auto& one, const auto& other) {
      if (other[0] == "19") return 1;
      return static_cast<int>(std::stoll(one[0]) - std::stoll(other[0]));
    };
  }
  CHECK_THROWS_AS(table.cycle(), Error);
  if (table.definition.capture.chunk_rows == 1) CHECK(table.source.statements.size() < 5);
}

TEST_CASE("padded keys are read again as the source pads them, and as they are when the padding changed") {
  CapturedTable table(small_layout());
  table.source.padded_to = 8;
  fill(table, {"a", "b", "c"});
  table.cycle();
  const auto image = table.journal->read()->images.page(table.row()->id, 0, 1).at(0);
  CHECK(image.locator == R"(["a       "])");
  CHECK(image.image.find("\"a\"") != std::string::npos);
  table.source.padded_to = 0;
  table.source.cut_short = [](std::size_t statement) { return statement == 0 ? std::optional<std::size_t>(0) : std::nullopt; };
  CHECK(news(table).empty());
}

TEST_CASE("a row that a person names twice is there, however often it is named") {
  CapturedTable table(small_layout());
  table.source.put({"x", "one", "two"});
  table.cycle();
  table.source.put({"x", "changed", "two"});
  CHECK(table.read_again({"x", "x"}).ordinals.size() == 1);
  CHECK(told(table.changes()) == std::vector<std::string>{R"(update ["x"])"});
  table.source.put({"y", "new", "two"});
  CHECK(table.read_again({"y", "y", "y"}).ordinals.size() == 1);
  CHECK(table.images() == 2);
}

TEST_CASE("a key that was padded when it was seen last is found without its blanks") {
  CapturedTable table(small_layout());
  table.source.padded_to = 8;
  table.source.put({"x", "one", "two"});
  table.cycle();
  table.source.padded_to = 0;
  CHECK(table.read_again({"x"}).ordinals.size() == 1);
  CHECK(table.changes().empty());
  table.source.erase({"x"});
  CHECK(table.read_again({"x"}).ordinals.empty());
  CHECK(told(table.changes()) == std::vector<std::string>{R"(delete ["x"])"});
}
