#include "connectors/http/answer/job_answer.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "connectors/http/answer/batch_account.h"
#include "connectors/http/prepare.h"

namespace connectors::http {

namespace json = boost::json;
using namespace engine::model;

namespace {

/// What a poll's `expect` holds of the call that began the job.
struct Asked {
  explicit Asked(const std::string& expect) : parsed(json::parse(expect)) {
    const json::object& poll = parsed.at("poll").as_object();
    kind = call_kind_of(scalar_text(&poll.at("call"))).value_or(CallKind::create);
    until_ms = poll.at("until_ms").to_number<std::int64_t>();
    is_batch = parsed.as_object().contains("records");
  }
  json::value parsed;
  CallKind kind = CallKind::create;
  std::int64_t until_ms = 0;
  bool is_batch = false;
};

}  // namespace

const JobPlan* job_of(const Question& question) {
  if (question.is_batch) {
    const auto batch = question.object.batch.find(question.kind);
    return batch != question.object.batch.end() && batch->second.job ? &*batch->second.job : nullptr;
  }
  const auto call = question.object.calls.find(question.kind);
  return call != question.object.calls.end() && call->second.job ? &*call->second.job : nullptr;
}

std::vector<CallAnswer> job_begun(const Question& question, const JobPlan& job, const Said& said, const CallAnswer& kept,
                                  std::int64_t now_wall_ms) {
  const std::string id = said.document() != nullptr ? scalar_text(job.id.first(*said.document())) : std::string();
  if (id.empty()) return {};
  json::object expect{{"poll", {{"call", std::string(name_of(question.kind))}, {"until_ms", now_wall_ms + job.at_most_ms}}}};
  const auto poll = [&] { return prepare_poll(question.target, job.request, question.object_name, id, json::serialize(expect)); };
  std::vector<CallAnswer> answers = for_each_record(kept, question.records);
  if (!question.is_batch) {
    answers[0].outcome = Accepted{.poll = poll(), .poll_of_all = nullptr, .after_ms = job.every_ms};
    return answers;
  }
  const json::value expected = json::parse(question.expect);
  const json::array& records = expected.at("records").as_array();
  expect["records"] = records;
  // One question for all while they are together, and one for each alone: after a crash each record goes on by itself.
  const auto of_all = std::make_shared<const std::string>(poll());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    expect["records"] = json::array{records.at(i)};
    expect["index"] = i;
    expect["of"] = records.size();
    answers[i].outcome = Accepted{.poll = poll(), .poll_of_all = of_all, .after_ms = job.every_ms};
  }
  return answers;
}

std::vector<CallAnswer> judge_poll(const Question& question, const RawAnswer& raw, std::int64_t now_wall_ms) {
  const Asked asked(question.expect);
  const Question begun{question.target, question.object, asked.kind, question.records, asked.is_batch, question.expect,
                       question.object_name};
  const JobPlan* job = job_of(begun);
  // Judged as if the call itself were answered: that is what is returned once the job is done. Until then only its text
  // is used.
  std::vector<CallAnswer> answers = judge_ended(begun, raw, now_wall_ms);
  const CallAnswer& kept = answers.front();
  const auto for_all = [&](DeliveryOutcome outcome) {
    CallAnswer answer = kept;
    answer.outcome = std::move(outcome);
    answer.of_this_record = false;
    return for_each_record(answer, question.records);
  };
  if (job == nullptr) return for_all(Uncertain{.reason = "the definition knows no job any more"});
  const bool came = raw.failure.empty() && raw.status >= 200 && raw.status < 300;
  if (!came) {
    // That the question is refused says nothing of the records: they may have been taken.
    if (const auto* refused = std::get_if<Permanent>(&kept.outcome)) {
      if (refused->auth) return for_all(*refused);
      return for_all(Uncertain{.reason = "the job cannot be asked for: " + refused->reason});
    }
    const auto* later = std::get_if<RetryLater>(&kept.outcome);
    return for_all(later != nullptr ? *later : RetryLater{.reason = "the job was asked for in vain", .after_ms = job->every_ms});
  }
  const Said said(raw);
  if (job->failed && json_fits(*job->failed, said)) {
    const std::string reason = "the job failed: " + kept.answer;
    return job->failed_is_permanent ? for_all(Permanent{.reason = reason}) : for_all(Uncertain{.reason = reason});
  }
  if (!json_fits(job->done, said)) {
    if (now_wall_ms >= asked.until_ms) return for_all(Uncertain{.reason = "the job did not end in time"});
    return for_all(Accepted{.after_ms = job->every_ms});
  }
  auto* delivered = std::get_if<Delivered>(&answers.front().outcome);
  if (!asked.is_batch && delivered != nullptr && !job->remote_id.empty()) {
    const std::string id = scalar_text(job->remote_id.first(*said.document()));
    if (!id.empty()) delivered->remote_id = id;
  }
  return answers;
}

}  // namespace connectors::http
