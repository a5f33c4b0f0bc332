// A definition of a target, as an integrator writes it: refused with a reason, or requests come of it that can be frozen.
#include <string>
#include <vector>

#include "connectors/http/http_target.h"
#include "connectors/http/request/prepared_request.h"
#include "engine/settings/diagnostics.h"
#include "engine/settings/target/target_definition_reader.h"
#include "test/fuzz/fuzzed.h"

using namespace engine::model;
using namespace engine::settings;

namespace {

FieldValue text(std::string value) { return FieldScalar(std::move(value)); }

Call call_of(CallKind kind) {
  Call call;
  call.kind = kind;
  call.match = {{"code", text("C/1 \"è\"\n")}};
  call.fields = {{"address.city", text("Roma")}, {"credit", FieldScalar(NumberText{"1000.00"})}, {"name", text("'; DROP TABLE x; --")},
                 {"empty", FieldScalar(std::monostate{})}};
  call.changed_fields = call.fields;
  call.remote_id = "4/2?a=b&c";
  call.comment = "A \r\n line";
  call.marker = "[m]";
  call.association = "company";
  call.to = "7";
  call.idempotency_key = "k-1";
  return call;
}

void ask(const TargetConnection& connection) {
  const auto target = connectors::http::make_http_target(connection);
  for (const std::string object : {"customer", "ticket", "*"}) {
    if (!fuzz::taken([&] { target->traits(object); })) continue;
    for (const auto& [kind, traits] : target->traits(object).calls) {
      std::vector<Call> calls(std::min<std::size_t>(traits.records_max, 3), call_of(kind));
      for (Call& call : calls) call.object = object;
      fuzz::taken([&] {
        const PreparedCall prepared = target->prepare(calls);
        fuzz::demand(prepared.records == calls.size(), "a request speaks of each record");
        const auto thawed = connectors::http::thawed(prepared.request);
        fuzz::demand(connectors::http::frozen_text(thawed) == prepared.request, "a frozen request comes back as it was");
        for (const auto& [name, value] : thawed.headers) {
          fuzz::demand((name + value).find_first_of("\r\n") == std::string::npos, "no value of a record adds a header");
        }
        fuzz::demand(thawed.url.find_first_of(" \r\n") == std::string::npos, "no value of a record ends the URL");
      });
    }
  }
}

}  // namespace

/// The definition, and behind a zero byte what a connection adds to it.
void fuzz::take(std::string_view input) {
  Diagnostics diagnostics;
  const std::string_view first = next_part(input);
  const auto root = parse_yaml(first, "definition.yaml", diagnostics);
  if (!root) return demand(!diagnostics.ok(), "what cannot be read is told");
  const auto definition = read_target_definition(*root, diagnostics);
  const auto own = parse_yaml(input, "connection.yaml", diagnostics);
  if (!definition || !own) return;
  TargetConnection connection;
  connection.name = "under_test";
  connection.url = "http://127.0.0.1:1";
  connection.target = *definition;
  merge_connection_requests(*own, connection.target, diagnostics);
  if (!diagnostics.ok()) return;
  taken([&] { ask(connection); });
}
