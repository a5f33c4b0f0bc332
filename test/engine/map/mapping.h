// A customer row of an AS/400 flavour and short ways to map it, for the tests of engine/map.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/map/mapper.h"

namespace engine::map::test {

using Cells = std::vector<std::optional<std::string>>;

/// codcli text, ragsoc text, fido decimal, dtult integer, tel text, peso real, foto binary, dtnas date, ts timestamp,
/// "select" text, "Data Ord" text, quant decimal
const model::Layout& customer_layout();
/// 'C001', 'ROSSI SRL', 1500.00 (before 1000.00), 1240131, …
Cells customer();
Cells customer_before();

settings::Expression expression(std::string sql, int line = 7, int column = 11);
settings::FieldExpression field(std::string name, std::string sql);
/// match: { code: trim(codcli) }, depends_on: [companies], nothing mapped.
settings::PipelineDefinition pipeline();
/// The same with map: { x: sql }.
settings::PipelineDefinition pipeline_of(std::string sql);

/// Owns the cells of one change.
class Change {
 public:
  Change(const std::optional<Cells>& after, const std::optional<Cells>& before);
  ChangedRow row() const;

 private:
  model::RowBatch after_;
  model::RowBatch before_;
};

/// An update from customer_before to customer.
Change update();

/// Compiles, expecting success.
std::unique_ptr<Mapper> mapper(const settings::PipelineDefinition& definition, const MapLimits& limits = {});
/// Fields JSON of an update of the customer under `definition`, or "left MATCH" or "failed REASON".
std::string mapped(const settings::PipelineDefinition& definition);
std::string text_of(const MapOutcome& outcome);
/// What one expression gives over the customer, as JSON, or "failed REASON".
std::string value_of(const std::string& sql);
/// The problems of one expression: "CODE line:column message (suggestion)", one a line, warnings with "warning "
/// before.
std::string problems_of(const settings::PipelineDefinition& definition);
std::string problems_of(const std::string& sql);

/// numprev integer, lines (numprev, riga integer, qta, prezzo decimal, codart, note text, discounts (riga, prog, perc integer)): a quote with two lines, before with one.
const model::Layout& document_layout();
/// match: { code: numprev }, map: { x: sql }, types: { x: type } where it is not empty.
settings::PipelineDefinition document_pipeline(std::string sql, const std::string& type = {});
/// As value_of and problems_of, over that quote.
std::string document_value(const std::string& sql, const std::string& type = {});
std::string document_problems(const std::string& sql, const std::string& type = {});

}  // namespace engine::map::test
