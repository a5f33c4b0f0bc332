#include "engine/operate/review/preview.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "connectors/catalog/catalog.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/model/key.h"
#include "engine/model/row_json.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/review/unconnected.h"
#include "engine/operate/typed_key.h"
#include "engine/pipeline/target_setup.h"
#include "engine/settings/diagnostics.h"

namespace engine::operate {

namespace json = boost::json;
using pipeline::Forecast;
using What = Forecast::What;

namespace {

constexpr std::size_t page_rows = 1'000;

const settings::PipelineDefinition& pipeline_named(const settings::Instance& instance, const std::string& name) {
  if (const auto found = instance.pipelines.find(name); found != instance.pipelines.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, pipeline] : instance.pipelines) names.push_back(known);
  throw Error(ErrorCode::config_invalid, fmt::format("there is no pipeline '{}'", name), {},
              settings::did_you_mean(name, names, "there are " + settings::listed(names, "and")));
}

/// Needs nothing done: shown only to whoever asks for it by key.
bool is_quiet(What what) { return what == What::skip || what == What::left; }

/// One preview. Nothing is written anywhere: the journal is open for reading, and no target has a wire.
class Previewing {
 public:
  Previewing(const PreviewOptions& options, const settings::Instance& instance, journal::Records* records,
             const std::string& journal_id)
      : options_(options),
        instance_(instance),
        pipeline_(pipeline_named(instance, options.pipeline)),
        records_(records),
        target_(unconnected(instance.targets.at(pipeline_.target.connection))),
        forecaster_(pipeline_, known_target(), *target_, records, journal_id, system_clock().wall_ms()) {
    preview_.pipeline = pipeline_.name;
    preview_.table = pipeline_.table;
    preview_.from_source = options.from_source;
  }

  Preview run() {
    options_.from_source ? read_source() : read_images();
    return std::move(preview_);
  }

 private:
  deliver::PipelineTarget known_target() const {
    std::map<std::string, journal::PipelineRow> rows;
    if (records_ != nullptr) {
      for (journal::PipelineRow& row : records_->pipelines.all()) rows.emplace(row.name, row);
    }
    return pipeline::pipeline_target(instance_, pipeline_, rows);
  }

  void compile(const model::Layout& layout) {
    settings::Diagnostics diagnostics;
    mapper_ = map::Mapper::compile(pipeline_, layout, diagnostics);
    if (!mapper_) throw InvalidConfiguration(std::move(diagnostics));
    layout_ = layout;
  }

  void read_images() {
    const auto layout = known_layout(*records_, pipeline_.table);
    if (!layout) {
      throw Error(ErrorCode::environment_missing, fmt::format("the table '{}' was never read, so there are no rows to look at", pipeline_.table), {},
                  "let the daemon read it first, or look at the source with --source");
    }
    compile(*layout);
    const std::int64_t table = records_->tables.find(pipeline_.table)->id;
    if (!options_.key.empty()) {
      const TypedKey key = typed_key(*records_, pipeline_.table, options_.key);
      const auto image = records_->images.find(table, key.encoded);
      if (!image) throw Error(ErrorCode::config_invalid, fmt::format("the table '{}' has no row {}", pipeline_.table, key.json));
      look_at_image(image->image);
      return;
    }
    // All are looked at, so that the totals are whole; only the first few are kept to be shown.
    std::int64_t after = 0;
    while (true) {
      const std::vector<journal::RowImage> page = records_->images.page(table, after, page_rows);
      if (page.empty()) return;
      for (const journal::RowImage& image : page) look_at_image(image.image);
      after = page.back().ordinal;
    }
  }

  void look_at_image(const std::string& image) {
    row_.begin(layout_.columns.size());
    model::append_row_from_json(layout_, image, row_);
    look_at(row_.row(0));
  }

