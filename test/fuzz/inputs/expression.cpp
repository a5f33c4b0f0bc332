// A mapping's SQL over a row: refused at its place, or it gives the same value each time, within its limits.
#include <string>

#include "engine/map/mapper.h"
#include "engine/model/fields.h"
#include "engine/settings/diagnostics.h"
#include "test/engine/map/mapping.h"
#include "test/fuzz/fuzzed.h"

using namespace engine::map;

namespace {

std::string told(const MapOutcome& outcome) {
  if (const auto* mapped = std::get_if<Mapped>(&outcome)) {
    fuzz::demand(engine::model::fields_json(engine::model::fields_from_json(mapped->fields)) == mapped->fields, "mapped fields can be read again");
    return mapped->match + mapped->fields + mapped->comment.value_or("");
  }
  if (const auto* failed = std::get_if<Failed>(&outcome)) {
    fuzz::demand(!failed->reason.empty(), "a row that cannot be mapped says why");
    return failed->reason;
  }
  return std::get<Left>(outcome).match;
}

}  // namespace

/// The expression of a field, and behind zero bytes `where` and a type.
void fuzz::take(std::string_view input) {
  const std::string sql(next_part(input));
  const std::string where(next_part(input));
  auto pipeline = test::pipeline_of(sql);
  if (!where.empty()) pipeline.where = test::expression(where);
  engine::settings::Diagnostics diagnostics;
  const MapLimits limits{.steps_max = 200'000, .value_bytes_max = 100'000};
  const auto mapper = Mapper::compile(pipeline, test::customer_layout(), diagnostics, limits);
  demand((mapper == nullptr) == !diagnostics.ok(), "an expression is refused with a reason, or not refused");
  for (const auto& problem : diagnostics.all()) demand(problem.origin.line > 0 && problem.origin.column > 0, "a problem has its place");
  if (mapper == nullptr) return;
  const test::Change update = test::update();
  const test::Change removal(std::nullopt, test::customer());
  const test::Change insert(test::customer(), std::nullopt);
  for (const test::Change* change : {&update, &removal, &insert}) {
    demand(told(mapper->map(change->row())) == told(mapper->map(change->row())), "the same change maps to the same");
  }
}
