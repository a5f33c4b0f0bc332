#include "engine/operate/acts/resending.h"

#include <algorithm>
#include <boost/json.hpp>

#include "engine/base/error.h"
#include "engine/operate/instance_access.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

constexpr std::size_t page_rows = 500;

}  // namespace

void in_pages(const ActContext& context, bool dry_run, const Page& page) {
  for (PageDone page_done{.more = true}; page_done.more;) {
    if (dry_run) {
      page_done = page(*context.journal.read());
    } else {
      context.journal.write([&](journal::Records& records) { page_done = page(records); });
    }
    if (!context.tell(page_done.done, page_done.total)) throw Error(ErrorCode::stopped, "stopped by whoever asked for it");
  }
}

pipeline::ResendCounts remap_pipeline(const ActContext& context, const std::string& name, const pipeline::ResendOptions& options) {
  const settings::PipelineDefinition& definition = context.instance.pipelines.at(name);
  if (definition.deliver == settings::DeliverPolicy::every_change) {
    throw Error(ErrorCode::config_invalid, "pipeline " + name + " sends messages: each stands for a change, not for a state", {},
                "`datapicker replay " + name + " --every-change` sends chosen ones again");
  }
  std::unique_ptr<pipeline::Planning> planning;
  std::optional<journal::PipelineRow> row;
  std::int64_t total = 0;
  {
    auto reader = context.journal.read();
    planning = compiled_planning(*reader, context.instance, name);
    row = reader->pipelines.find(name);
    if (!row) throw Error(ErrorCode::config_invalid, "pipeline " + name + " has never run", {}, "start the daemon first");
    total = reader->images.count(row->table_id);
  }
  pipeline::Resend resend(*planning, *row, options, context.clock);
  std::int64_t after = 0;
  in_pages(context, options.dry_run, [&](journal::Records& records) {
    const auto images = records.images.page(row->table_id, after, page_rows);
    for (const journal::RowImage& image : images) resend.image(records, image);
    if (!images.empty()) after = images.back().ordinal;
    return PageDone{images.size() == page_rows, resend.counts().looked_at, total};
  });
  return resend.counts();
}

pipeline::ResendCounts resend_images(const ActContext& context, const std::string& name, const std::vector<std::int64_t>& ordinals,
                                     bool dry_run) {
  std::unique_ptr<pipeline::Planning> planning;
  std::optional<journal::PipelineRow> row;
  {
    auto reader = context.journal.read();
    planning = compiled_planning(*reader, context.instance, name);
    row = reader->pipelines.find(name);
    if (!row) throw Error(ErrorCode::config_invalid, "pipeline " + name + " has never run", {}, "start the daemon first");
  }
  pipeline::Resend resend(*planning, *row, {.force = true, .dry_run = dry_run}, context.clock);
  std::size_t next = 0;
  in_pages(context, dry_run, [&](journal::Records& records) {
    const std::size_t end = std::min(next + page_rows, ordinals.size());
    for (; next < end; ++next) {
      if (const auto image = records.images.at(ordinals[next])) resend.image(records, *image);
    }
    return PageDone{next < ordinals.size(), static_cast<std::int64_t>(next), static_cast<std::int64_t>(ordinals.size())};
  });
  return resend.counts();
}

json::object json_of(const std::string& pipeline, const pipeline::ResendCounts& counts) {
  json::array failures;
  for (const std::string& each : counts.failures) failures.emplace_back(each);
  return {{"pipeline", pipeline},       {"looked_at", counts.looked_at}, {"create", counts.create},
          {"update", counts.update},    {"delete", counts.remove},       {"equal", counts.equal},
          {"waiting", counts.waiting},  {"failed", counts.failed},       {"failures", std::move(failures)}};
}

}  // namespace engine::operate
