#include "test/connectors/http/support/rehearsal.h"

#include <stdlib.h>

#include "connectors/http/http_target.h"

namespace test_http {

using connectors::http::Exchange;
using connectors::http::RawAnswer;

TemporaryFolder::TemporaryFolder() {
  std::string pattern = std::filesystem::temp_directory_path() / "datapicker-XXXXXX";
  path_ = mkdtemp(pattern.data());
}
TemporaryFolder::~TemporaryFolder() { std::filesystem::remove_all(path_); }

class Rehearsal::RehearsedWire final : public connectors::http::Wire {
 public:
  explicit RehearsedWire(Rehearsal& rehearsal) : rehearsal_(rehearsal) {}
  void submit(Exchange exchange) override {
    rehearsal_.asked_.push_back(exchange);
    rehearsal_.asked_.back().answered = nullptr;
    if (auto answer = rehearsal_.script_(exchange)) return exchange.answered(*std::move(answer));
    rehearsal_.waiting_.push_back(std::move(exchange));
  }
  void stop() override {
    for (const Exchange& exchange : std::exchange(rehearsal_.waiting_, {})) exchange.answered(lost());
  }

 private:
  Rehearsal& rehearsal_;
};

std::unique_ptr<engine::model::Target> Rehearsal::target(engine::settings::TargetConnection connection) {
  connection.url = "https://crm.example.com";
  const auto make_wire = [this](const connectors::http::WireOptions&) { return std::make_unique<RehearsedWire>(*this); };
  return connectors::http::make_http_target(connection, make_wire, clock);
}

void Rehearsal::answer_waiting(const RawAnswer& answer) {
  const Exchange first = std::move(waiting_.front());
  waiting_.pop_front();
  first.answered(answer);
}

std::vector<Exchange> Rehearsal::asked(const std::string& part) const {
  std::vector<Exchange> found;
  for (const Exchange& exchange : asked_) {
    if (exchange.url.find(part) != std::string::npos) found.push_back(exchange);
  }
  return found;
}

RawAnswer answer(int status, std::string body) {
  RawAnswer raw;
  raw.status = status;
  raw.body = std::move(body);
  raw.request_begun = true;
  return raw;
}

RawAnswer lost() {
  RawAnswer raw;
  raw.failure = "the connection was closed before the answer came";
  raw.request_begun = true;
  return raw;
}

std::string header_of(const Exchange& exchange, const std::string& name) {
  for (const std::string& line : exchange.headers) {
    if (line.starts_with(name + ": ")) return line.substr(name.size() + 2);
  }
  return {};
}

}  // namespace test_http
