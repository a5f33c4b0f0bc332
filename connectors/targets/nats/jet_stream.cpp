#include "connectors/targets/nats/jet_stream.h"

#include <nats/nats.h>

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "connectors/targets/nats/acknowledgements.h"

namespace connectors::targets::nats {

using namespace engine::model;
namespace json = boost::json;

namespace {

constexpr const char* id_header = "Nats-Msg-Id";
constexpr std::int64_t acknowledged_within_ms = 10'000;
constexpr std::int64_t stall_ms = 1'000;

CallAnswer answer_of(DeliveryOutcome outcome, bool any_byte_sent) {
  CallAnswer answer;
  answer.outcome = std::move(outcome);
  answer.any_byte_sent = any_byte_sent;
  return answer;
}

DeliveryOutcome refusal(natsStatus status, jsErrCode code, const char* text) {
  if (status == NATS_NO_RESPONDERS) return RetryLater{.reason = "no stream takes this subject"};
  const std::string reason = fmt::format("{}{}{}", natsStatus_GetText(status), text == nullptr || *text == '\0' ? "" : ": ", text == nullptr ? "" : text);
  const bool never = code == JSStreamMessageExceedsMaximumErr || status == NATS_MAX_PAYLOAD || status == NATS_INVALID_SUBJECT;
  if (never) return Permanent{.reason = reason};
  return RetryLater{.reason = reason};
}

/// Called by a thread of the library.
void on_acknowledged(jsCtx*, natsMsg* message, jsPubAck* stored, jsPubAckErr* problem, void* number) {
  const char* id = nullptr;
  if (natsMsgHeader_Get(message, id_header, &id) == NATS_OK) {
    const DeliveryOutcome outcome = stored == nullptr   ? refusal(problem->Err, problem->ErrCode, problem->ErrText)
                                    : stored->Duplicate ? DeliveryOutcome(Duplicate{})
                                                        : Delivered{};
    Acknowledgements::settle(reinterpret_cast<std::uintptr_t>(number), id, answer_of(outcome, true));
  }
  natsMsg_Destroy(message);
}

std::vector<std::string> servers_of(const std::string& list) {
  std::vector<std::string> servers;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    std::string server = list.substr(at, end - at);
    std::erase(server, ' ');
    if (!server.empty()) servers.push_back(server.find("://") == std::string::npos ? "nats://" + server : server);
    at = end + 1;
  }
  return servers;
}

/// The first problem ends the setting of options.
natsStatus set_options(natsOptions* options, const engine::settings::TargetConnection& connection) {
  const std::vector<std::string> servers = servers_of(connection.stream.servers);
  std::vector<const char*> names;
  for (const std::string& server : servers) names.push_back(server.c_str());
  natsStatus status = natsOptions_SetServers(options, names.data(), static_cast<int>(names.size()));
  if (status == NATS_OK) status = natsOptions_SetName(options, ("datapicker-" + connection.name).c_str());
  if (status == NATS_OK) status = natsOptions_SetTimeout(options, std::min<std::int64_t>(connection.timeout_ms, acknowledged_within_ms));
  if (status == NATS_OK) status = natsOptions_SetMaxReconnect(options, -1);
  if (const auto* basic = std::get_if<engine::settings::BasicAuth>(&connection.auth); basic != nullptr && status == NATS_OK) {
    status = natsOptions_SetUserInfo(options, basic->user.c_str(), basic->password.reveal().c_str());
  }
  if (const auto* bearer = std::get_if<engine::settings::BearerAuth>(&connection.auth); bearer != nullptr && status == NATS_OK) {
    status = natsOptions_SetToken(options, bearer->token.reveal().c_str());
  }
  const bool is_tls = !connection.tls.ca.empty() || !connection.tls.certificate.empty();
  if (is_tls && status == NATS_OK) status = natsOptions_SetSecure(options, true);
  if (!connection.tls.ca.empty() && status == NATS_OK) status = natsOptions_LoadCATrustedCertificates(options, connection.tls.ca.c_str());
  if (!connection.tls.certificate.empty() && status == NATS_OK) {
    status = natsOptions_LoadCertificatesChain(options, connection.tls.certificate.c_str(), connection.tls.key.c_str());
  }
  return status;
}

}  // namespace

struct JetStream::Open {
  natsConnection* connection = nullptr;
  jsCtx* stream = nullptr;
  Acknowledgements waiting;
};

JetStream::JetStream(const engine::settings::TargetConnection& connection) : connection_(connection), open_(std::make_unique<Open>()) {}

JetStream::~JetStream() {
  if (open_->stream != nullptr) {
    jsPubOptions wait;
    jsPubOptions_Init(&wait);
    wait.MaxWait = std::min<std::int64_t>(connection_.timeout_ms, acknowledged_within_ms / 2);
    js_PublishAsyncComplete(open_->stream, &wait);
  }
  if (open_->connection != nullptr) natsConnection_Close(open_->connection);
  jsCtx_Destroy(open_->stream);
  natsConnection_Destroy(open_->connection);
  // Nobody acknowledged these in time, and each may have been stored.
  open_->waiting.settle_all(answer_of(RetryLater{.reason = "the daemon is stopping"}, true));
}

