#include "test/connectors/http/golden/golden_text.h"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace test_http {

namespace json = boost::json;
using namespace engine::model;
using connectors::http::Exchange;
using Body = ExpectedRequest::Body;

namespace {

using Texts = std::map<std::string, std::string>;

/// 1000, 1000.00 and 1e3 are one number.
std::string scalar_text(const json::value& value) {
  const double* number = value.if_double();
  const bool is_whole = number != nullptr && std::abs(*number) < 9e15 && *number == std::floor(*number);
  return is_whole ? std::to_string(static_cast<std::int64_t>(*number)) : json::serialize(value);
}

/// One value a line, names in order: what differs shows in a line of its own.
void append_json(const json::value& value, const std::string& indent, std::string& into) {
  const std::string deeper = indent + "  ";
  if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
    std::map<std::string, const json::value*> ordered;
    for (const auto& member : *object) ordered[std::string(member.key())] = &member.value();
    into += "{\n";
    for (const auto& [name, member] : ordered) {
      into += deeper + json::serialize(json::string(name)) + ": ";
      append_json(*member, deeper, into);
    }
    into += indent + "}\n";
  } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
    into += "[\n";
    for (const json::value& item : *array) {
      into += deeper;
      append_json(item, deeper, into);
    }
    into += indent + "]\n";
  } else {
    into += scalar_text(value) + "\n";
  }
}

std::string json_text(const std::string& body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  if (error) return body + "\n";
  std::string text;
  append_json(value, "", text);
  return text;
}

std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      result += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      result += text[i] == '+' ? ' ' : text[i];
    }
  }
  return result;
}

Texts decoded_pairs(std::string_view text) {
  Texts pairs;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    std::string& value = pairs[decoded(pair.substr(0, equals))];
    // A name given twice shows as such.
    value += (value.empty() ? "" : " & ") + decoded(pair.substr(std::min(pair.size(), equals + 1)));
  }
  return pairs;
}

std::string pairs_text(char mark, const Texts& pairs) {
  std::string text;
  for (const auto& [name, value] : pairs) text += fmt::format("{} {} = {}\n", mark, name, value);
  return text;
}

/// Sent with each request, and of no interest, as long as they are just this.
bool is_fixed(const std::string& name, const std::string& value, Body body) {
  if (name == "User-Agent") return value.starts_with("datapicker/");
  if (name == "Accept") return value == "application/json";
  if (name != "Content-Type") return false;
  return value == (body == Body::form ? "application/x-www-form-urlencoded" : "application/json");
}

std::string outcome_word(const DeliveryOutcome& outcome) {
  if (const auto* retry = std::get_if<RetryLater>(&outcome)) return retry->throttled ? "throttled" : "retry";
  if (const auto* permanent = std::get_if<Permanent>(&outcome)) {
    return permanent->auth ? "auth" : permanent->window_closed ? "window_closed" : permanent->missing ? "missing" : permanent->exists ? "exists" : "permanent";
  }
  return std::string(name_of(outcome));
}

std::string reason_of(const DeliveryOutcome& outcome) {
  return std::visit(
      [](const auto& kind) -> std::string {
        if constexpr (requires { kind.reason; }) return kind.reason;
        return {};
      },
      outcome);
}

}  // namespace

std::string request_text(const ExpectedRequest& expected) {
  std::string text = fmt::format("{} {}\n", expected.method, expected.url);
  if (expected.query) text += pairs_text('?', *expected.query);
  for (const auto& [name, value] : expected.headers) {
    if (value) text += fmt::format("{}: {}\n", name, *value);
  }
  if (expected.body_kind == Body::form) return text + pairs_text('=', expected.form);
  if (expected.body_kind == Body::text) return text + expected.body + "\n";
  return expected.body_kind == Body::json ? text + json_text(expected.body) : text;
}

std::string request_text(const Exchange& exchange, const std::vector<std::string>& headers, const std::string& base_url,
                         const ExpectedRequest* expected) {
  const Body kind = expected == nullptr ? Body::json : expected->body_kind;
  std::string url = exchange.url;
  if (url.starts_with(base_url)) url.erase(0, base_url.size());
  std::string query;
  if (expected != nullptr && expected->query && url.find('?') != std::string::npos) {
    query = pairs_text('?', decoded_pairs(url.substr(url.find('?') + 1)));
    url.resize(url.find('?'));
  }
  std::string text = fmt::format("{} {}\n{}", exchange.method, url, query);
  Texts shown;
  for (const std::string& header : headers) {
    const std::size_t colon = header.find(':');
    const std::string name = header.substr(0, colon);
    const std::string value = colon + 2 <= header.size() ? header.substr(colon + 2) : "";
    const bool named = expected != nullptr && expected->headers.contains(name);
    if (!value.empty() && (named || !is_fixed(name, value, kind))) shown[name] = value;
  }
  for (const auto& [name, value] : shown) text += fmt::format("{}: {}\n", name, value);
  if (exchange.body.empty()) return text;
  if (kind == Body::form) return text + pairs_text('=', decoded_pairs(exchange.body));
  return text + (kind == Body::text ? exchange.body + "\n" : json_text(exchange.body));
}

std::string outcome_text(const ExpectedOutcome& expected) {
  std::string text = expected.outcome + "\n";
  if (!expected.remote_id.empty()) text += "remote_id: " + expected.remote_id + "\n";
  if (expected.after_ms) text += fmt::format("after: {}ms\n", *expected.after_ms);
  if (!expected.refused.empty()) text += fmt::format("refused: {}\n", fmt::join(expected.refused, ", "));
  if (!expected.found.empty()) text += fmt::format("found: {}\n", fmt::join(expected.found, ", "));
  if (!expected.fields.empty()) text += "fields:\n" + json_text(fields_json(expected.fields));
  return expected.reason.empty() ? text : text + "reason: … " + expected.reason + " …\n";
}

std::string outcome_text(const CallAnswer& answer, const std::string& reason) {
  ExpectedOutcome shown{.outcome = outcome_word(answer.outcome)};
  std::visit(
      [&](const auto& kind) {
        if constexpr (requires { kind.remote_id; }) shown.remote_id = kind.remote_id.value_or("");
        if constexpr (requires { kind.after_ms; }) shown.after_ms = kind.after_ms;
        if constexpr (requires { kind.refused; }) shown.refused = kind.refused;
      },
      answer.outcome);
  shown.found = answer.found;
  shown.fields = answer.fields;
  const std::string told = reason_of(answer.outcome);
  if (!reason.empty()) shown.reason = told.find(reason) != std::string::npos ? reason : told;
  return outcome_text(shown);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace test_http
