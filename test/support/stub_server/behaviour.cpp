#include "test/support/stub_server/behaviour.h"

#include <charconv>
#include <stdexcept>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace stub_server {

namespace {

namespace json = boost::json;

const Answer absent{.status = 404, .body = R"({"error":"no such record"})"};
const Answer unreadable{.status = 422, .body = R"({"error":"the body is not a JSON object"})"};

std::optional<json::object> object_of(const std::string& body) {
  boost::system::error_code error;
  json::value value = json::parse(body, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

void merge(json::object& into, const json::object& from) {
  for (const auto& [name, value] : from) into[name] = value;
}

/// "/objects/7" → ("objects", 7); "/objects" → ("objects", 0).
std::pair<std::string, std::int64_t> collection_and_id(std::string_view path) {
  path.remove_prefix(std::min<std::size_t>(1, path.size()));
  const auto slash = path.find('/');
  std::int64_t id = 0;
  if (slash != std::string_view::npos) std::from_chars(path.data() + slash + 1, path.data() + path.size(), id);
  return {std::string(path.substr(0, slash)), id};
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

json::object with_id(std::int64_t id, json::object record) {
  record["id"] = std::to_string(id);
  return record;
}

}  // namespace

Mode mode_of(std::string_view name) {
  if (name == "plain") return Mode::plain;
  if (name == "idempotent") return Mode::idempotent;
  if (name == "lookup") return Mode::lookup;
  throw std::runtime_error(fmt::format("no such mode: {}", name));
}

Behaviour::Behaviour(const Settings& settings, EffectLog& log) : settings_(settings), log_(log), random_(settings.seed) {}

bool Behaviour::happens(double rate) {
  return rate > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < rate;
}

Answer Behaviour::answer(const Request& request) {
  if (request.path == "/control") return control(request);
  ++counts_.requests;
  if (happens(settings_.fail_rate)) {
    ++counts_.failed;
    return {.status = 503, .body = R"({"error":"not now"})"};
  }
  if (request.method == "GET") return settings_.mode == Mode::lookup ? read_objects(request) : read(request);
  Answer answer = write(request);
  if (happens(settings_.cut_rate)) {
    ++counts_.cut;
    answer.cut = true;
  }
  return answer;
}

Answer Behaviour::control(const Request& request) {
  if (request.method != "GET") {
    const auto wanted = object_of(request.body);
    if (!wanted) return unreadable;
    for (const auto& [name, value] : *wanted) {
      if (name == "latency_ms") settings_.latency_ms = value.to_number<std::int64_t>();
      if (name == "fail_rate") settings_.fail_rate = value.to_number<double>();
      if (name == "cut_rate") settings_.cut_rate = value.to_number<double>();
    }
  }
  return {.body = fmt::format(R"({{"requests":{},"effects":{},"replays":{},"conflicts":{},"failed":{},"cut":{}}})",
                              counts_.requests, counts_.effects, counts_.replays, counts_.conflicts, counts_.failed,
                              counts_.cut),
          .without_delay = true};
}

Answer Behaviour::write(const Request& request) {
  const auto apply = [&] { return settings_.mode == Mode::lookup ? write_object(request) : write_by_path(request); };
  if (settings_.mode != Mode::idempotent || request.idempotency_key.empty()) return apply();
  const std::string fingerprint = request.method + ' ' + request.path + '\n' + request.body;
  const auto known = remembered_.find(request.idempotency_key);
  if (known == remembered_.end()) {
    const Answer answer = apply();
    remembered_.emplace(request.idempotency_key, Remembered{fingerprint, answer});
    return answer;
  }
  if (known->second.body != fingerprint) {
    ++counts_.conflicts;
    log_.append("conflict", request, {});
    return {.status = 422, .body = R"({"error":"this idempotency key came with another request"})"};
  }
  ++counts_.replays;
  log_.append("replay", request, {});
  return known->second.answer;
}

Answer Behaviour::write_by_path(const Request& request) {
  if (request.method == "POST" && request.path.ends_with("/batch")) {
    effect(request, {});
    return {.body = request.body};
  }
  const auto record = records_.find(request.path);
  const bool known = record != records_.end();
  if (request.method == "DELETE") {
    if (!known) return absent;
    records_.erase(record);
    effect(request, {});
    return {.status = 204};
  }
  if (request.method == "PATCH") {
    if (!known) return absent;
    auto now = object_of(record->second);
    const auto patch = object_of(request.body);
    if (!now || !patch) return unreadable;
    merge(*now, *patch);
    record->second = json::serialize(*now);
  } else {
    records_[request.path] = request.body;
  }
  effect(request, {});
  return {.status = known ? 200 : 201, .body = R"({"ok":true})"};
}

Answer Behaviour::write_object(const Request& request) {
  const auto [name, id] = collection_and_id(request.path);
  Collection& collection = collections_[name];
  if (request.method == "POST" && id == 0) {
    auto body = object_of(request.body);
    if (!body) return unreadable;
    collection.emplace(++last_id_, std::move(*body));
    effect(request, std::to_string(last_id_));
    return {.status = 201, .body = fmt::format(R"({{"id":"{}"}})", last_id_)};
  }
  const auto record = collection.find(id);
  if (record == collection.end()) return absent;
  if (request.method == "DELETE") {
    collection.erase(record);
    effect(request, std::to_string(id));
    return {.status = 204};
  }
  const auto body = object_of(request.body);
  if (!body) return unreadable;
  if (request.method == "PUT") record->second.clear();
  merge(record->second, *body);
  effect(request, std::to_string(id));
  return {.body = fmt::format(R"({{"id":"{}"}})", id)};
}

Answer Behaviour::read(const Request& request) const {
  const auto record = records_.find(request.path);
  return record == records_.end() ? absent : Answer{.body = record->second};
}

Answer Behaviour::read_objects(const Request& request) const {
  const auto [name, id] = collection_and_id(request.path);
  const auto collection = collections_.find(name);
  if (id != 0) {
    if (collection == collections_.end() || !collection->second.contains(id)) return absent;
    return {.body = json::serialize(with_id(id, collection->second.at(id)))};
  }
  const std::string field = percent_decoded(std::string_view(request.query).substr(0, request.query.find('=')));
  const auto value = query_value(request.query, field);
  json::array items;
  if (collection != collections_.end()) {
    for (const auto& [record_id, record] : collection->second) {
      const auto* held = record.if_contains(field);
      if (!request.query.empty() && (!held || !value || text_of(*held) != *value)) continue;
      items.emplace_back(with_id(record_id, record));
    }
  }
  return {.body = json::serialize(json::object{{"items", std::move(items)}})};
}

void Behaviour::effect(const Request& request, std::string_view id) {
  ++counts_.effects;
  log_.append("effect", request, id);
}

}  // namespace stub_server
