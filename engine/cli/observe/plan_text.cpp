#include "engine/cli/observe/plan_text.h"

#include <algorithm>

#include "engine/base/text/characters.h"
#include "engine/cli/terminal.h"

namespace engine::cli {

namespace {

using operate::CallDifference;
using operate::DifferenceKind;
using operate::NowAndThen;
using operate::PastCall;
using operate::PipelinePlan;

constexpr std::size_t value_bytes_max = 200;
constexpr std::size_t body_bytes_max = 1'000;

constexpr DifferenceKind kinds[] = {DifferenceKind::added, DifferenceKind::removed, DifferenceKind::different};

std::string shortened(const std::string& text, std::size_t bytes_max) {
  return text.size() <= bytes_max ? text : std::string(cut(text, bytes_max)) + "…";
}

std::string value_text(const std::string& json) { return json.empty() ? "(none)" : shortened(json, value_bytes_max); }

std::string moved_text(NowAndThen number) {
  return number.now == number.then ? std::to_string(number.now) : fmt::format("{} → {}", number.now, number.then);
}

std::string_view words_of(PastCall call) { return call == PastCall::kept_back ? "kept back by a rule" : call == PastCall::failed ? "cannot be mapped" : name_of(call); }

std::string heading_of(const PipelinePlan& plan) {
  switch (plan.known) {
    case PipelinePlan::Known::only_then: return plan.pipeline + " (new)";
    case PipelinePlan::Known::only_now: return plan.pipeline + " (no longer there)";
    default: return plan.pipeline;
  }
}

/// "2 calls added, 1 removed, 3 different".
std::string differences_text(const PipelinePlan& plan) {
  if (plan.differences.empty()) return "no call differs";
  std::string text;
  for (const DifferenceKind kind : kinds) {
    const std::int64_t number = plan.number(kind);
    if (number > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", text.empty() ? counted(static_cast<std::size_t>(number), "call") : std::to_string(number), name_of(kind));
  }
  return text;
}

std::string said_text(const operate::PastSaid& said) {
  if (!is_call(said.call)) return fmt::format("no call{}", said.reason.empty() ? "" : ": " + said.reason);
  const operate::ShownRequest& request = said.request;
  std::string text(name_of(said.call));
  for (const std::string* part : {&request.method, &request.url, &request.body}) {
    if (!part->empty()) text += " " + shortened(*part, body_bytes_max);
  }
  return text;
}

Colour colour_of(DifferenceKind kind) {
  return kind == DifferenceKind::added ? Colour::green : kind == DifferenceKind::removed ? Colour::red : Colour::yellow;
}

std::string sample_text(const CallDifference& sample) {
  std::string text = fmt::format("    {} {}, change {} of {}\n", coloured(name_of(sample.kind), colour_of(sample.kind)), sample.key, sample.seq,
                                 local_time(sample.at_ms));
  for (const operate::FieldDifference& field : sample.fields) {
    text += fmt::format("      {}: {} → {}\n", field.field, value_text(field.now), value_text(field.then));
  }
  text += fmt::format("      now:  {}\n      then: {}\n", coloured(said_text(sample.now), Colour::dim), coloured(said_text(sample.then), Colour::dim));
  return text;
}

/// One line each: what a guard would have said that is not the same on both sides.
std::vector<std::string> guard_lines(const PipelinePlan& plan) {
  std::vector<std::string> lines;
  for (const auto& [rule, number] : plan.rules) lines.push_back(fmt::format("rule '{}' keeps back {}", rule, moved_text(number)));
  if (plan.merged.now + plan.merged.then > 0) lines.push_back(fmt::format("calls spared by settle: {}", moved_text(plan.merged)));
  if (plan.flip_flops.now + plan.flip_flops.then > 0) lines.push_back(fmt::format("calls held by flip_flop: {}", moved_text(plan.flip_flops)));
  if (plan.holds.now + plan.holds.then > 0) lines.push_back(fmt::format("mass changes held: {}", moved_text(plan.holds)));
  const auto told = [](const operate::PastHold& hold, const std::vector<operate::PastHold>& others) {
    return std::ranges::any_of(others, [&hold](const operate::PastHold& other) { return other.cycle_id == hold.cycle_id && other.text == hold.text; });
  };
  for (const operate::PastHold& hold : plan.holds_then) {
    if (!told(hold, plan.holds_now)) lines.push_back(fmt::format("then held, {}: {}", local_time(hold.at_ms), hold.text));
  }
  for (const operate::PastHold& hold : plan.holds_now) {
    if (!told(hold, plan.holds_then)) lines.push_back(fmt::format("no longer held, {}: {}", local_time(hold.at_ms), hold.text));
  }
  return lines;
}

std::vector<std::string> number_lines(const PipelinePlan& plan) {
  std::vector<std::string> lines;
  std::string calls;
  for (const auto& [call, number] : plan.calls) calls += fmt::format("{}{} {}", calls.empty() ? "" : ", ", words_of(call), moved_text(number));
  if (!calls.empty()) lines.push_back("calls: " + calls);
  std::string fields;
  for (const auto& [field, number] : plan.fields) fields += fmt::format("{}{} {}", fields.empty() ? "" : ", ", field, number);
  if (!fields.empty()) lines.push_back("fields that differ: " + fields);
  return lines;
}

std::string pipeline_text(const PipelinePlan& plan) {
  std::string text = fmt::format("{}: {} of {}\n", coloured(heading_of(plan), Colour::bold), differences_text(plan),
                                 counted(static_cast<std::size_t>(plan.changes), "change"));
  for (const std::string& note : plan.notes) text += fmt::format("  {} {}\n", coloured("note:", Colour::yellow), note);
  if (!plan.differs()) return text;
  for (const std::string& line : number_lines(plan)) text += "  " + line + "\n";
  for (const std::string& line : guard_lines(plan)) text += "  guard: " + line + "\n";
  for (const CallDifference& sample : plan.samples) text += sample_text(sample);
  return text;
}

/// Between backquotes nothing is Markdown; a table's cell ends at a bar.
std::string code(std::string text) {
  std::ranges::replace(text, '`', '\'');
  std::ranges::replace(text, '\n', ' ');
  std::string cell;
  for (const char c : text) cell += c == '|' ? "\\|" : std::string(1, c);
  return "`" + cell + "`";
}

std::string samples_markdown(const PipelinePlan& plan) {
  std::string text = fmt::format("<details><summary>{}</summary>\n\n", counted(plan.samples.size(), "sample"));
  for (const CallDifference& sample : plan.samples) {
    text += fmt::format("**{}** {}, change {}\n\n", name_of(sample.kind), code(sample.key), sample.seq);
    if (!sample.fields.empty()) text += "| field | now | then |\n|---|---|---|\n";
    for (const operate::FieldDifference& field : sample.fields) {
      text += fmt::format("| {} | {} | {} |\n", code(field.field), code(value_text(field.now)), code(value_text(field.then)));
    }
    text += fmt::format("\n- now: {}\n- then: {}\n\n", code(said_text(sample.now)), code(said_text(sample.then)));
  }
  return text + "</details>\n\n";
}

std::string pipeline_markdown(const PipelinePlan& plan) {
  std::string text = fmt::format("### {}\n\n{} of {}.\n\n", heading_of(plan), differences_text(plan), counted(static_cast<std::size_t>(plan.changes), "change"));
  std::vector<std::string> lines = number_lines(plan);
  for (const std::string& note : plan.notes) lines.insert(lines.begin(), "note: " + note);
  for (const std::string& line : guard_lines(plan)) lines.push_back("guard: " + line);
  for (const std::string& line : lines) text += "- " + line + "\n";
  if (!lines.empty()) text += "\n";
  return plan.samples.empty() ? text : text + samples_markdown(plan);
}

std::string summary(const operate::Plan& plan) {
  const auto differing = std::ranges::count_if(plan.pipelines, &PipelinePlan::differs);
  return fmt::format("{} of the last {}; {} of {} would differ", counted(static_cast<std::size_t>(plan.changes), "recorded change"),
                     counted(static_cast<std::size_t>(plan.days), "day"), differing, counted(plan.pipelines.size(), "pipeline"));
}

}  // namespace

std::string plan_text(const operate::Plan& plan) {
  std::string text;
  for (const PipelinePlan& each : plan.pipelines) text += pipeline_text(each);
  return text + summary(plan) + "\n";
}

std::string plan_markdown(const operate::Plan& plan) {
  std::string text = fmt::format("## Datapicker plan: {}\n\n", summary(plan));
  std::string same;
  for (const PipelinePlan& each : plan.pipelines) {
    if (each.differs() || !each.notes.empty()) text += pipeline_markdown(each);
    else same += (same.empty() ? "" : ", ") + code(each.pipeline);
  }
  return same.empty() ? text : text + "No difference: " + same + "\n";
}

}  // namespace engine::cli
