#include "engine/cli/story_text.h"

#include <algorithm>
#include <boost/json.hpp>

#include "engine/base/text/characters.h"
#include "engine/cli/terminal.h"

namespace engine::cli {

namespace {

constexpr std::size_t shown_bytes_max = 2'000;

std::string shortened(std::string_view text) {
  if (text.size() <= shown_bytes_max) return std::string(text);
  return std::string(cut(text, shown_bytes_max)) + fmt::format("… ({} bytes)", text.size());
}

// "PUT /customers/C001 {"name":…}" out of the frozen request; its raw text when it is not an HTTP request.
std::string request_line(const std::string& request) {
  boost::json::error_code broken;
  const boost::json::value value = boost::json::parse(request, broken);
  if (broken || !value.is_object()) return shortened(request);
  const auto& object = value.as_object();
  std::string line;
  for (const char* part : {"method", "url", "body"}) {
    const auto* text = object.if_contains(part);
    if (text == nullptr || !text->is_string() || text->as_string().empty()) continue;
    line += (line.empty() ? "" : " ") + std::string(text->as_string());
  }
  return shortened(line.empty() ? request : line);
}

std::string attempt_text(const journal::Attempt& attempt, const std::string& margin) {
  std::string text = fmt::format("{}  {} {}", margin, local_time(attempt.started_ms), request_line(attempt.request)) + "\n";
  const std::string outcome = attempt.outcome.value_or("under way");
  text += fmt::format("{}    → {}", margin, coloured(outcome, colour_of_state(outcome)));
  if (attempt.status && *attempt.status != 0) text += fmt::format(", HTTP {}", *attempt.status);
  if (attempt.ended_ms) text += fmt::format(", {} ms", *attempt.ended_ms - attempt.started_ms);
  if (attempt.reason && !attempt.reason->empty()) text += ": " + shortened(*attempt.reason);
  if (attempt.answer && !attempt.answer->empty()) text += fmt::format("\n{}    {}", margin, shortened(*attempt.answer));
  return text + "\n";
}

std::string report_text(const journal::Report& report, const std::string& margin) {
  std::string text = fmt::format("{}  {} {} {}", margin, local_time(report.at_ms), report.remote_id,
                                 coloured(report.status, colour_of_state(report.status == "failed" ? "dead" : "delivered")));
  if (!report.reason.empty()) text += ": " + shortened(report.reason);
  return text + "\n";
}

// "    by anna (erp), 2026-11-22 08:15:30.125, transaction 4711": what the source's log told; nothing where it told nothing.
std::string origin_text(const model::Change& change) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (change.source_user) add("by " + *change.source_user);
  if (change.source_time_ms) add(local_time(*change.source_time_ms));
  if (change.source_transaction) add("transaction " + *change.source_transaction);
  return text.empty() ? text : "    " + coloured(text, Colour::dim) + "\n";
}

/// Of an update only the columns that differ.
std::string change_text(const model::Change& change, const operate::Story& story) {
  const std::string operation(model::name_of(change.operation));
  std::string text = fmt::format("{}  {}  change {}\n", local_time(change.captured_ms), coloured(operation, Colour::bold), change.seq);
  if (const auto echo = story.echoes.find(change.seq); echo != story.echoes.end()) {
    text += fmt::format("    what delivery {} wrote: it is not delivered back\n", echo->second);
  }
  text += origin_text(change);
  for (const operate::ColumnChange& column : operate::columns_of(change, story.layouts)) {
    if (change.operation == model::Operation::update) {
      text += fmt::format("    {}: {} → {}\n", column.column, side_text(column.before), side_text(column.after));
    } else {
      text += fmt::format("    {}: {}\n", column.column, column.after.empty() ? column.before : column.after);
    }
  }
  return text;
}

/// Only while something keeps it back: what was sent tells by its attempts.
std::string together_text(const operate::DeliveryStory& story, const std::string& margin) {
  const auto& together = story.together;
  if (!together || together->begun || !journal::is_open(story.delivery.state)) return {};
  const std::string whom = together->transaction.empty() ? "what was captured with it" : "transaction " + together->transaction;
  return fmt::format("{}    goes out together with {}{}\n", margin, whom, together->held_by ? "; " + *together->held_by : "");
}

/// The moment is moved by each change of the record.
std::string settle_text(const journal::Delivery& delivery, const std::string& margin) {
  if (delivery.state != journal::DeliveryState::pending || !delivery.settle_by_ms) return {};
  return fmt::format("{}    waits until {}: settle, the record may still be changing; until {} at the latest\n", margin, local_time(delivery.not_before_ms),
                     local_time(*delivery.settle_by_ms));
}

/// Read at the target before the record would have been overwritten.
std::string drift_text(const operate::DeliveryStory& story, const std::string& margin) {
  const auto shown = [](const std::optional<model::FieldValue>& value) { return value ? shortened(model::value_json(*value)) : std::string("(none)"); };
  std::string text;
  for (const auto& [name, field] : story.drift.fields()) {
    text += fmt::format("{}    {} was changed at the target: {} → {}; wanted {}{}\n", margin, name, shown(field.sent), shown(field.there), shown(field.wanted),
                        field.kept ? ": kept as it is there" : "");
  }
  return text;
}

bool covers(const journal::Delivery& delivery, const model::Change& change) { return delivery.last_seq == change.seq; }

/// Of a row that was sent without a change (remap, backfill), or whose change is no longer retained.
bool stands_alone(const journal::Delivery& delivery, const operate::Story& story) {
  return std::none_of(story.changes.begin(), story.changes.end(), [&](const model::Change& change) { return covers(delivery, change); });
}

/// What the row was mapped to.
std::string wanted_text(const journal::Delivery& delivery, const std::string& margin) {
  if (!delivery.present) return fmt::format("{}    wanted: not there, {}\n", margin, delivery.match);
  std::string text;
  if (delivery.fields) text = fmt::format("{}    wanted: {} {}\n", margin, delivery.match == "{}" ? "" : delivery.match, shortened(*delivery.fields));
  if (delivery.comment) text += fmt::format("{}    comment: {}\n", margin, shortened(*delivery.comment));
  return text;
}

/// What guards said of it, and what people decided.
std::string verdict_text(const operate::DeliveryStory& story, const std::string& margin) {
  std::string text;
  if (story.anomaly) text = fmt::format("{}    held {} by anomaly {}, {}: {}\n", margin, local_time(story.anomaly->opened_ms), story.anomaly->id, story.anomaly->kind, story.anomaly->text);
  for (const journal::DeliveryDecision& decision : story.decisions) {
    text += fmt::format("{}    {} {} by {}: {}\n", margin, local_time(decision.at_ms), coloured(decision.decision, Colour::bold), decision.actor, decision.reason);
  }
  return text;
}

}  // namespace

