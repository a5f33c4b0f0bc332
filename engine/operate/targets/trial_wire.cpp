#include "engine/operate/targets/trial_wire.h"

#include "connectors/http/wire/curl_loop.h"

namespace engine::operate {

using connectors::http::Exchange;
using connectors::http::RawAnswer;

namespace {

/// The real wire, and an ear.
class OverheardWire final : public connectors::http::Wire {
 public:
  OverheardWire(connectors::http::WireOptions options, std::shared_ptr<TrialEar> ear) : ear_(std::move(ear)), curl_(std::move(options)) {}

  void submit(Exchange exchange) override {
    Exchange copy = exchange;
    copy.answered = {};
    exchange.answered = [ear = ear_, copy = std::move(copy), answered = std::move(exchange.answered)](RawAnswer answer) {
      ear->hear({copy, answer});
      answered(std::move(answer));
    };
    curl_.submit(std::move(exchange));
  }
  void ping(std::function<void()> answered) override { curl_.ping(std::move(answered)); }
  void stop() override { curl_.stop(); }

 private:
  std::shared_ptr<TrialEar> ear_;
  connectors::http::CurlLoop curl_;
};

}  // namespace

void TrialEar::hear(Overheard passed) {
  const std::lock_guard lock(mutex_);
  passed_.push_back(std::move(passed));
}

std::vector<Overheard> TrialEar::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(passed_, {});
}

connectors::http::MakeWire overheard_wire(const std::shared_ptr<TrialEar>& ear) {
  return [ear](connectors::http::WireOptions options) {
    ear->headers = options.headers;
    return std::make_unique<OverheardWire>(std::move(options), ear);
  };
}

}  // namespace engine::operate
