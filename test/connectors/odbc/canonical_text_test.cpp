#include "connectors/odbc/canonical_text.h"

#include <doctest/doctest.h>

using connectors::odbc::canonical_text;
using engine::model::ColumnType;

namespace {

std::string form(ColumnType type, std::string_view text) {
  std::string scratch;
  const auto view = canonical_text(type, text, scratch);
  return view ? std::string(*view) : "refused";
}

}  // namespace

TEST_CASE("integers lose signs and zeros that say nothing, and are refused beyond 64 bits") {
  CHECK(form(ColumnType::integer, "42") == "42");
  CHECK(form(ColumnType::integer, "-42") == "-42");
  CHECK(form(ColumnType::integer, "+42") == "42");
  CHECK(form(ColumnType::integer, "0042") == "42");
  CHECK(form(ColumnType::integer, "-0") == "0");
  CHECK(form(ColumnType::integer, "9223372036854775807") == "9223372036854775807");
  CHECK(form(ColumnType::integer, "-9223372036854775808") == "-9223372036854775808");
  CHECK(form(ColumnType::integer, std::string_view("\1", 1)) == "1");
  CHECK(form(ColumnType::integer, std::string_view("\0", 1)) == "0");
  for (const char* bad : {"", "-", "9223372036854775808", "1.5", "1 ", " 1", "abc", "1e3", "0x10"}) CHECK(form(ColumnType::integer, bad) == "refused");
}

TEST_CASE("decimals keep every digit and their scale") {
  CHECK(form(ColumnType::decimal, "1.50") == "1.50");
  CHECK(form(ColumnType::decimal, "0") == "0");
  CHECK(form(ColumnType::decimal, "0.00") == "0.00");
  CHECK(form(ColumnType::decimal, "-0.00") == "0.00");
  CHECK(form(ColumnType::decimal, "-0") == "0");
  CHECK(form(ColumnType::decimal, "-0.01") == "-0.01");
  CHECK(form(ColumnType::decimal, ".5") == "0.5");
  CHECK(form(ColumnType::decimal, "-.5") == "-0.5");
  CHECK(form(ColumnType::decimal, "5.") == "5");
  CHECK(form(ColumnType::decimal, "007.10") == "7.10");
  CHECK(form(ColumnType::decimal, "+7") == "7");
  CHECK(form(ColumnType::decimal, "1.5e3") == "1500");
  CHECK(form(ColumnType::decimal, "1.5E-3") == "0.0015");
  CHECK(form(ColumnType::decimal, "1.0e+20") == "100000000000000000000");
  CHECK(form(ColumnType::decimal, "-12.345e1") == "-123.45");
  CHECK(form(ColumnType::decimal, "99999999999999999999999999999999999999.0000000001") == "99999999999999999999999999999999999999.0000000001");
  for (const char* bad : {"", "-", ".", "1,5", "1.2.3", "NaN", "Infinity", "1e", "1e+", "1e9999", "1 000", "++1"}) CHECK(form(ColumnType::decimal, bad) == "refused");
}

TEST_CASE("reals are the shortest text that reads back as the same double") {
  CHECK(form(ColumnType::real, "0.10000000000000001") == "0.1");
  CHECK(form(ColumnType::real, "1.0e+300") == "1e+300");
  CHECK(form(ColumnType::real, "NaN") == "nan");
  CHECK(form(ColumnType::real, "-Infinity") == "-inf");
  CHECK(form(ColumnType::real, "abc") == "refused");
  char written[32];
  CHECK(std::string(written, connectors::odbc::write_real(0.1f, written)) == "0.1");
  CHECK(std::string(written, connectors::odbc::write_real(-std::numeric_limits<double>::quiet_NaN(), written)) == "nan");
}

TEST_CASE("dates and times are ISO, fractions end with a digit that counts") {
  CHECK(form(ColumnType::date, "2026-11-22") == "2026-11-22");
  CHECK(form(ColumnType::date, "infinity") == "infinity");
  for (const char* bad : {"", "2026-11-22 BC", "12026-11-22", "22/11/2026", "20261122", "2026-1-2"}) CHECK(form(ColumnType::date, bad) == "refused");
  CHECK(form(ColumnType::time, "08:15:30.500000") == "08:15:30.5");
  CHECK(form(ColumnType::time, "08:15:30.000") == "08:15:30");
  CHECK(form(ColumnType::time, "-838:59:59") == "-838:59:59");
  for (const char* bad : {"", "8:15:30", "08:15", "08:15:30+02", "08:15:30.", "08.15.30"}) CHECK(form(ColumnType::time, bad) == "refused");
  CHECK(form(ColumnType::timestamp, "2026-11-22 08:15:30.001000") == "2026-11-22 08:15:30.001");
  CHECK(form(ColumnType::timestamp, "2026-11-22T08:15:30") == "2026-11-22 08:15:30");
  for (const char* bad : {"", "2026-11-22", "2026-11-22 08:15:30 BC", "2026-11-22 08:15:30+00", "2026-11-22 108:15:30"}) CHECK(form(ColumnType::timestamp, bad) == "refused");
  char written[40];
  CHECK(std::string(written, connectors::odbc::write_timestamp(2026, 1, 2, 3, 4, 5, 120'000'000, written)) == "2026-01-02 03:04:05.12");
  CHECK(std::string(written, connectors::odbc::write_timestamp(26, 1, 2, 3, 4, 5, 0, written)) == "0026-01-02 03:04:05");
}
