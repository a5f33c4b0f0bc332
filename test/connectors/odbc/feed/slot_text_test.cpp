#include <doctest/doctest.h>

#include "connectors/odbc/feed/slot_text.h"

namespace slot = connectors::odbc::slot;

namespace {

std::optional<std::string> key_after(const char* line, const std::vector<std::string>& columns) {
  const auto change = slot::row_change(line);
  return change ? slot::key_of(change->after, columns) : std::nullopt;
}

}  // namespace

TEST_CASE("a key is taken from a line of the slot in the form in which rows have it") {
  const char* const line =
      "INSERT: a[character]:'x''y  ' b[numeric]:1.50 d[date]:'2026-01-02' t[timestamp with time zone]:'2026-01-02 01:04:05.1+00'"
      " u[uuid]:'00000000-0000-0000-0000-00000000000a' y[bytea]:'\\x0001ff' f[boolean]:true l[integer[]]:'{1,2}' s[bit]:B'01' v[text]:null";
  CHECK(key_after(line, {"a", "b"}) == "x'y  |1.50");
  CHECK(key_after(line, {"B", "D"}) == "1.50|2026-01-02");
  CHECK(key_after(line, {"t", "u"}) == "2026-01-02 01:04:05.1|00000000-0000-0000-0000-00000000000a");
  CHECK(key_after(line, {"y", "f", "l", "s"}) == "0001ff|1|{1,2}|01");
  CHECK_FALSE(key_after(line, {"v"}));
  CHECK_FALSE(key_after(line, {"missing"}));
}

TEST_CASE("text that looks like the slot's own is text") {
  CHECK(key_after("INSERT: \"odd \"\"[x]:\"[text]:'a b[text]:''c'' new-tuple: d' id[integer]:7", {"id"}) == "7");
  CHECK(key_after("INSERT: v[text]:'|~' id[integer]:-7", {"v", "id"}) == "~1~0|-7");
  CHECK(slot::emptied_tables("table public.a: INSERT: v[text]:'x: TRUNCATE: (y'") == std::vector<std::string_view>{"public.a: INSERT: v[text]:'x"});
}

TEST_CASE("an update tells the old key where it had another one") {
  const auto moved = slot::row_change("UPDATE: old-key: id[integer]:1 new-tuple: id[integer]:2 v[text]:unchanged-toast-datum");
  REQUIRE(moved);
  CHECK(slot::key_of(moved->before, {"id"}) == "1");
  CHECK(slot::key_of(moved->after, {"id"}) == "2");
  CHECK_FALSE(slot::key_of(moved->after, {"v"}));
  const auto stayed = slot::row_change("UPDATE: id[integer]:1");
  REQUIRE(stayed);
  CHECK(stayed->before.empty());
  const auto gone = slot::row_change("DELETE: id[integer]:1");
  REQUIRE(gone);
  CHECK(slot::key_of(gone->before, {"id"}) == "1");
}

TEST_CASE("what names no row is no row") {
  CHECK_FALSE(slot::row_change("DELETE: (no-tuple-data)"));
  CHECK_FALSE(slot::row_change("TRUNCATE: (no-flags)"));
  CHECK_FALSE(slot::row_change("INSERT: id[integer]:'never closed"));
  CHECK(slot::emptied_tables("table public.a: TRUNCATE: restart_seqs cascade") == std::vector<std::string_view>{"public.a"});
  CHECK(slot::emptied_tables("table public.a, \"S\".\"b c\": TRUNCATE: (no-flags)") == std::vector<std::string_view>{"public.a", "\"S\".\"b c\""});
}

TEST_CASE("a commit that other snapshots do not see yet is told from one that they see") {
  const slot::Visibility visible("4294968000:4294968010:4294968000,4294968005");  // ids of the second round: 704, 714
  CHECK(visible.sees(703));
  CHECK_FALSE(visible.sees(704));
  CHECK(visible.sees(706));
  CHECK_FALSE(visible.sees(709));
  CHECK(visible.sees(713));
  CHECK_FALSE(visible.sees(714));
  CHECK(visible.sees(4'294'967'000U));
  CHECK(slot::Visibility("733:733:").sees(732));
}
