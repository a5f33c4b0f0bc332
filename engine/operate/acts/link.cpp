// `link`: adopts a target that is already full. Finds the record of each row by its match value and keeps its id; writes nothing there.
#include <boost/json.hpp>

#include "connectors/catalog/catalog.h"
#include "engine/base/error.h"
#include "engine/operate/acts/act_kinds.h"
#include "engine/operate/acts/request.h"
#include "engine/operate/acts/resending.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/targets/trial_words.h"
#include "engine/pipeline/questions.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

constexpr std::size_t page_rows = 200;
constexpr std::size_t shown = 20;
constexpr std::int64_t failures_in_a_row_max = 20;

struct Lookup {
  journal::Delivery delivery;  ///< as it would be sent
  model::CallAnswer answer;
};

struct Counts {
  std::int64_t looked_at = 0;
  std::int64_t linked = 0;
  std::int64_t known = 0;
  std::int64_t absent = 0;
  std::int64_t doubled = 0;
  std::int64_t failed = 0;
  std::int64_t failed_in_a_row = 0;
  json::array absent_keys;
  json::array doubled_keys;
  json::array failures;
};

void note(json::array& list, std::string text) {
  if (list.size() < shown) list.emplace_back(std::move(text));
}

class Linking {
 public:
  Linking(const ActContext& context, std::string name, bool dry_run)
      : context_(context), name_(std::move(name)), dry_run_(dry_run), definition_(known_definition(context.instance.pipelines, "pipeline", name_)) {
    const settings::TargetConnection& connection = context.instance.targets.at(definition_.target.connection);
    target_ = connectors::catalog::make_target(connection);
    questions_ = std::make_unique<pipeline::Questions>(*target_, connection.limits);
    if (!target_->traits(definition_.target.object).has(model::CallKind::find)) {
      throw Error(ErrorCode::config_invalid, "target " + definition_.target.connection + " has no look-up for " + definition_.target.object, {},
                  "it writes by the match value itself: there is nothing to link");
    }
    auto reader = context.journal.read();
    planning_ = compiled_planning(*reader, context.instance, name_);
    const auto row = reader->pipelines.find(name_);
    if (!row) throw Error(ErrorCode::config_invalid, "pipeline " + name_ + " has never run", {}, "start the daemon first");
    row_ = *row;
    total_ = reader->images.count(row_.table_id);
  }
  ~Linking() { target_->stop(); }

  json::object run() {
    std::int64_t after = 0;
    for (bool more = true; more;) {
      std::vector<Lookup> lookups = wanted(after, more);
      find(lookups);
      for (const Lookup& lookup : lookups) count(lookup);
      if (!dry_run_) store(lookups);
      if (!context_.tell(counts_.looked_at, total_)) throw Error(ErrorCode::stopped, "stopped by whoever asked for it; what was found is kept");
    }
    return {{"pipeline", name_},          {"looked_at", counts_.looked_at},        {"linked", counts_.linked},
            {"known", counts_.known},     {"absent", counts_.absent},              {"doubled", counts_.doubled},
            {"failed", counts_.failed},   {"absent_keys", counts_.absent_keys},    {"doubled_keys", counts_.doubled_keys},
            {"failures", counts_.failures}};
  }

 private:
  std::vector<Lookup> wanted(std::int64_t& after, bool& more) {
    auto reader = context_.journal.read();
    const auto images = reader->images.page(row_.table_id, after, page_rows);
    more = images.size() == page_rows;
    std::vector<Lookup> lookups;
    for (const journal::RowImage& image : images) {
      after = image.ordinal;
      ++counts_.looked_at;
      planning_->learn(*reader, image.layout_id);
      journal::Delivery delivery = planning_->map_image(row_, image, context_.clock);
      if (delivery.state == journal::DeliveryState::dead || !delivery.present) continue;
      if (reader->deliveries.remote_id(delivery.connection, delivery.object, delivery.match)) {
        ++counts_.known;
      } else {
        lookups.push_back({std::move(delivery), {}});
      }
    }
    return lookups;
  }

  void find(std::vector<Lookup>& lookups) {
    std::vector<model::Call> calls;
    for (const Lookup& lookup : lookups) {
      calls.push_back({.kind = model::CallKind::find, .object = lookup.delivery.object, .match = model::fields_from_json(lookup.delivery.match)});
    }
    std::vector<model::CallAnswer> answers = questions_->ask(calls);
    for (std::size_t i = 0; i < lookups.size(); ++i) lookups[i].answer = std::move(answers[i]);
  }

  void count(const Lookup& lookup) {
    if (!std::holds_alternative<model::Delivered>(lookup.answer.outcome)) {
      ++counts_.failed;
      const std::string reason = reason_of(lookup.answer.outcome);
      note(counts_.failures, lookup.delivery.key + ": " + reason);
      if (++counts_.failed_in_a_row < failures_in_a_row_max) return;
      throw Error(ErrorCode::target_unreachable, "the target answers none of the look-ups: " + reason, {{"connection", lookup.delivery.connection}},
                  "`datapicker check` tries its address and credentials; what was found so far is kept");
    }
    counts_.failed_in_a_row = 0;
    const std::size_t found = lookup.answer.found.size();
    if (found == 1) {
      ++counts_.linked;
    } else {
      ++(found == 0 ? counts_.absent : counts_.doubled);
      note(found == 0 ? counts_.absent_keys : counts_.doubled_keys, lookup.delivery.key + " " + lookup.delivery.match);
    }
  }

  // A linked record is live with unknown fields: the next change sends all of them, and an unchanged row nothing.
  void store(const std::vector<Lookup>& lookups) {
    const std::int64_t now = context_.clock.wall_ms();
    context_.journal.write([&](journal::Records& records) {
      for (const Lookup& lookup : lookups) {
        if (!std::holds_alternative<model::Delivered>(lookup.answer.outcome) || lookup.answer.found.size() != 1) continue;
        const journal::Delivery& delivery = lookup.delivery;
        records.deliveries.put_remote_id(delivery.connection, delivery.object, delivery.match, lookup.answer.found.front(), now);
        if (const auto sent = records.deliveries.last_sent(row_.id, delivery.key); sent && sent->live) continue;
        records.deliveries.put_last_sent({.pipeline_id = row_.id,
                                          .key = delivery.key,
                                          .connection = delivery.connection,
                                          .object = delivery.object,
                                          .match = delivery.match,
                                          .fields = std::nullopt,
                                          .live = true,
                                          .mapping = delivery.mapping,
                                          .sent_ms = now});
      }
    });
  }

  const ActContext& context_;
  std::string name_;
  bool dry_run_;
  const settings::PipelineDefinition& definition_;
  std::unique_ptr<model::Target> target_;
  std::unique_ptr<pipeline::Questions> questions_;
  std::unique_ptr<pipeline::Planning> planning_;
  journal::PipelineRow row_;
  std::int64_t total_ = 0;
  Counts counts_;
};

}  // namespace

json::object link_records(const json::object& request, const ActContext& context) {
  return Linking(context, text_of(request, "pipeline"), flag_of(request, "dry_run")).run();
}

}  // namespace engine::operate