  void read_source() {
    const settings::TableDefinition& table = instance_.tables.at(pipeline_.table);
    const settings::SourceConnection& connection = instance_.sources.at(table.connection);
    const auto source = connectors::catalog::make_source(connection, instance_.dialects.at(connection.dialect));
    const model::TableShape shape = source->describe(table.request);
    compile(shape.layout);
    std::unique_ptr<model::RowStream> rows;
    if (options_.key.empty()) {
      rows = source->open_range(table.request, shape, {}, options_.limit);
    } else {
      const model::SourceKey key{typed_key(shape.layout, pipeline_.table, options_.key).parts};
      rows = source->open_keys(table.request, shape, {&key, 1});
    }
    while (rows->next(row_)) {
      for (std::size_t i = 0; i < row_.rows(); ++i) look_at(row_.row(i));
    }
    preview_.is_partial = options_.key.empty() && preview_.rows_looked_at == static_cast<std::int64_t>(options_.limit);
    if (!options_.key.empty() && preview_.rows_looked_at == 0) {
      throw Error(ErrorCode::config_invalid, fmt::format("the source has no row with this key in '{}'", pipeline_.table));
    }
  }

  /// The source stands still: the row is its own image before, so that nothing counts as changed by it.
  void look_at(model::RowView row) {
    const std::string key = model::key_json(layout_, row);
    const map::ChangedRow change{.after = row, .before = row, .time_ms = system_clock().wall_ms()};
    const Forecast forecast = forecaster_.of(key, mapper_->map(change));
    ++preview_.rows_looked_at;
    ++preview_.totals[std::string(name_of(forecast.what))];
    const bool is_wanted = !options_.key.empty() || !is_quiet(forecast.what);
    if (is_wanted && preview_.rows.size() < options_.limit) preview_.rows.push_back(shown(key, forecast));
  }

  PreviewedRow shown(const std::string& key, const Forecast& forecast) const {
    PreviewedRow row{.key = key, .what = forecast.what, .reason = forecast.reason};
    if (forecast.call) row.call = model::name_of(*forecast.call);
    const json::object before = json::parse(model::fields_json(forecast.before)).as_object();
    const json::object after = json::parse(model::fields_json(forecast.after)).as_object();
    for (const auto& field : after) {
      const json::value* was = before.if_contains(field.key());
      row.fields.push_back({std::string(field.key()), was == nullptr ? "" : json::serialize(*was), json::serialize(field.value())});
    }
    if (!forecast.request) return row;
    ShownRequest request = shown_request(instance_.targets.at(pipeline_.target.connection), forecast.request->request);
    row.method = std::move(request.method);
    row.url = std::move(request.url);
    row.body = std::move(request.body);
    return row;
  }

  const PreviewOptions& options_;
  const settings::Instance& instance_;
  const settings::PipelineDefinition& pipeline_;
  journal::Records* records_;
  std::unique_ptr<model::Target> target_;
  pipeline::Forecaster forecaster_;
  std::unique_ptr<map::Mapper> mapper_;
  model::Layout layout_;
  model::RowBatch row_;
  Preview preview_;
};

}  // namespace

std::int64_t Preview::failures() const {
  const auto found = totals.find("failed");
  return found == totals.end() ? 0 : found->second;
}

Preview preview(const PreviewOptions& options) {
  const settings::Instance instance = load_valid_instance(options.instance, options.from_source);
  std::error_code unreadable;
  if (options.from_source && !std::filesystem::exists(instance.journal_path, unreadable)) {
    return Previewing(options, instance, nullptr, {}).run();
  }
  journal::ReadOnlyJournal journal(instance.journal_path);
  return Previewing(options, instance, &*journal, journal.id()).run();
}

json::value json_of(const Preview& preview) {
  json::array rows;
  for (const PreviewedRow& row : preview.rows) {
    json::object fields;
    for (const FieldChange& field : row.fields) {
      fields[field.field] = json::object{{"before", field.before.empty() ? json::value(nullptr) : json::parse(field.before)},
                                         {"after", json::parse(field.after)}};
    }
    json::value request = nullptr;
    if (!row.method.empty()) request = json::object{{"method", row.method}, {"url", row.url}, {"body", row.body}};
    rows.push_back(json::object{{"key", json::parse(row.key)},
                                {"operation", name_of(row.what)},
                                {"call", row.call.empty() ? json::value(nullptr) : json::value(row.call)},
                                {"reason", row.reason},
                                {"fields", fields},
                                {"request", request}});
  }
  json::object totals;
  for (const auto& [name, number] : preview.totals) totals[name] = number;
  return json::object{{"pipeline", preview.pipeline}, {"table", preview.table},           {"from_source", preview.from_source},
                      {"rows", rows},                 {"totals", totals},                 {"rows_looked_at", preview.rows_looked_at},
                      {"partial", preview.is_partial}};
}

}  // namespace engine::operate
