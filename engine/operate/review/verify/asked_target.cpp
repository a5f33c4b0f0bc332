#include <fmt/format.h>

#include "connectors/catalog/catalog.h"
#include "engine/base/error.h"
#include "engine/model/read_back.h"
#include "engine/operate/review/verify/counting.h"
#include "engine/operate/review/verify/target_side.h"
#include "engine/operate/targets/trial_words.h"
#include "engine/pipeline/questions.h"

namespace engine::operate {

namespace {

constexpr std::size_t page_images = 200;
constexpr std::int64_t failures_in_a_row_max = 20;

using model::CallKind;
using What = WantedRecord::What;

std::string value_text(const model::FieldMap& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : model::value_json(found->second);
}

bool is_missing(const model::CallAnswer& answer) {
  const auto* permanent = std::get_if<model::Permanent>(&answer.outcome);
  return permanent != nullptr && permanent->missing;
}

class AskedComparison {
 public:
  explicit AskedComparison(const TargetSide& side) : in_(side), target_(connectors::catalog::make_target(side.connection)), traits_(target_->traits(side.pipeline.target.object)),
        questions_(*target_, side.connection.limits) {}
  ~AskedComparison() { target_->stop(); }

  VerifiedSide run() {
    if (!traits_.has(CallKind::find) && !traits_.has(CallKind::read_back)) {
      side_.unable = fmt::format("{} offers neither a look-up of {} nor reads them back", in_.connection.name, in_.pipeline.target.object);
      return std::move(side_);
    }
    if (!traits_.has(CallKind::read_back)) side_.notes.push_back("the target only looks records up: that they are there is compared, and no field");
    side_.notes.push_back("the target cannot be listed: what is extra there is not told");
    const std::int64_t total = in_.records.images.count(in_.table_id);
    std::int64_t done = 0;
    for (std::int64_t after = 0;;) {
      const std::vector<journal::RowImage> page = in_.records.images.page(in_.table_id, after, page_images);
      if (page.empty()) return std::move(side_);
      after = page.back().ordinal;
      compare(wanted_of(page));
      in_.options.tell("target", done += static_cast<std::int64_t>(page.size()), total);
    }
  }

 private:
  std::vector<WantedRecord> wanted_of(const std::vector<journal::RowImage>& page) {
    std::vector<WantedRecord> wanted;
    for (const journal::RowImage& image : page) {
      WantedRecord one = in_.wanted.of(image);
      if (one.what == What::never_sent) ++side_.never_sent;
      if (one.what == What::there) wanted.push_back(std::move(one));
    }
    return wanted;
  }

  model::Call call_for(const WantedRecord& wanted, CallKind kind) const {
    model::Call call{.kind = kind, .object = in_.pipeline.target.object, .match = model::fields_from_json(wanted.match)};
    call.remote_id = wanted.remote_id;
    if (kind == CallKind::read_back) call.fields = call.changed_fields = model::without_associations(wanted.fields);
    return call;
  }

  /// Those without an id are looked up first, where the target knows records by ids.
  void compare(std::vector<WantedRecord> wanted) {
    side_.looked_at += static_cast<std::int64_t>(wanted.size());
    if (traits_.has(CallKind::find)) look_up(wanted);
    if (traits_.has(CallKind::read_back)) read_back(wanted);
  }

  void look_up(std::vector<WantedRecord>& wanted) {
    const bool reads_back = traits_.has(CallKind::read_back);
    std::vector<model::Call> calls;
    std::vector<WantedRecord*> asked;
    for (WantedRecord& each : wanted) {
      if (reads_back && each.remote_id) continue;
      calls.push_back(call_for(each, CallKind::find));
      asked.push_back(&each);
    }
    const std::vector<model::CallAnswer> answers = questions_.ask(calls);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      WantedRecord& record = *asked[i];
      const bool ok = std::holds_alternative<model::Delivered>(answers[i].outcome);
      if (ok && !answers[i].found.empty()) {
        record.remote_id = answers[i].found.front();
        if (!reads_back) tell({.kind = MismatchKind::different, .key = record.key, .values = {}});
        continue;
      }
      if (ok) tell({.kind = MismatchKind::missing, .key = record.key, .values = {}});
      else fail(answers[i]);
      record.what = What::gone;
    }
    std::erase_if(wanted, [](const WantedRecord& each) { return each.what == What::gone; });
  }

  void read_back(const std::vector<WantedRecord>& wanted) {
    std::vector<model::Call> calls;
    for (const WantedRecord& each : wanted) calls.push_back(call_for(each, CallKind::read_back));
    const std::vector<model::CallAnswer> answers = questions_.ask(calls);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const model::CallAnswer& answer = answers[i];
      if (is_missing(answer)) {
        tell({.kind = MismatchKind::missing, .key = wanted[i].key, .values = {}});
      } else if (!std::holds_alternative<model::Delivered>(answer.outcome)) {
        fail(answer);
      } else {
        tell(compared(wanted[i].key, calls[i].fields, answer.fields));
      }
    }
  }

  static Mismatch compared(const std::string& key, const model::FieldMap& wanted, const model::FieldMap& there) {
    Mismatch mismatch{.kind = MismatchKind::different, .key = key, .values = {}};
    for (const std::string& name : model::refused_fields(wanted, there)) {
      mismatch.values.push_back({name, value_text(wanted, name), value_text(there, name)});
    }
    return mismatch;
  }

  /// What is `different` in no field is equal.
  void tell(Mismatch mismatch) {
    failed_in_a_row_ = 0;
    if (mismatch.kind == MismatchKind::different && mismatch.values.empty()) ++side_.equal;
    else if (in_.wanted.is_under_way(mismatch.key)) ++side_.under_way;
    else {
      const std::string key = mismatch.key;
      count(side_, std::move(mismatch), key, in_.options.samples);
    }
  }

  void fail(const model::CallAnswer& answer) {
    ++side_.failed;
    const std::string reason = reason_of(answer.outcome);
    if (side_.failed == 1) side_.notes.push_back("the target did not answer about some records: " + reason);
    if (++failed_in_a_row_ < failures_in_a_row_max) return;
    throw Error(ErrorCode::target_unreachable, "the target answers none of the questions: " + reason, {{"connection", in_.connection.name}},
                "`datapicker check` tries its address and credentials");
  }

  const TargetSide& in_;
  std::unique_ptr<model::Target> target_;
  const model::ObjectTraits& traits_;
  pipeline::Questions questions_;
  std::int64_t failed_in_a_row_ = 0;
  VerifiedSide side_;
};

}  // namespace

VerifiedSide compare_asked(const TargetSide& side) { return AskedComparison(side).run(); }

}  // namespace engine::operate
