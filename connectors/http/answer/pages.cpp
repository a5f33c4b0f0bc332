#include "connectors/http/answer/pages.h"

#include <boost/json/parse.hpp>

#include "connectors/http/answer/answer_json.h"
#include "connectors/http/request/escapes.h"

namespace connectors::http {

namespace json = boost::json;

namespace {

std::string origin_of(const std::string& url) {
  const std::size_t host = url.find("://");
  return host == std::string::npos ? std::string() : url.substr(0, url.find('/', host + 3));
}

/// RFC 8288: <https://…?page=2>; rel="next", <…>; rel="last"
std::string next_in_link(const std::string* header) {
  if (header == nullptr) return {};
  for (std::size_t at = header->find('<'); at != std::string::npos; at = header->find('<', at + 1)) {
    const std::size_t end = header->find('>', at);
    if (end == std::string::npos) return {};
    const std::string parameters = header->substr(end + 1, header->find('<', end) - end - 1);
    const bool is_next = parameters.find("rel=\"next\"") != std::string::npos || parameters.find("rel=next") != std::string::npos;
    if (is_next) return header->substr(at + 1, end - at - 1);
  }
  return {};
}

PageStep to_address(const std::string& url, const std::string& address) {
  if (address.empty()) return {};
  const std::string origin = origin_of(url);
  if (address.front() == '/' && !address.starts_with("//")) return {.url = origin + address, .problem = {}};
  if (origin_of(address) == origin) return {.url = address, .problem = {}};
  return {.url = std::nullopt, .problem = "the next page is at another address: " + address.substr(0, 200)};
}

std::size_t listed(const JsonPath& items, const json::value& answer) {
  const json::value* list = items.first(answer);
  return list != nullptr && list->is_array() ? list->get_array().size() : 0;
}

}  // namespace

PagePlan::PagePlan(const engine::settings::PageRule& given) : rule(given), next(given.next), cursor(given.cursor) {}

std::string with_parameter(const std::string& url, const std::string& name, const std::string& value) {
  std::string pair;
  append_percent_encoded(name, pair);
  const std::string key = pair + "=";
  pair += '=';
  append_percent_encoded(value, pair);
  const std::size_t query = url.find('?');
  if (query == std::string::npos) return url + '?' + pair;
  for (std::size_t at = query + 1; at < url.size();) {
    const std::size_t end = std::min(url.find('&', at), url.size());
    if (url.compare(at, key.size(), key) == 0) return url.substr(0, at) + pair + url.substr(end);
    at = end + 1;
  }
  return url + '&' + pair;
}

PageStep next_page(const PagePlan& plan, const JsonPath& items, const std::string& url, const RawAnswer& answer,
                   std::size_t page) {
  const auto& rule = plan.rule;
  if (rule.next_in_link) return to_address(url, next_in_link(answer.header("Link")));
  boost::system::error_code error;
  const json::value body = parsed_answer(answer.body, error);
  if (error) return {.url = std::nullopt, .problem = "a page is not JSON"};
  if (!rule.next.empty()) return to_address(url, scalar_text(plan.next.first(body)));
  if (!rule.cursor.empty()) {
    const std::string cursor = scalar_text(plan.cursor.first(body));
    if (cursor.empty()) return {};
    return {.url = with_parameter(url, rule.put_in, cursor), .problem = {}};
  }
  // A full page may be the last one: the next is then empty, and ends it.
  if (listed(items, body) < rule.size) return {};
  const std::string& parameter = rule.number.empty() ? rule.offset : rule.number;
  const std::size_t value = rule.number.empty() ? (page + 1) * rule.size : static_cast<std::size_t>(rule.from) + page + 1;
  return {.url = with_parameter(url, parameter, std::to_string(value)), .problem = {}};
}

}  // namespace connectors::http
