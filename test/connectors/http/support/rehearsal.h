// A target over a wire whose other side is the test, under a clock that the test turns.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/http/wire/wire.h"
#include "engine/model/target.h"
#include "engine/settings/connection_definition.h"
#include "test/support/fake_clock.h"

namespace test_http {

/// Gone with everything in it when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class Rehearsal {
 public:
  using Exchange = connectors::http::Exchange;
  using RawAnswer = connectors::http::RawAnswer;
  /// nullopt: not answered before `answer_waiting`.
  using Script = std::function<std::optional<RawAnswer>(const Exchange&)>;

  /// Whose answers say what `script` says; every request is kept in `asked`.
  explicit Rehearsal(Script script) : script_(std::move(script)) {}
  std::unique_ptr<engine::model::Target> target(engine::settings::TargetConnection connection);

  void answer_waiting(const RawAnswer& answer);
  std::size_t waiting() const { return waiting_.size(); }
  /// Requests whose url holds this.
  std::vector<Exchange> asked(const std::string& part) const;

  test::FakeClock clock;

 private:
  class RehearsedWire;
  Script script_;
  std::vector<Exchange> asked_;
  std::deque<Exchange> waiting_;
};

connectors::http::RawAnswer answer(int status, std::string body);
connectors::http::RawAnswer lost();
/// "Name: value" → value; empty when it is absent.
std::string header_of(const connectors::http::Exchange& exchange, const std::string& name);

}  // namespace test_http
