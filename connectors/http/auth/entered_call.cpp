#include "connectors/http/auth/entered_call.h"

#include <algorithm>

namespace connectors::http {

using namespace engine::model;

namespace {

bool all_refused_for_credentials(const std::vector<CallAnswer>& answers) {
  return !answers.empty() && std::all_of(answers.begin(), answers.end(), [](const CallAnswer& answer) {
    const auto* permanent = std::get_if<Permanent>(&answer.outcome);
    return permanent != nullptr && permanent->auth;
  });
}

/// Kept alive by the callback it waits for: the keeper's, then the wire's.
class Sending : public std::enable_shared_from_this<Sending> {
 public:
  Sending(PassKeeper& keeper, Wire& wire, EnteredCall call) : keeper_(keeper), wire_(wire), call_(std::move(call)) {}

  void begin() {
    keeper_.take([self = shared_from_this()](const PassAnswer& answer) { self->go(answer); });
  }

 private:
  void go(const PassAnswer& answer) {
    if (const auto* refused = std::get_if<NotGranted>(&answer)) return call_.answered(not_entered(*refused));
    const auto& pass = std::get<std::shared_ptr<const Pass>>(answer);
    Exchange exchange = call_.exchange;
    join(*pass, exchange);
    if (call_.sign) call_.sign(exchange);
    exchange.answered = [self = shared_from_this(), pass](const RawAnswer& raw) { self->answered(raw, pass); };
    wire_.submit(std::move(exchange));
  }

  void answered(const RawAnswer& raw, const std::shared_ptr<const Pass>& pass) {
    auto answers = call_.judge(raw);
    if (again_ || !all_refused_for_credentials(answers)) return call_.answered(std::move(answers));
    again_ = true;
    keeper_.replace(pass, [self = shared_from_this()](const PassAnswer& answer) { self->go(answer); });
  }

  /// Nothing was sent, or what was sent is proven to be refused: both leave the record as it was.
  std::vector<CallAnswer> not_entered(const NotGranted& why) const {
    CallAnswer answer;
    if (why.refused) {
      answer.outcome = Permanent{.reason = why.reason, .auth = true};
    } else {
      answer.outcome = RetryLater{.reason = why.reason};
    }
    answer.status = why.status;
    answer.any_byte_sent = false;
    return std::vector<CallAnswer>(call_.records, answer);
  }

  PassKeeper& keeper_;
  Wire& wire_;
  const EnteredCall call_;
  bool again_ = false;
};

}  // namespace

void send_entered(PassKeeper& keeper, Wire& wire, EnteredCall call) {
  std::make_shared<Sending>(keeper, wire, std::move(call))->begin();
}

}  // namespace connectors::http
