// Mapped rows a second on one core: the ten plain expressions below, and with one e164 and one title_case besides.
#include <time.h>

#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "engine/map/mapper.h"
#include "test/bench/support/figure.h"

namespace {

namespace model = engine::model;
namespace settings = engine::settings;

struct Field {
  const char* name;
  const char* sql;
};

constexpr std::array ten_plain{
    Field{"name", "trim(ragsoc)"},
    Field{"city", "citta"},
    Field{"address", "indir || ', ' || cap"},
    Field{"status", "CASE stato WHEN 'A' THEN 'active' ELSE 'closed' END"},
    Field{"vat", "'IT' || piva"},
    Field{"credit", "dec_round(fido, 2)"},
    Field{"last_order", "from_cyymmdd(dtulo)"},
    Field{"mail", "coalesce(email, '')"},
    Field{"days", "ggpag + 30"},
    Field{"agent", "substr(codage, 1, 3)"},
};
constexpr std::array with_text_functions{
    Field{"phone", "e164(tel, 'IT')"},
    Field{"display_name", "title_case(ragsoc)"},
};

model::Layout layout() {
  using enum model::ColumnType;
  const auto column = [](const char* name, model::ColumnType type) { return model::Column{.name = name, .type = type}; };
  return {.columns = {column("codcli", text), column("ragsoc", text), column("indir", text), column("cap", text),
                      column("citta", text), column("piva", text), column("tel", text), column("email", text),
                      column("fido", decimal), column("dtulo", integer), column("stato", text), column("codage", text),
                      column("ggpag", integer)},
          .key = {0}};
}

/// Distinct names and numbers, so that no cache of results makes the figure better than it is.
model::RowBatch rows(std::size_t count, std::size_t columns) {
  model::RowBatch batch;
  batch.begin(columns);
  for (std::size_t i = 0; i < count; ++i) {
    const std::array cells{fmt::format("C{:07}", i), fmt::format("ROSSI MARIO & FIGLI {} SNC", i),
                           fmt::format("VIA ROMA {}", i % 300), std::string("40100"), std::string("BOLOGNA"),
                           fmt::format("{:011}", i), fmt::format("051 2{:05}", i % 100'000),
                           fmt::format("ordini{}@example.com", i), fmt::format("{}.50", i % 50'000),
                           std::string("1251104"), std::string(i % 7 ? "A" : "C"), fmt::format("AG{:04}", i % 90),
                           std::string("60")};
    for (const auto& cell : cells) batch.append(cell);
    batch.end_row();
  }
  return batch;
}

template <std::size_t count>
void add_fields(settings::PipelineDefinition& pipeline, const std::array<Field, count>& fields) {
  for (const Field& field : fields) {
    pipeline.map.push_back({.field = field.name, .expressions = {{.sql = field.sql, .origin = {.file = "bench"}}}});
  }
}

/// Of this thread alone: the goals are meant for one core, whoever else is on the machine.
double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double rows_per_second(const settings::PipelineDefinition& pipeline, const model::Layout& shape, const model::RowBatch& batch) {
  settings::Diagnostics diagnostics;
  const auto mapper = engine::map::Mapper::compile(pipeline, shape, diagnostics);
  if (!mapper) throw std::runtime_error(diagnostics.all().front().message);
  std::vector<double> rates;
  for (int round = 0; round < 5; ++round) {
    const double start = cpu_seconds();
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const auto outcome = mapper->map({.after = batch.row(i), .before = batch.row((i + 1) % batch.rows())});
      if (!std::holds_alternative<engine::map::Mapped>(outcome)) throw std::runtime_error("a row was not mapped");
    }
    rates.push_back(static_cast<double>(batch.rows()) / (cpu_seconds() - start));
  }
  return bench::best(rates, bench::Better::more);
}

}  // namespace

int main() {
  const model::Layout shape = layout();
  const model::RowBatch batch = rows(50'000, shape.columns.size());
  settings::PipelineDefinition pipeline{.name = "bench", .table = "customers"};
  pipeline.target.match = {{.field = "code", .expressions = {{.sql = "codcli", .origin = {.file = "bench"}}}}};
  add_fields(pipeline, ten_plain);
  print(bench::compared("mapped_ten_plain_expressions", rows_per_second(pipeline, shape, batch), {}, "rows/s", bench::Better::more, 200'000));
  settings::PipelineDefinition guarded = pipeline;
  guarded.rules = {{.name = "VAT number has eleven digits", .check = {.sql = "piva regexp '^[0-9]{11}$'", .origin = {.file = "bench"}}}};
  print(bench::compared("mapped_ten_plain_with_a_rule", rows_per_second(guarded, shape, batch), {}, "rows/s", bench::Better::more, 180'000));
  add_fields(pipeline, with_text_functions);
  print(bench::compared("mapped_ten_plain_e164_title_case", rows_per_second(pipeline, shape, batch), {}, "rows/s", bench::Better::more, 100'000));
}
