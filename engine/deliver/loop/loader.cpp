#include "engine/deliver/loop/loader.h"

#include "engine/base/error.h"
#include "engine/deliver/job.h"
#include "engine/deliver/references.h"

namespace engine::deliver {

namespace {

/// One request, over one state of the journal.
class Loading {
 public:
  Loading(journal::Records& records, const model::Target& target, const LoadRequest& request)
      : records_(records), deliveries_(records.deliveries), target_(target), references_(records, target), request_(request) {}

  Loaded run() {
    for (auto& delivery : deliveries_.heads_among(request_.ids)) add(std::move(delivery), loaded_.waited);
    for (const std::int64_t id : request_.ids) {
      auto delivery = deliveries_.find(id);
      if (delivery && delivery->state == journal::DeliveryState::uncertain) add(std::move(*delivery), loaded_.waited);
    }
    for (const journal::Freed& freed : request_.freed) {
      for (auto& delivery : deliveries_.heads_behind(request_.connection, freed))
        add(std::move(delivery), loaded_.heads);
    }
    for (const ScanRequest& each : request_.scans) scan(each);
    return std::move(loaded_);
  }

 private:
  void scan(const ScanRequest& one) {
    journal::HeadScan scan = deliveries_.scan_heads(request_.connection, one.after_id, one.limit, one.pipelines);
    for (auto& delivery : scan.heads) add(std::move(delivery), loaded_.heads);
    loaded_.scanned.push_back({.queue = one.queue, .to = scan.scanned_to, .at_end = scan.scanned < one.limit});
    loaded_.any_blocked = loaded_.any_blocked || scan.blocked > 0;
  }

  /// With everything that the decision needs: the loop itself never reads.
  void add(journal::Delivery delivery, std::vector<journal::Head>& into) {
    if (request_.stops_on_dead.contains(delivery.pipeline_id) &&
        deliveries_.has_dead(delivery.pipeline_id, delivery.key)) {
      loaded_.any_blocked = true;
      return;
    }
    into.push_back(deliveries_.complete(std::move(delivery)));
    into.back().window_until_ms = window_until_ms(into.back().delivery);
    if (request_.related == nullptr) return;
    const auto pipeline = request_.related->find(into.back().delivery.pipeline_id);
    if (pipeline != request_.related->end()) references_.resolve(into.back(), pipeline->second);
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
  const LoadRequest& request_;
  Loaded loaded_;
};

}  // namespace

Loaded load(journal::Records& records, const model::Target& target, const LoadRequest& request) {
  return Loading(records, target, request).run();
}

}  // namespace engine::deliver