std::string delivery_text(const operate::DeliveryStory& story, const std::string& pipeline, std::size_t indent) {
  const std::string margin(indent, ' ');
  const journal::Delivery& delivery = story.delivery;
  const std::string state(journal::name_of(delivery.state));
  std::string text = fmt::format("{}{} {}: delivery {}", margin, coloured("⇒", Colour::blue), pipeline, delivery.id);
  if (!delivery.operation.empty()) text += " (" + delivery.operation + ")";
  text += " " + coloured(state, colour_of_state(state));
  if (delivery.generation > 0) text += fmt::format(", generation {}", delivery.generation);
  if (!delivery.reason.empty()) text += ": " + delivery.reason;
  text += "\n" + wanted_text(delivery, margin) + together_text(story, margin) + settle_text(delivery, margin) + drift_text(story, margin) + verdict_text(story, margin);
  for (const journal::Attempt& attempt : story.attempts) text += attempt_text(attempt, margin);
  for (const journal::Report& report : story.reports) text += report_text(report, margin);
  return text;
}

std::string story_text(const operate::Story& story) {
  std::string text = fmt::format("{} {}\n", coloured(story.table, Colour::bold), story.key);
  text += "now: " + story.image.value_or("gone, or never seen") + "\n\n";
  for (const model::Change& change : story.changes) {
    text += change_text(change, story);
    for (const operate::PipelineStory& pipeline : story.pipelines) {
      for (const operate::DeliveryStory& delivery : pipeline.deliveries) {
        if (covers(delivery.delivery, change)) text += delivery_text(delivery, pipeline.pipeline, 4);
      }
    }
  }
  for (const operate::PipelineStory& pipeline : story.pipelines) {
    for (const operate::DeliveryStory& delivery : pipeline.deliveries) {
      if (!stands_alone(delivery.delivery, story)) continue;
      text += fmt::format("{}  sent without a retained change\n", local_time(delivery.delivery.created_ms));
      text += delivery_text(delivery, pipeline.pipeline, 4);
    }
  }
  for (const operate::PipelineStory& pipeline : story.pipelines) {
    if (pipeline.rejected) {
      const std::string fields = pipeline.rejected->match ? "the match value " + *pipeline.rejected->match + ", " + pipeline.rejected->fields : pipeline.rejected->fields;
      const std::string what = pipeline.rejected->present ? fields : "that it is gone";
      text += fmt::format("\n{}: rejected with anomaly {}: {}; held when it comes again\n", pipeline.pipeline, pipeline.rejected->anomaly_id, what);
    }
    if (!pipeline.last_sent) continue;
    text += fmt::format("\n{}: {} at {} {}{}\n", pipeline.pipeline, pipeline.last_sent->live ? "live" : "not", pipeline.last_sent->connection,
                        pipeline.last_sent->match, pipeline.remote_id ? " as " + *pipeline.remote_id : "");
    if (pipeline.last_sent->live && pipeline.last_sent->fields) {
      text += fmt::format("  last sent {}: {}\n", local_time(pipeline.last_sent->sent_ms), shortened(*pipeline.last_sent->fields));
    }
  }
  return text;
}

}  // namespace engine::cli
