#include "connectors/targets/file/file_target.h"

#include <system_error>
#include <vector>

#include "connectors/targets/file/line_file.h"
#include "connectors/targets/message/message.h"
#include "engine/base/error.h"
#include "engine/base/work_queue.h"
#include "engine/model/row_json.h"

namespace connectors::targets::file {

using namespace engine::model;

namespace {

constexpr std::string_view frozen_start = R"({"append":)";
constexpr std::size_t group_max = 1'000;

/// Every call may be repeated: a line whose key is there already is not written again.
ObjectTraits offered(bool debezium) {
  ObjectTraits traits{.wants_origin = debezium};
  for (const CallKind kind :
       {CallKind::upsert, CallKind::delete_, CallKind::archive, CallKind::resolve, CallKind::comment}) {
    traits.calls[kind] = {.native_upsert = kind == CallKind::upsert, .repeat_safe = true};
  }
  return traits;
}

void append_member(std::string_view name, std::string_view text, std::string& into) {
  into.append(into.size() > 1 ? ",\"" : "\"").append(name).append("\":");
  append_json_string(text, into);
}

/// The key comes first: that is how it is found again.
std::string line_of(const Call& call, bool debezium) {
  std::string line = "{";
  append_member("idempotency_key", call.idempotency_key, line);
  if (debezium && (call.kind == CallKind::upsert || call.kind == CallKind::delete_)) {
    return line + R"(,"key":)" + message_key(call) + R"(,"value":)" + message_value(call, true).value_or("null") + '}';
  }
  append_member("op", name_of(call.kind), line);
  append_member("object", call.object, line);
  line.append(R"(,"match":)").append(nested_json(call.match));
  if (call.kind == CallKind::upsert) line.append(R"(,"fields":)").append(nested_json(call.fields));
  if (call.kind == CallKind::comment) append_member("text", call.comment, line);
  return line += '}';
}

/// A line on its way to disk, and who is told.
struct Waiting {
  std::string line;
  std::string key;
  Target::Answered answered;
};

CallAnswer answer_of(DeliveryOutcome outcome, bool any_byte_sent) {
  CallAnswer answer;
  answer.outcome = std::move(outcome);
  answer.any_byte_sent = any_byte_sent;
  return answer;
}

/// Lines are taken from any thread and written by one, many with one sync.
class FileTarget : public Target {
 public:
  FileTarget(std::string path, bool debezium)
      : path_(std::move(path)),
        debezium_(debezium),
        traits_(offered(debezium)),
        file_(path_),
        lines_({.thread_name = "file-target"}, [this](auto& lines) {
          for (auto group = lines.take(group_max); !group.empty(); group = lines.take(group_max)) write(group);
        }) {}
  ~FileTarget() override { stop(); }

  const ObjectTraits& traits(std::string_view) const override { return traits_; }

  PreparedCall prepare(std::span<const Call> calls) const override {
    ENGINE_ASSERT(calls.size() == 1);
    const Call& call = calls.front();
    if (!traits_.has(call.kind)) {
      throw engine::Error(engine::ErrorCode::config_invalid,
                          "a file takes no '" + std::string(name_of(call.kind)) + "'");
    }
    return {.kind = call.kind,
            .object = call.object,
            .records = 1,
            .request = std::string(frozen_start) + line_of(call, debezium_) + '}'};
  }

  void send(const PreparedCall& call, Answered answered) override {
    Waiting waiting{.line = call.request.substr(frozen_start.size(), call.request.size() - frozen_start.size() - 1),
                    .key = {},
                    .answered = std::move(answered)};
    // The first member's value: `line_of` wrote it, and it holds no escape.
    const std::size_t key_begin = waiting.line.find(':') + 2;
    waiting.key = waiting.line.substr(key_begin, waiting.line.find('"', key_begin) - key_begin);
    if (const char* refused = lines_.put(waiting)) waiting.answered({answer_of(RetryLater{.reason = refused}, false)});
  }

  /// Lines that wait are still written.
  void stop() override { lines_.finish(); }

 private:
  /// A disk that is full or gone is waited for: the same lines come again.
  void write(std::deque<Waiting>& group) {
    std::vector<LineFile::Line> lines;
    for (const Waiting& waiting : group) lines.push_back({.key = waiting.key, .text = waiting.line});
    std::string failure;
    try {
      file_.append(lines);
    } catch (const std::system_error& problem) {
      failure = problem.what();
    }
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (!failure.empty()) {
        group[i].answered({answer_of(RetryLater{.reason = failure}, true)});
      } else if (lines[i].was_present) {
        group[i].answered({answer_of(Duplicate{}, true)});
      } else {
        group[i].answered({answer_of(Delivered{}, true)});
      }
    }
  }

  const std::string path_;
  const bool debezium_;
  const ObjectTraits traits_;
  LineFile file_;  ///< the queue's thread's only
  engine::WorkQueue<Waiting> lines_;
};

}  // namespace

std::unique_ptr<Target> make_file_target(const engine::settings::TargetConnection& connection) {
  if (connection.path.empty()) {
    throw engine::Error(engine::ErrorCode::config_invalid, "a file target needs a path",
                        {{"file", connection.origin.text()}});
  }
  return std::make_unique<FileTarget>(connection.path, connection.envelope.debezium);
}

}  // namespace connectors::targets::file
