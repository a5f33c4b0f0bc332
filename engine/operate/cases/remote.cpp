#include "engine/operate/cases/remote.h"

#include "connectors/catalog/catalog.h"
#include "connectors/http/http_target.h"
#include "engine/base/error.h"
#include "engine/settings/target/built_in.h"

namespace engine::operate {

using connectors::http::Exchange;
using connectors::http::RawAnswer;
using connectors::http::Wire;
using model::CallKind;
using settings::CaseAnswer;

namespace {

std::string text_of(const CaseAnswer& answer) {
  switch (answer.kind) {
    case CaseAnswer::Kind::lost: return "lost";
    case CaseAnswer::Kind::cut: return "cut";
    case CaseAnswer::Kind::unreachable: return "unreachable";
    case CaseAnswer::Kind::unanswered: return "unanswered";
    case CaseAnswer::Kind::status: break;
  }
  return std::to_string(answer.status);
}

/// Did the target act, whatever the sender gets to know of it?
bool takes_effect(const CaseAnswer& answer) {
  if (answer.kind == CaseAnswer::Kind::status) return answer.status >= 200 && answer.status < 300;
  return answer.kind == CaseAnswer::Kind::lost || answer.kind == CaseAnswer::Kind::unanswered;
}

}  // namespace

/// Ends at the records: `submit` answers before it returns, so a case needs no thread.
class Remote::RemoteWire final : public Wire {
 public:
  explicit RemoteWire(Remote& remote) : remote_(remote) {}
  void submit(Exchange exchange) override {
    bool answers = true;
    RawAnswer answer = remote_.arrived(exchange, answers);
    // One that gets no answer is kept until the process has ended.
    answers ? exchange.answered(std::move(answer)) : unanswered_.push_back(std::move(exchange));
  }
  void stop() override {
    for (const Exchange& exchange : std::exchange(unanswered_, {})) {
      exchange.answered({.failure = "the process ended", .request_begun = true});
    }
  }

 private:
  Remote& remote_;
  std::vector<Exchange> unanswered_;
};

/// Says which calls stand behind a request: the wire alone does not know.
class Remote::RememberingTarget final : public model::Target {
 public:
  RememberingTarget(Remote& remote, std::unique_ptr<model::Target> target) : remote_(remote), target_(std::move(target)) {}

  const model::ObjectTraits& traits(std::string_view object) const override { return target_->traits(object); }
  model::PreparedCall prepare(std::span<const model::Call> calls) const override {
    model::PreparedCall prepared = target_->prepare(calls);
    remote_.calls_[prepared.request].assign(calls.begin(), calls.end());
    return prepared;
  }
  void send(const model::PreparedCall& call, Answered answered) override {
    remote_.sends(call);
    target_->send(call, std::move(answered));
  }
  void stop() override { target_->stop(); }

 private:
  Remote& remote_;
  std::unique_ptr<model::Target> target_;
};

/// A target that is code and would write somewhere else than into the case's folder: here it takes everything.
class Remote::AgreeingTarget final : public model::Target {
 public:
  explicit AgreeingTarget(std::unique_ptr<model::Target> target) : target_(std::move(target)) {}

  const model::ObjectTraits& traits(std::string_view object) const override { return target_->traits(object); }
  model::PreparedCall prepare(std::span<const model::Call> calls) const override { return target_->prepare(calls); }
  void send(const model::PreparedCall& call, Answered answered) override {
    answered(std::vector<model::CallAnswer>(call.records, model::CallAnswer{.outcome = model::Delivered{}}));
  }
  void stop() override { target_->stop(); }

 private:
  std::unique_ptr<model::Target> target_;
};

std::unique_ptr<model::Target> Remote::make_target() {
  if (connection_.target.name == "file") return connectors::catalog::make_target(connection_);
  if (settings::is_built_in(connection_.target.name)) return std::make_unique<AgreeingTarget>(connectors::catalog::make_target(connection_));
  const auto make_wire = [this](const connectors::http::WireOptions&) { return std::make_unique<RemoteWire>(*this); };
  return std::make_unique<RememberingTarget>(*this, connectors::http::make_http_target(connectors::http::without_credentials(connection_), make_wire));
}

void Remote::will_answer(const settings::CaseStep& step) {
  answers_.insert(answers_.end(), step.answers.begin(), step.answers.end());
  for (const auto& [kind, answers] : step.answers_of) {
    answers_of_[kind].insert(answers_of_[kind].end(), answers.begin(), answers.end());
  }
}

std::vector<CaseAnswer> Remote::unused_answers() const {
  std::vector<CaseAnswer> unused(answers_.begin(), answers_.end());
  for (const auto& [kind, answers] : answers_of_) unused.insert(unused.end(), answers.begin(), answers.end());
  return unused;
}

void Remote::sends(const model::PreparedCall& call) {
  // The target itself prepares the question for a job, from an answer.
  if (call.kind == CallKind::poll) {
    asking_ = {model::Call{.kind = CallKind::poll, .object = call.object}};
    sending_ = &asking_;
    return;
  }
  const auto known = calls_.find(call.request);
  ENGINE_ASSERT(known != calls_.end());
  sending_ = &known->second;
}

std::optional<CaseAnswer> Remote::next_answer(CallKind kind) {
  std::deque<CaseAnswer>& of_kind = answers_of_[kind];
  std::deque<CaseAnswer>* from = !of_kind.empty() ? &of_kind : only_reads(kind) || answers_.empty() ? nullptr : &answers_;
  if (from == nullptr) return std::nullopt;
  CaseAnswer answer = std::move(from->front());
  from->pop_front();
  return answer;
}

/// The case's own answer where it has one for this call, else a healthy target's.
RawAnswer Remote::arrived(const Exchange& exchange, bool& answers) {
  const model::Call& call = sending_->front();
  SentRequest request{.kind = call.kind, .record = call.object + model::fields_json(call.match), .method = exchange.method};
  request.path = exchange.url.substr(connection_.url.find_last_not_of('/') + 1);
  for (const std::string& line : exchange.headers) {
    const std::size_t colon = std::min(line.find(": "), line.size());
    request.headers.emplace_back(line.substr(0, colon), colon < line.size() ? line.substr(colon + 2) : "");
  }
  request.body = exchange.body;

  const CaseAnswer answer = next_answer(call.kind).value_or(CaseAnswer{});
  request.answered = text_of(answer);
  const bool arrives = answer.kind != CaseAnswer::Kind::unreachable;
  if (arrives) requests_.push_back(std::move(request));
  if (!only_reads(call.kind) && takes_effect(answer)) records_.apply(*sending_, exchange.body);

  answers = answer.kind != CaseAnswer::Kind::unanswered;
  RawAnswer raw{.request_begun = arrives};
  if (answer.kind != CaseAnswer::Kind::status) {
    raw.failure = arrives ? "the connection was closed before the answer came" : "the connection was refused";
    return raw;
  }
  raw.headers = answer.headers;
  raw.status = answer.status;
  if (answer.body) {
    raw.body = *answer.body;
  } else if (takes_effect(answer)) {
    const bool asks = call.kind == CallKind::poll;
    const RemoteAnswer usual = asks ? records_.asked(exchange.url + exchange.body) : records_.answer(*sending_);
    if (answer.status == 200) raw.status = usual.status;
    raw.body = usual.body;
  }
  return raw;
}

}  // namespace engine::operate