std::optional<CallAnswer> JetStream::connect() {
  const auto unsent = [](DeliveryOutcome outcome) { return answer_of(std::move(outcome), false); };
  if (open_->connection != nullptr) {
    // The library goes on trying; what would be kept back by it meanwhile is better kept by the journal.
    if (natsConnection_Status(open_->connection) == NATS_CONN_STATUS_CONNECTED) return std::nullopt;
    if (!natsConnection_IsClosed(open_->connection)) return unsent(RetryLater{.reason = "the connection to NATS is lost"});
    jsCtx_Destroy(std::exchange(open_->stream, nullptr));
    natsConnection_Destroy(std::exchange(open_->connection, nullptr));
  }
  natsOptions* options = nullptr;
  natsStatus status = natsOptions_Create(&options);
  if (status == NATS_OK) status = set_options(options, connection_);
  if (status == NATS_OK) status = natsConnection_Connect(&open_->connection, options);
  natsOptions_Destroy(options);
  jsOptions stream;
  jsOptions_Init(&stream);
  stream.PublishAsync.AckHandler = on_acknowledged;
  stream.PublishAsync.AckHandlerClosure = reinterpret_cast<void*>(open_->waiting.number());
  stream.PublishAsync.StallWait = stall_ms;
  if (status == NATS_OK) status = natsConnection_JetStream(&open_->stream, open_->connection, &stream);
  if (status == NATS_OK) return std::nullopt;
  natsConnection_Destroy(std::exchange(open_->connection, nullptr));
  const std::string reason = fmt::format("NATS at {}: {}", connection_.stream.servers, natsStatus_GetText(status));
  if (status == NATS_CONNECTION_AUTH_FAILED) return unsent(Permanent{.reason = reason, .auth = true});
  return unsent(RetryLater{.reason = reason});
}

/// Whatever cannot be found out counts as not stored: then the message goes out, and the stream may drop it by its id.
bool JetStream::is_last_on_subject(const Message& message) {
  natsMsg* answer = nullptr;
  const std::string asked = json::serialize(json::object{{"subject", message.subject}});
  const natsStatus status = natsConnection_RequestString(&answer, open_->connection, "$JS.API.STREAM.NAMES", asked.c_str(), stall_ms);
  if (status != NATS_OK) return false;
  std::string stream;
  boost::system::error_code bad;
  const json::value names = json::parse({natsMsg_GetData(answer), static_cast<std::size_t>(natsMsg_GetDataLength(answer))}, bad);
  natsMsg_Destroy(answer);
  const json::value* list = bad || !names.is_object() ? nullptr : names.as_object().if_contains("streams");
  if (list == nullptr || !list->is_array() || list->as_array().empty() || !list->as_array()[0].is_string()) return false;
  stream = list->as_array()[0].as_string();
  natsMsg* last = nullptr;
  if (js_GetLastMsg(&last, open_->stream, stream.c_str(), message.subject.c_str(), nullptr, nullptr) != NATS_OK) return false;
  const char* id = nullptr;
  const bool same = natsMsgHeader_Get(last, id_header, &id) == NATS_OK && message.id == id;
  natsMsg_Destroy(last);
  return same;
}

void JetStream::publish(const Message& message, bool repeated, Reported reported) {
  if (auto problem = connect()) return reported(std::move(*problem));
  if (repeated && is_last_on_subject(message)) return reported(answer_of(Duplicate{}, true));
  natsMsg* sent = nullptr;
  const std::string value = message.value.value_or("");
  natsStatus status = natsMsg_Create(&sent, message.subject.c_str(), nullptr, value.data(), static_cast<int>(value.size()));
  if (status == NATS_OK) status = natsMsgHeader_Set(sent, id_header, message.id.c_str());
  if (status == NATS_OK) status = natsMsgHeader_Set(sent, "Datapicker-Op", message.operation.c_str());
  if (status == NATS_OK) status = natsMsgHeader_Set(sent, "Datapicker-Key", message.key.c_str());
  jsPubOptions options;
  jsPubOptions_Init(&options);
  options.MaxWait = std::min<std::int64_t>(connection_.timeout_ms, acknowledged_within_ms);
  // Before it is sent: the acknowledgement may be there before the call returns.
  open_->waiting.add(message.id, std::move(reported));
  if (status == NATS_OK) status = js_PublishMsgAsync(open_->stream, &sent, &options);
  if (status == NATS_OK) return;
  natsMsg_Destroy(sent);
  open_->waiting.settle(message.id, answer_of(refusal(status, static_cast<jsErrCode>(0), nullptr), status != NATS_MAX_PAYLOAD));
}

}  // namespace connectors::targets::nats
