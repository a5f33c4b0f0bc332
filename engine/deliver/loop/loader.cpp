#include "engine/deliver/loop/loader.h"

#include <unordered_map>

#include "engine/base/error.h"
#include "engine/deliver/job.h"
#include "engine/deliver/questions.h"
#include "engine/deliver/references.h"

namespace engine::deliver {

namespace {

/// One request, over one state of the journal.
class Loading {
 public:
  Loading(journal::Records& records, const model::Target& target, const LoadRequest& request, Loaded& loaded)
      : records_(records), deliveries_(records.deliveries), target_(target), references_(records, target), questions_(records), request_(request),
        loaded_(loaded) {}

  void run() {
    for (const std::int64_t id : request_.ids) take_up(id);
    for (const journal::Freed& freed : request_.freed) {
      for (auto& delivery : deliveries_.heads_behind(request_.connection, freed))
        add(std::move(delivery), loaded_.heads);
      if (!freed.bundle_id) continue;
      for (auto& delivery : records_.bundles.behind(*freed.bundle_id)) add(std::move(delivery), loaded_.heads);
    }
    for (const ScanRequest& each : request_.scans) scan(each);
  }

 private:
  /// One that waited. A pending one that stands behind another now is found by a scan: nobody else would lead to it.
  void take_up(std::int64_t id) {
    auto delivery = deliveries_.find(id);
    if (!delivery) return;
    const bool pending = delivery->state == journal::DeliveryState::pending;
    if (delivery->state == journal::DeliveryState::uncertain || (pending && deliveries_.is_head(*delivery))) return add(std::move(*delivery), loaded_.waited);
    loaded_.any_blocked = loaded_.any_blocked || pending;
  }

  void scan(const ScanRequest& one) {
    const auto scan = deliveries_.scan_heads(request_.connection, one.after_id, one.limit, one.pipelines, [this](journal::Head head) {
      if (!is_kept_back(head.delivery)) loaded_.heads.push_back(completed(std::move(head)));
    });
    loaded_.scanned.push_back({.queue = one.queue, .to = scan.scanned_to, .at_end = scan.scanned < one.limit});
    loaded_.any_blocked = loaded_.any_blocked || scan.blocked > 0;
  }

  /// With everything that the decision needs: the loop itself never reads.
  void add(journal::Delivery delivery, std::vector<journal::Head>& into) {
    if (!is_kept_back(delivery)) into.push_back(completed(deliveries_.complete(std::move(delivery))));
  }

  bool is_kept_back(const journal::Delivery& delivery) {
    const bool kept_back = is_stopped(delivery) || (delivery.bundle_id && waits(*delivery.bundle_id));
    loaded_.any_blocked = loaded_.any_blocked || kept_back;
    return kept_back;
  }

  bool is_stopped(const journal::Delivery& delivery) const {
    return request_.stops_on_dead.contains(delivery.pipeline_id) && deliveries_.has_dead(delivery.pipeline_id, delivery.key);
  }

  journal::Head completed(journal::Head head) {
    head.window_until_ms = window_until_ms(head.delivery);
    const PipelineTarget* pipeline = pipeline_of(head.delivery);
    if (pipeline != nullptr && request_.related) references_.resolve(head, *pipeline);
    if (pipeline != nullptr) head.questions = questions_.of(head.delivery, *pipeline);
    return head;
  }

  const PipelineTarget* pipeline_of(const journal::Delivery& delivery) const {
    const auto pipeline = request_.pipelines->find(delivery.pipeline_id);
    return pipeline == request_.pipelines->end() ? nullptr : &pipeline->second;
  }

  /// Looked at once a loading. Nothing of a bundle is given before all of it may be sent, but for those that keep it back by themselves: so
  /// they are told, and found again.
  bool waits(std::int64_t bundle_id) {
    const auto [known, is_new] = waits_.try_emplace(bundle_id, false);
    if (!is_new) return known->second;
    const auto bundle = records_.bundles.find(bundle_id);
    if (!bundle || bundle->state != journal::BundleState::waiting) return false;
    waits_[bundle_id] = true;
    if (!records_.bundles.hold(bundle_id)) look_at_members(bundle_id);
    return true;
  }

  void look_at_members(std::int64_t bundle_id) {
    bool all = true;
    for (journal::Delivery& member : records_.bundles.members(bundle_id)) {
      if (is_stopped(member)) return;
      journal::Head head = completed(deliveries_.complete(std::move(member)));
      if (may_be_sent(head)) continue;
      all = false;
      head.held_back = true;
      loaded_.heads.push_back(std::move(head));
    }
    if (all) loaded_.bundles.insert(bundle_id);
  }

  bool may_be_sent(const journal::Head& head) const {
    const PipelineTarget* pipeline = pipeline_of(head.delivery);
    const model::ObjectTraits* traits = traits_of(head.delivery.object);
    if (pipeline == nullptr || traits == nullptr || head.delivery.not_before_ms > request_.now_ms) return false;
    return begins(head, *traits, *pipeline, request_.now_ms);
  }

  std::int64_t window_until_ms(const journal::Delivery& delivery) {
    const model::ObjectTraits* traits = traits_of(delivery.object);
    if (traits == nullptr || traits->window_of.empty() || !delivery.fields) return 0;
    const std::string party = recipient_of(delivery, *traits);
    const auto heard_ms = party.empty() ? std::nullopt : records_.conversations.last_heard_ms(delivery.connection, party);
    return heard_ms ? *heard_ms + traits->window_ms : 0;
  }

  const model::ObjectTraits* traits_of(const std::string& object) const {
    try {
      return &target_.traits(object);
    } catch (const Error&) {
      return nullptr;  // the loop tells why
    }
  }

  journal::Records& records_;
  journal::Deliveries& deliveries_;
  const model::Target& target_;
  ReferenceReader references_;
  QuestionReader questions_;
  const LoadRequest& request_;
  Loaded& loaded_;
  std::unordered_map<std::int64_t, bool> waits_;  ///< bundles that were looked at
};

}  // namespace

void Loaded::clear() {
  waited.clear();
  heads.clear();
  scanned.clear();
  bundles.clear();
  any_blocked = false;
}

void load(journal::Records& records, const model::Target& target, const LoadRequest& request, Loaded& loaded) {
  Loading(records, target, request, loaded).run();
}

}  // namespace engine::deliver
