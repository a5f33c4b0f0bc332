#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "engine/base/text/characters.h"
#include "engine/base/text/durations.h"
#include "engine/operate/inspect/assess/charts.h"
#include "engine/operate/inspect/assess/page_style.h"
#include "engine/operate/inspect/assess/report.h"
#include "engine/settings/pipeline_definition.h"

namespace engine::operate {

namespace {

constexpr std::size_t tables_mapped = 25, columns_shown = 10, users_listed = 10;

/// 99.97 must not be rounded to everything.
std::string percent(double share) {
  const double value = share * 100;
  if (value > 99.95 && share < 1) return "99.9";
  return value >= 10 && std::abs(value - std::round(value)) < 0.05 ? fmt::format("{:.0f}", value) : fmt::format("{:.1f}", value);
}

std::string bytes_text(std::int64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (value < 1e6) return fmt::format("{:.0f} kB", std::max(1.0, value / 1e3));
  return value < 1e9 ? fmt::format("{:.0f} MB", value / 1e6) : fmt::format("{:.1f} GB", value / 1e9);
}

std::string tile(std::string_view number, std::string_view what, std::string_view more) {
  return fmt::format("<div class=tile><b>{}</b><span>{}</span><small>{}</small></div>", number, what, more);
}

std::string head(const Assessment& assessment) {
  const std::string name = escaped(assessment.connection);
  return fmt::format("<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width'>"
                     "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">"
                     "<title>What changes in {}</title><style>{}</style></head><body><main>\n"
                     "<header><p class=brand>Datapicker assessment</p><h1>What changes in <em>{}</em></h1>"
                     "<p>{} – {} ({} watched{}) · {}</p></header>\n",
                     name, page_style, name, moment_text(assessment.begin_ms), moment_text(assessment.end_ms), span_text(assessment.watched_ms),
                     assessment.is_complete() ? "" : ", of " + span_text(assessment.wanted_ms), escaped(assessment.server));
}

std::string busiest(const Assessment& assessment) {
  const auto most = std::max_element(assessment.tables.begin(), assessment.tables.end(), [](const auto& a, const auto& b) { return a.counts.all() < b.counts.all(); });
  if (most == assessment.tables.end() || most->counts.all() == 0) return "nothing changed while it was watched";
  return fmt::format("{} of them in {}", grouped(most->counts.all()), escaped(most->name));
}

std::string load_text(const Assessment& assessment, const AssessmentSums& sums) {
  const double share = assessment.watched_ms == 0 ? 0 : static_cast<double>(sums.busy_ms) / static_cast<double>(assessment.watched_ms);
  return share < 0.001 ? "&lt; 0.1" : percent(share);
}

std::string tiles(const Assessment& assessment) {
  const AssessmentSums sums = sums_of(assessment);
  const std::int64_t held = std::count_if(assessment.holds.begin(), assessment.holds.end(), [](const WouldHold& each) { return each.by_default; });
  std::string html = "<section class=tiles>";
  html += tile(grouped(sums.counts.all()), "changes of rows", busiest(assessment));
  html += tile(percent(sums.for_nothing()) + " %", "of a nightly copy moved for nothing",
               fmt::format("{} of {} rows had not changed", grouped(sums.copied_rows - sums.needed_rows), grouped(sums.copied_rows)));
  html += sums.copy_delay_ms > 0 ? tile(span_text(sums.copy_delay_ms), "average wait for the next night", "a change, until a copy at 02:00 would have carried it")
                                 : tile("–", "average wait for the next night", "no change to wait");
  html += tile(grouped(held), "mass changes that would have been held",
               assessment.holds.size() > static_cast<std::size_t>(held)
                   ? fmt::format("without any configuration; {} more by the limits proposed below", assessment.holds.size() - static_cast<std::size_t>(held))
                   : std::string("without any configuration"));
  html += tile(load_text(assessment, sums) + " %", "of the time was spent reading", "nothing was written to the database, nothing was sent");
  return html + "</section>\n";
}

std::string legend() {
  return "<p class=legend><i class=updates></i>updated <i class=inserts></i>inserted <i class=deletes></i>deleted</p>";
}

std::string when(const Assessment& assessment) {
  CountsByTime all;
  for (const AssessedTable& table : assessment.tables) {
    for (const auto& [at, counts] : table.by_time) all[at] += counts;
  }
  const TimeAxis axis = axis_of(assessment);
  std::string html = fmt::format("<section><h2>When it changes</h2><p>Changes of all tables, {} a bar. {}</p>{}{}", span_text(axis.slot_ms),
                                 all.empty() ? "Nothing changed while it was watched." : "Bars that tower above all others are cut and carry their number.", legend(),
                                 bars_over_time(all, axis));
  const auto changed = static_cast<std::size_t>(
      std::count_if(assessment.tables.begin(), assessment.tables.end(), [](const AssessedTable& table) { return table.counts.all() > 0; }));
  if (changed > 0) {
    html += fmt::format("<h3>Table by table</h3><p>The stronger the colour, the more rows changed, by orders of magnitude.</p>{}",
                        map_of_tables(assessment.tables, std::min(changed, tables_mapped), axis));
    if (changed > tables_mapped) html += fmt::format("<p>and {} tables with fewer changes</p>", changed - tables_mapped);
  }
  return html + "</section>\n";
}

std::string nightly(const Assessment& assessment) {
  const AssessmentSums sums = sums_of(assessment);
  std::string html = fmt::format(
      "<section><h2>What a nightly copy moves for nothing</h2><p>A copy of all rows, once a day, would have moved {} rows (about {}). {} of them had changed since the copy "
      "before. Every change waits for the night; a copy knows neither deletes nor who changed what.</p>"
      "<table><thead><tr><th>table<th class=n>rows copied<th class=n>changed<th class=n>for nothing<th>changed, of all</tr></thead><tbody>",
      grouped(sums.copied_rows), bytes_text(sums.rows == 0 ? 0 : sums.bytes * (sums.copied_rows / sums.rows)), grouped(sums.needed_rows));
  for (const AssessedTable& table : assessment.tables) {
    const double share = table.copied_rows == 0 ? 0 : static_cast<double>(table.needed_rows) / static_cast<double>(table.copied_rows);
    html += fmt::format("<tr><td>{}<td class=n>{}<td class=n>{}<td class=n>{}<td>{}</tr>", escaped(table.name), grouped(table.copied_rows), grouped(table.needed_rows),
                        table.copied_rows == 0 ? "–" : percent(1 - share) + " %", share_bar(share, "updates", percent(share) + " % changed"));
  }
  return html + "</tbody></table></section>\n";
}

std::string parts_text(const Counts& counts) {
  std::string text;
  const auto add = [&text](std::int64_t count, const char* what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(count), what);
  };
  add(counts.updates, "updated");
  add(counts.inserts, "inserted");
  add(counts.deletes, "deleted");
  return text.empty() ? "nothing" : text;
}

/// What a guard would have learnt only later is not among what it would have held.
std::string rhythm_text(const Assessment& assessment) {
  const std::string learns = span_text(settings::RhythmLimits{}.learn_ms);
  std::int64_t first = 0;
  std::int64_t young = 0;
  for (const AssessedTable& table : assessment.tables) {
    if (table.rhythm_since_ms == 0) ++young;
    else if (first == 0 || table.rhythm_since_ms < first) first = table.rhythm_since_ms;
  }
  if (first == 0) {
    return fmt::format("<p>Not among it: what is unusual for its hour of the week. A guard holds by that once it has learnt for {}; this was watched for {}.</p>", learns,
                       span_text(assessment.watched_ms));
  }
  std::string text = fmt::format("<p>Since {}, what is unusual for its hour of the week is among it: {} were watched before, and taught what is usual", moment_text(first), learns);
  if (young > 0) text += fmt::format("; {} watched for less, and not judged by that", young == 1 ? "1 table was" : std::to_string(young) + " tables were");
  return text + ".</p>";
}

std::string holds(const Assessment& assessment) {
  std::string html = "<section><h2>What would have been held</h2><p>Before a mass change reaches a customer's phone or the CRM, a person is asked. Each cycle was judged as "
                     "the guards would have, had every row been a record at a target, and nobody let anything go.</p>" + rhythm_text(assessment);
  if (assessment.holds.empty()) return html + "<p class=quiet>Nothing: all that was seen is within the limits.</p></section>\n";
  html += "<table><thead><tr><th>when<th>table<th>what came<th>why<th>limit</tr></thead><tbody>";
  for (const WouldHold& each : assessment.holds) {
    html += fmt::format("<tr><td class=t>{}<td>{}<td>{}<td>{}<td>{}</tr>", moment_text(each.at_ms), escaped(each.table), parts_text(each.counts), escaped(each.text),
                        each.by_default ? "<span class='badge strong'>as delivered</span>" : "<span class=badge>as proposed</span>");
  }
  return html + "</tbody></table></section>\n";
}

std::string joined(const std::vector<std::string>& texts) {
  std::string text;
  for (const std::string& each : texts) text += (text.empty() ? "" : ", ") + escaped(each);
  return text;
}

std::string bursts(const Assessment& assessment) {
  if (assessment.bursts.empty()) return {};
  std::string html = "<section><h2>Bursts</h2><p>Many changes within minutes: jobs, imports, mass edits. What is meant can be announced with <code>datapicker expect</code>.</p>"
                     "<table><thead><tr><th>when<th>table<th>for<th class=n>changes<th class=n>of the table<th>what<th>columns</tr></thead><tbody>";
  for (const Burst& each : assessment.bursts) {
    html += fmt::format("<tr><td class=t>{}<td>{}<td>{}<td class=n>{}<td class=n>{} %<td>{}<td>{}</tr>", moment_text(each.begin_ms), escaped(each.table),
                        span_text(each.end_ms - each.begin_ms), grouped(each.counts.all()), percent(each.share), parts_text(each.counts), joined(each.columns));
  }
  return html + "</tbody></table></section>\n";
}

std::string columns_table(const AssessedTable& table) {
  if (table.columns.empty()) return {};
  std::string html = "<table class=half><thead><tr><th>column<th class=n>in updates<th class=n>alone<th></tr></thead><tbody>";
  const auto updates = static_cast<double>(std::max<std::int64_t>(1, table.counts.updates));
  for (std::size_t i = 0; i < std::min(columns_shown, table.columns.size()); ++i) {
    const AssessedColumn& each = table.columns[i];
    html += fmt::format("<tr><td>{}<td class=n>{}<td class=n>{}<td>{}</tr>", escaped(each.name), grouped(each.changed), each.alone > 0 ? grouped(each.alone) : "",
                        share_bar(static_cast<double>(each.changed) / updates, "updates", percent(static_cast<double>(each.changed) / updates) + " % of the updates"));
  }
  if (table.columns.size() > columns_shown) html += fmt::format("<tr><td>and {} more<td><td><td></tr>", table.columns.size() - columns_shown);
  return html + "</tbody></table>";
}

std::string users_table(const AssessedTable& table) {
  if (table.users.empty()) return {};
  const std::string by = table.user_column.empty() ? "as the source tells" : "by " + escaped(table.user_column);
  std::string html = fmt::format("<table class=half><thead><tr><th>who, {}<th class=n>changes<th></tr></thead><tbody>", by);
  for (std::size_t i = 0; i < std::min(users_listed, table.users.size()); ++i) {
    const AssessedUser& each = table.users[i];
    const double share = static_cast<double>(each.changes) / static_cast<double>(table.counts.all());
    html += fmt::format("<tr><td>{}<td class=n>{}<td>{}</tr>", escaped(each.name), grouped(each.changes), share_bar(share, "updates", percent(share) + " % of the changes"));
  }
  return html + "</tbody></table>";
}

std::string remarks(const Assessment& assessment, const AssessedTable& table) {
  std::string html;
  const auto add = [&html](const std::string& text) { html += "<li>" + text; };
  if (!table.problem.empty()) add("<strong>cannot be read at the moment:</strong> " + escaped(table.problem));
  if (table.watched_since_ms == 0) {
    add("<strong>its first reading was not complete</strong>");
  } else if (table.watched_since_ms > assessment.begin_ms + assessment.slot_ms) {
    add("watched since " + moment_text(table.watched_since_ms));
  }
  if (table.between.all() > 0) add(parts_text(table.between) + " while nobody watched: found afterwards, and not shown over time");
  if (table.settle_ms > 0) add(fmt::format("rows change several times within {}: waiting for a quiet moment would merge them into one call", span_text(table.settle_ms)));
  if (!table.columns.empty() && table.columns.front().alone * 2 > table.counts.updates && table.counts.updates >= 20) {
    add(fmt::format("more than half of the updates change nothing but <code>{}</code>: to pipelines that do not map it they are no change",
                    escaped(table.columns.front().name)));
  }
  for (const std::string& reason : table.capture.reasons) add(escaped(reason));
  for (const std::string& alternative : table.capture.alternatives) add("or " + escaped(alternative));
  return "<ul>" + html + "</ul>";
}

std::string one_table(const Assessment& assessment, const AssessedTable& table) {
  std::string html = fmt::format("<section class=table><h3>{}</h3><p>{} rows in <code>{}</code>; {}.</p>", escaped(table.name), grouped(table.rows), escaped(table.from),
                                 parts_text(table.counts));
  if (table.counts.all() > table.between.all()) html += bars_over_time(table.by_time, axis_of(assessment));
  html += "<div class=pair>" + columns_table(table) + users_table(table) + "</div>" + remarks(assessment, table);
  return html + "<pre>" + escaped(table.yaml) + "</pre></section>\n";
}

std::string foot(const Assessment& assessment) {
  std::string html;
  if (!assessment.not_watched.empty()) {
    html += "<section><h2>Not watched</h2><table><tbody>";
    for (const NotWatched& each : assessment.not_watched) html += fmt::format("<tr><td>{}<td>{}</tr>", escaped(each.from), escaped(each.reason));
    html += "</tbody></table></section>\n";
  }
  const std::time_t seconds = assessment.end_ms / 1'000;
  std::tm local{};
  localtime_r(&seconds, &local);
  return html + fmt::format("<footer>Times are local ({}). Rows were compared at intervals: of changes between two looks the last one is seen. No values of rows stand on this "
                            "page. A night's copy is taken to run at 02:00, once for each day that began.</footer></main></body></html>\n",
                            escaped(local.tm_zone));
}

}  // namespace

std::string page_of(const Assessment& assessment) {
  std::string html = head(assessment) + tiles(assessment) + when(assessment) + nightly(assessment) + holds(assessment) + bursts(assessment);
  html += "<h2>Tables, and the YAML that fits them</h2><p>A click on a block of YAML selects all of it.</p>\n";
  std::size_t quiet = 0;
  for (const AssessedTable& table : assessment.tables) {
    const bool is_quiet = table.counts.all() == 0 && table.problem.empty() && table.watched_since_ms > 0;
    quiet += is_quiet ? 1 : 0;
    if (!is_quiet) html += one_table(assessment, table);
  }
  if (quiet > 0) html += fmt::format("<h2>Without a change</h2><p>{} tables did not change while they were watched.</p>\n", quiet);
  for (const AssessedTable& table : assessment.tables) {
    if (table.counts.all() == 0 && table.problem.empty() && table.watched_since_ms > 0) {
      html += fmt::format("<details><summary>{}, {} rows</summary><pre>{}</pre></details>\n", escaped(table.name), grouped(table.rows), escaped(table.yaml));
    }
  }
  return html + foot(assessment);
}

}  // namespace engine::operate
