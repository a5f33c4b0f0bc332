#include "engine/operate/inspect/capture_proposal.h"

#include <algorithm>

#include <doctest/doctest.h>

using namespace engine::operate;

namespace {

CaptureFacts table_of(std::uint64_t rows, double ms_for_10k) {
  return {.count = {.rows = rows}, .key_is_indexed = true, .time = {.rows = std::min<std::uint64_t>(rows, 10'000), .rows_ms = ms_for_10k, .all_read = rows <= 10'000}};
}

bool any_says(const std::vector<std::string>& texts, std::string_view part) {
  return std::any_of(texts.begin(), texts.end(), [part](const std::string& text) { return text.find(part) != std::string::npos; });
}

const GrowthCandidate stamped{.name = "TSMOD", .growth = engine::model::Growth::moment, .indexed = true};

}  // namespace

TEST_CASE("a small table is compared every second or two") {
  CHECK(capture_yaml(propose_capture(table_of(400, 3))) == "{ mode: diff, every: 1s }");
  CHECK(capture_yaml(propose_capture(table_of(9'000, 60))) == "{ mode: diff, every: 2s }");
}

TEST_CASE("a table keeps its database busy for at most a twentieth of the time") {
  const CaptureProposal proposal = propose_capture(table_of(100'000, 40));  // 400 ms for all
  CHECK(capture_yaml(proposal) == "{ mode: diff, every: 10s }");
  CHECK(any_says(proposal.reasons, "all 100000 take about 400 ms"));
}

TEST_CASE("checksums that the server computes make the interval shorter, and are a reason") {
  CaptureFacts facts = table_of(1'000'000, 40);
  facts.time.checksum_ms = 6;  // 600 ms of all
  const CaptureProposal proposal = propose_capture(facts);
  CHECK(proposal.mode == "diff");
  CHECK(proposal.every_ms == 30'000);
  CHECK(any_says(proposal.reasons, "checksums of all rows in about 600 ms"));
}

TEST_CASE("a large table with an indexed column that tells changes is read by it, with all rows now and then") {
  CaptureFacts facts = table_of(5'000'000, 40);  // 20 s for all
  facts.candidates = {stamped};
  const CaptureProposal proposal = propose_capture(facts);
  CHECK(capture_yaml(proposal) == "{ mode: watermark, column: TSMOD, overlap: 10m, every: 2s, full_every: 1h }");
  CHECK(any_says(proposal.reasons, "every writer sets TSMOD"));
  CHECK(any_says(proposal.alternatives, "mode: diff, every: 10m"));
}

TEST_CASE("a column without an index, or with NULLs, is an alternative that says what it lacks") {
  CaptureFacts facts = table_of(5'000'000, 40);
  facts.candidates = {stamped};
  facts.candidates[0].indexed = false;
  CaptureProposal proposal = propose_capture(facts);
  CHECK(proposal.mode == "diff");
  CHECK(any_says(proposal.alternatives, "once an index leads with it"));
  facts.candidates[0].indexed = facts.candidates[0].has_nulls = true;
  proposal = propose_capture(facts);
  CHECK(proposal.mode == "diff");
  CHECK(any_says(proposal.alternatives, "not NULL"));
}

TEST_CASE("a table that could be neither counted nor read to its end is taken for a large one") {
  CaptureFacts facts = table_of(10'000, 1'500);
  facts.count.rows.reset();
  facts.time.all_read = false;
  CHECK(propose_capture(facts).every_ms == 300'000);
}

TEST_CASE("triggers are offered where the dialect has them, never chosen") {
  CaptureFacts facts = table_of(400, 3);
  CHECK(propose_capture(facts).alternatives.empty());
  facts.has_change_log = true;
  CHECK(any_says(propose_capture(facts).alternatives, "change-log install --print"));
}
