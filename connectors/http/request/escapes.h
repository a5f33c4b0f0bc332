// Named escapes of templates, and percent-encoding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace connectors::http {

/// Each is the quoting of one query language: a value of the source must never leave its place.
enum class Filter : std::uint8_t {
  none,
  text,        ///< the value as text, so that a number becomes a JSON string
  rt_quote,    ///< inside '…' of TicketSQL: backslash and quote get a backslash
  sql_quote,   ///< inside '…' of SQL and OData: a quote is doubled
  soql_quote,  ///< inside '…' of Salesforce's SOQL
  vtql_quote,  ///< inside '…' of vtiger's VTQL, which hands it on to MySQL: a quote and a backslash are doubled
  number,      ///< digits as a JSON number; anything else is refused
  jql_phrase,  ///< inside \"…\" of a text search in Jira's JQL, which ignores quotes and backslashes: they become blanks
  caret_quote, ///< in ServiceNow's encoded queries, where '^' joins conditions: it is doubled
  json,        ///< the text is JSON and stands in a body as it is; refused when it is not
};

std::optional<Filter> filter_of(std::string_view name);
std::string filtered(Filter filter, std::string_view text);

/// Everything but RFC 3986's unreserved characters is encoded: the result fits into a path segment as well as into a
/// query value.
void append_percent_encoded(std::string_view text, std::string& into);

}  // namespace connectors::http
