// What is worth an alert, read off what a running instance knows: values only, no I/O.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "engine/pipeline/live_status.h"

namespace engine::pipeline {

/// Something that is not as it should be, now.
struct Condition {
  std::string kind;     ///< source_down, table_paused, journal_full, …: stable, also in metrics
  std::string subject;  ///< the name of what it is about; empty: the instance
  std::string text;     ///< what is so, and what to do
  std::int64_t told_after_ms = 0;  ///< it must last that long: much mends itself
  std::string id() const { return subject.empty() ? kind : kind + ":" + subject; }
};

/// How many deliveries of a pipeline wait for a person.
struct AwaitingPerson {
  std::string pipeline;
  std::int64_t dead = 0;
  std::int64_t uncertain = 0;
};

/// What guards hold of a pipeline until a person decides.
struct HeldByGuard {
  std::string pipeline;
  std::int64_t anomaly = 0;
  std::int64_t deliveries = 0;
  std::string why;
  bool is_snoozed = false;  ///< a person knows of it, and wants no alert for now
};

/// A table that is silent against its own rhythm.
struct Silence {
  std::string table;
  std::int64_t lasts_ms = 0;
  std::int64_t usual_ms = 0;
};

struct Observed {
  LiveStatus live;
  std::vector<AwaitingPerson> awaiting;
  std::vector<HeldByGuard> held;
  std::vector<Silence> silences;
  std::vector<std::string> silent_stages;
};

struct Conditions {
  std::vector<Condition> present;
  /// Nothing is known of these yet: a process that has just started has not read its sources, nor sent anything.
  std::set<std::string> unknown;
  /// Nothing is told of these: neither that they are so, nor that they are over. When that ends they are told anew.
  std::set<std::string> silenced;
};

Conditions conditions_in(const Observed& observed);

}  // namespace engine::pipeline
