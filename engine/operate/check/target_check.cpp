#include "engine/operate/check/target_check.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <sstream>

#include "connectors/catalog/catalog.h"
#include "engine/base/error.h"
#include "engine/operate/check/database_check.h"
#include "engine/operate/check/reach.h"
#include "engine/settings/target/built_in.h"

namespace engine::operate {

namespace {

constexpr std::int64_t wait_ms_max = 10'000;
/// A match value that no record has, and that tells whoever reads the target's log where it comes from.
constexpr const char* nobody = "datapicker-check";

class TargetCheck {
 public:
  TargetCheck(const settings::Instance& instance, const settings::TargetConnection& connection) : instance_(instance), connection_(connection) {
    connection_.timeout_ms = std::min(connection_.timeout_ms, wait_ms_max);
    found_.connection = {.connection = connection.name, .kind = "target"};
  }

  TargetFindings run(bool live) {
    const auto started = std::chrono::steady_clock::now();
    try {
      target_ = connectors::catalog::make_target(connection_);
      if (live) reach();
    } catch (const Error& error) {
      found_.connection.problem = error.what();
      found_.diagnostics.error("target.invalid", connection_.origin, "target connection " + connection_.name + ": " + error.what(), error.hint());
    }
    if (target_) target_->stop();
    const auto taken = std::chrono::steady_clock::now() - started;
    found_.connection.connect_ms = std::chrono::duration_cast<std::chrono::milliseconds>(taken).count();
    return std::move(found_);
  }

 private:
  void reach() {
    if (connection_.dry_run) return;  // nothing leaves, not even a look-up
    if (connection_.target.name == "file") return look_at_folder();
    if (connection_.target.name == "odbc") return check_database(instance_, connection_, found_);
    if (settings::is_built_in(connection_.target.name)) return connect_to_any();
    for (const auto& [name, pipeline] : instance_.pipelines) {
      if (pipeline.target.connection != connection_.name || asked_.contains(pipeline.target.object)) continue;
      asked_.insert(pipeline.target.object);
      if (target_->traits(pipeline.target.object).has(model::CallKind::find)) look_up(pipeline);
    }
    if (!found_.connection.reached && found_.connection.problem.empty()) connect();
  }

  void look_at_folder() {
    const std::filesystem::path folder = std::filesystem::path(connection_.path).parent_path();
    if (access(folder.c_str(), W_OK | X_OK) == 0) {
      found_.connection.reached = true;
      return;
    }
    unreachable(fmt::format("the folder {} of {} cannot be written", folder.string(), connection_.path), "create it, or let this user write there");
  }

  /// One of a cluster's servers is enough to be led to the others.
  void connect_to_any() {
    std::string reason = "no server is named", at;
    std::istringstream servers(connection_.stream.servers);
    while (std::getline(servers, at, ',')) {
      at.erase(0, at.find_first_not_of(' '));
      const std::size_t host = at.find("://");
      reason = unreachable_because("tcp://" + (host == std::string::npos ? at : at.substr(host + 3)), connection_.timeout_ms);
      if (!reason.empty()) continue;
      found_.connection.reached = true;
      return;
    }
    unreachable(reason, "check the servers, the firewall, and that the cluster runs");
  }

  void connect() {
    const std::string reason = unreachable_because(connection_.proxy.empty() ? connection_.url : connection_.proxy, connection_.timeout_ms);
    if (!reason.empty()) return unreachable(reason, "check the url, the firewall, and that the target runs");
    found_.connection.reached = true;
  }

  void unreachable(const std::string& reason, const std::string& suggestion) {
    found_.connection.problem = reason;
    found_.diagnostics.warning("target.unreachable", connection_.origin,
                               fmt::format("target connection '{}' cannot be reached: {}", connection_.name, reason), suggestion);
  }

  void look_up(const settings::PipelineDefinition& pipeline) {
    model::Call call{.kind = model::CallKind::find, .object = pipeline.target.object};
    for (const settings::FieldExpression& match : pipeline.target.match) call.match[match.field] = std::string(nobody);
    std::promise<model::CallAnswer> promised;
    std::future<model::CallAnswer> answer = promised.get_future();
    target_->send(target_->prepare({&call, 1}), [&promised](std::vector<model::CallAnswer> answers) { promised.set_value(std::move(answers.at(0))); });
    judge(answer.get(), pipeline);
  }

  void judge(const model::CallAnswer& answer, const settings::PipelineDefinition& pipeline) {
    const auto* permanent = std::get_if<model::Permanent>(&answer.outcome);
    if (answer.status == 0) {
      std::string reason = "no answer";
      if (const auto* later = std::get_if<model::RetryLater>(&answer.outcome)) reason = later->reason;
      if (const auto* lost = std::get_if<model::Uncertain>(&answer.outcome)) reason = lost->reason;
      return unreachable(reason, "check the url, the firewall, and that the target runs");
    }
    found_.connection.reached = true;
    if (permanent == nullptr || permanent->missing) return;
    found_.connection.problem = permanent->reason;
    if (permanent->auth) {
      found_.diagnostics.error("target.auth_refused", connection_.origin,
                               fmt::format("target connection '{}' is refused: {}", connection_.name, permanent->reason),
                               "renew the secret that `auth:` names");
      return;
    }
    found_.diagnostics.warning("target.refused", pipeline.target.origin,
                               fmt::format("looking up a {} at '{}' is refused ({}): {}", pipeline.target.object, connection_.name, answer.status,
                                           permanent->reason),
                               "check the object's name, the fields under `match:`, and what the user of the credentials may see");
  }

  const settings::Instance& instance_;
  settings::TargetConnection connection_;
  TargetFindings found_;
  std::unique_ptr<model::Target> target_;
  std::set<std::string> asked_;
};

}  // namespace

TargetFindings check_target(const settings::Instance& instance, const settings::TargetConnection& connection, const CheckOptions& options) {
  return TargetCheck(instance, connection).run(options.live && !options.tolerate_sources);
}

}  // namespace engine::operate
