#include "engine/journal/care/integrity.h"

#include "engine/journal/connection.h"

namespace engine::journal {
namespace {

struct Rule {
  const char* broken;  ///< counts what breaks it
  const char* words;
};

constexpr Rule rules[] = {
    {"SELECT count(*) FROM delivery WHERE pipeline_id NOT IN (SELECT id FROM pipeline)", "deliveries of a pipeline that the journal does not know"},
    {"SELECT count(*) FROM attempt WHERE delivery_id NOT IN (SELECT id FROM delivery)", "attempts without their delivery"},
    {"SELECT count(*) FROM row_image WHERE table_id NOT IN (SELECT id FROM source_table)", "row images of a table that the journal does not know"},
    {"SELECT count(*) FROM row_image WHERE layout_id NOT IN (SELECT id FROM layout)", "row images in a layout that is not there"},
    {"SELECT count(*) FROM delivery WHERE first_seq > last_seq", "deliveries that cover no change"},
    {"SELECT count(*) FROM pipeline WHERE position > ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'change'), 0)",
     "pipelines that are ahead of the change log"},
    {"SELECT count(*) - 1 FROM journal", "identities beside the journal's own"},
};

}  // namespace

IntegrityReport Integrity::check() {
  IntegrityReport report;
  Statement pages = connection_.prepare("PRAGMA integrity_check(20)");
  while (pages.step()) {
    if (pages.text(0) != "ok") report.problems.emplace_back(pages.text(0));
  }
  for (const Rule& rule : rules) {
    if (const std::int64_t broken = count(rule.broken); broken != 0) {
      report.problems.push_back(std::to_string(broken) + " " + rule.words);
    }
  }
  report.changes = count("SELECT count(*) FROM change");
  report.images = count("SELECT count(*) FROM row_image");
  report.deliveries = count("SELECT count(*) FROM delivery");
  return report;
}

std::int64_t Integrity::count(const char* sql) {
  Statement row = connection_.prepare(sql);
  row.step();
  return row.integer(0);
}

}  // namespace engine::journal
