// `replay`: delivers again from the journal what is retained, mapped anew, as a new generation.
#include <boost/json.hpp>
#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

#include "engine/base/error.h"
#include "engine/operate/acts/act_kinds.h"
#include "engine/operate/acts/request.h"
#include "engine/operate/acts/resending.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/typed_key.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

constexpr std::size_t page_changes = 500;

/// Which changes: those of some keys, or a stretch of the log by number or time.
struct Selection {
  std::vector<std::string> keys;  ///< JSON
  std::int64_t from_seq = 0;
  std::int64_t to_seq = std::numeric_limits<std::int64_t>::max();
  std::int64_t since_ms = 0;
  std::int64_t until_ms = std::numeric_limits<std::int64_t>::max();

  bool holds(const model::Change& change) const {
    return change.seq >= from_seq && change.seq <= to_seq && change.captured_ms >= since_ms && change.captured_ms <= until_ms;
  }
};

Selection selection_of(const json::object& request, journal::Records& records, const std::string& table) {
  Selection selection;
  for (const std::string& word : texts_of(request, "keys")) selection.keys.push_back(typed_key(records, table, word).json);
  selection.from_seq = number_of(request, "from_seq").value_or(selection.from_seq);
  selection.to_seq = number_of(request, "to_seq").value_or(selection.to_seq);
  selection.since_ms = number_of(request, "since_ms").value_or(selection.since_ms);
  selection.until_ms = number_of(request, "until_ms").value_or(selection.until_ms);
  const bool chosen = !selection.keys.empty() || request.contains("from_seq") || request.contains("to_seq") ||
                      request.contains("since_ms") || request.contains("until_ms") || flag_of(request, "all");
  if (!chosen) {
    throw Error(ErrorCode::config_invalid, "what shall be sent again?", {},
                "choose by --key, --since and --until, or --from-seq and --to-seq; --all means everything that is retained");
  }
  return selection;
}

/// One replay: pages over the log, or key after key.
class Replay {
 public:
  Replay(const json::object& request, const ActContext& context) : context_(context), dry_run_(flag_of(request, "dry_run")) {
    const std::string name = text_of(request, "pipeline");
    const settings::PipelineDefinition& definition = known_definition(context.instance.pipelines, "pipeline", name);
    every_change_ = flag_of(request, "every_change");
    if (!every_change_ && definition.deliver == settings::DeliverPolicy::every_change) {
      throw Error(ErrorCode::config_invalid, "pipeline " + name + " sends messages: sent again, each reaches somebody a second time", {},
                  "say --every-change if that is what you want");
    }
    auto reader = context.journal.read();
    planning_ = compiled_planning(*reader, context.instance, name);
    const auto row = reader->pipelines.find(name);
    if (!row) throw Error(ErrorCode::config_invalid, "pipeline " + name + " has never run", {}, "start the daemon first");
    row_ = *row;
    selection_ = selection_of(request, *reader, definition.table);
    end_ = std::min(selection_.to_seq, row_.position);
    resend_.emplace(*planning_, row_, pipeline::ResendOptions{.force = true, .comments = flag_of(request, "comments"), .dry_run = dry_run_},
                    context.clock);
  }

  json::object run() {
    selection_.keys.empty() ? replay_log() : replay_keys();
    return json_of(row_.name, resend_->counts());
  }

 private:
  void replay_log() {
    std::int64_t after = std::max<std::int64_t>(selection_.from_seq - 1, 0);
    const std::int64_t start = after;
    in_pages(context_, dry_run_, [&](journal::Records& records) {
      const auto changes = records.changes.after(row_.table_id, after, page_changes);
      for (const model::Change& change : changes) {
        after = change.seq;
        if (change.seq > end_) return PageDone{false, end_ - start, end_ - start};
        if (selection_.holds(change)) replay_change(records, change);
      }
      return PageDone{changes.size() == page_changes, after - start, end_ - start};
    });
  }

  void replay_keys() {
    std::size_t next = 0;
    in_pages(context_, dry_run_, [&](journal::Records& records) {
      const auto changes =
          records.changes.of_key(row_.table_id, selection_.keys[next], every_change_ ? page_changes : 1, end_);
      for (const model::Change& change : changes) {
        if (selection_.holds(change)) replay_change(records, change);
      }
      ++next;
      return PageDone{next < selection_.keys.size(), static_cast<std::int64_t>(next), static_cast<std::int64_t>(selection_.keys.size())};
    });
  }

  // A record is sent once, at the last of its changes in the selection, with the newest state there is.
  void replay_change(journal::Records& records, const model::Change& change) {
    if (every_change_) return resend_->change(records, change);
    const auto last = records.changes.of_key(row_.table_id, change.key, 1, end_);
    if (last.empty() || last.front().seq == change.seq || !selection_.holds(last.front())) resend_->newest_of(records, change);
  }

  const ActContext& context_;
  bool dry_run_;
  bool every_change_ = false;
  std::unique_ptr<pipeline::Planning> planning_;
  journal::PipelineRow row_;
  Selection selection_;
  std::int64_t end_ = 0;
  std::optional<pipeline::Resend> resend_;
};

}  // namespace

json::object replay(const json::object& request, const ActContext& context) { return Replay(request, context).run(); }

}  // namespace engine::operate
