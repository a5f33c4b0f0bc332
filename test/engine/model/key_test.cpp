#include "engine/model/key.h"

#include <doctest/doctest.h>

#include <compare>

#include "engine/base/error.h"
#include "test/support/random_rows.h"

using namespace engine::model;

namespace {

std::string encoded(const Layout& layout, const test::Cells& cells) {
  RowBatch batch;
  batch.begin(layout.columns.size());
  test::append(cells, batch);
  std::string key;
  encode_key(layout, batch.row(0), key);
  return key;
}

std::string json_of(const Layout& layout, const test::Cells& cells) {
  RowBatch batch;
  batch.begin(layout.columns.size());
  test::append(cells, batch);
  return key_json(layout, batch.row(0));
}

Layout random_key_layout() {
  const auto types = *rc::gen::resize(4, rc::gen::nonEmpty(rc::gen::container<std::vector<ColumnType>>(rc::gen::elementOf(
                                             std::vector<ColumnType>(std::begin(test::all_types), std::end(test::all_types))))));
  return test::layout_of(types, types.size());
}

/// The order that the encoding promises, from the values themselves.
std::strong_ordering order(ColumnType type, const std::string& one, const std::string& other) {
  if (type == ColumnType::integer) return std::stoll(one) <=> std::stoll(other);
  return one.compare(other) <=> 0;
}

}  // namespace

TEST_CASE("encoded keys order as their values do, and only equal keys are equal") {
  CHECK(rc::check([] {
    const Layout layout = random_key_layout();
    test::Cells one = test::random_cells(layout);
    test::Cells other = test::random_cells(layout);
    // Random composite keys hardly ever share their first parts.
    const auto shared = *rc::gen::inRange<std::size_t>(0, layout.key.size());
    for (std::size_t i = 0; i < shared; ++i) other[i] = one[i];
    auto expected = std::strong_ordering::equal;
    for (std::size_t i = 0; i < layout.key.size() && expected == std::strong_ordering::equal; ++i) {
      expected = order(layout.columns[i].type, *one[i], *other[i]);
    }
    RC_ASSERT((encoded(layout, one).compare(encoded(layout, other)) <=> 0) == expected);
  }));
}

TEST_CASE("a text sorts before what it begins, with zeros and high bytes in it as well") {
  const Layout layout = test::layout_of({ColumnType::text, ColumnType::integer}, 2);
  const std::vector<std::string> ascending = {"", std::string(1, '\0'), std::string("\0\0", 2), std::string("\0\x01", 2),
                                              std::string("\0\xff", 2), "\x01", "a", std::string("a\0", 2), "a\x01", "b", "\xff"};
  for (std::size_t i = 1; i < ascending.size(); ++i) {
    CAPTURE(i);
    CHECK(encoded(layout, {ascending[i - 1], "9"}) < encoded(layout, {ascending[i], "-9"}));
  }
  CHECK(encoded(layout, {"a", "-9223372036854775808"}) < encoded(layout, {"a", "9223372036854775807"}));
}

TEST_CASE("a key column that is NULL is named") {
  const Layout layout = test::layout_of({ColumnType::text, ColumnType::text}, 2);
  try {
    encoded(layout, {"a", std::nullopt});
    FAIL("a NULL was taken for a key");
  } catch (const engine::Error& error) {
    CHECK(error.code() == engine::ErrorCode::source_bad_data);
    CHECK(std::string(error.what()).find("C\"1") != std::string::npos);
  }
}

TEST_CASE("a key as a person types it is the key as the change log writes it") {
  CHECK(rc::check([] {
    const Layout layout = random_key_layout();
    const test::Cells cells = test::random_cells(layout);
    std::vector<std::string> typed;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      // Binary is typed as people see it: in base64.
      if (layout.columns[i].type != ColumnType::binary) {
        typed.push_back(*cells[i]);
        continue;
      }
      const std::string shown = json_of(test::layout_of({ColumnType::binary}, 1), {cells[i]});
      typed.push_back(shown.substr(2, shown.size() - 4));
    }
    RC_ASSERT(key_json_of(layout, typed) == json_of(layout, cells));
  }));
}

TEST_CASE("a typed key is brought into canonical form, or refused when it cannot be of the column's type") {
  const auto typed = [](ColumnType type, const std::string& part) {
    return key_json_of(test::layout_of({type}, 1), std::vector<std::string>{part});
  };
  CHECK(typed(ColumnType::integer, "007") == "[7]");
  CHECK(typed(ColumnType::timestamp, "2026-01-02 03:04:05.500") == R"(["2026-01-02 03:04:05.5"])");
  CHECK(typed(ColumnType::text, "007") == R"(["007"])");
  for (const auto& [type, part] : std::vector<std::pair<ColumnType, std::string>>{{ColumnType::integer, "7a"},
                                                                                  {ColumnType::integer, "9223372036854775808"},
                                                                                  {ColumnType::decimal, "1e5"},
                                                                                  {ColumnType::date, "2026-1-2"},
                                                                                  {ColumnType::time, "10:00:00."},
                                                                                  {ColumnType::timestamp, "2026-01-02"},
                                                                                  {ColumnType::real, "one"},
                                                                                  {ColumnType::binary, "A"}}) {
    CAPTURE(part);
    CHECK_FALSE(typed(type, part).has_value());
  }
  CHECK_FALSE(key_json_of(test::layout_of({ColumnType::text}, 1), std::vector<std::string>{"a", "b"}).has_value());
}

TEST_CASE("a source key comes back byte by byte, padding and bytes that are not UTF-8 included") {
  const SourceKey padded{{"C001      ", "7"}};
  CHECK(source_key_json(padded) == R"(["C001      ","7"])");
  CHECK(rc::check([](std::vector<std::string> parts) {
    const SourceKey key{std::move(parts)};
    RC_ASSERT(source_key_from_json(source_key_json(key)) == key);
  }));
  CHECK(source_key_from_json(source_key_json({{"caff\xe8", ""}})) == SourceKey{{"caff\xe8", ""}});
}
