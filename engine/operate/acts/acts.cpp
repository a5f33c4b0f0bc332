#include "engine/operate/acts/acts.h"

#include <pwd.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <map>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/operate/acts/act_kinds.h"
#include "engine/operate/acts/request.h"
#include "engine/operate/instance_access.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

struct KnownAct {
  Act carry_out;
  bool brief = false;
};
const std::map<std::string, KnownAct, std::less<>> acts{
    {"decide", {decide_dead_letters, true}},
    {"pause", {pause, true}},
    {"resume", {resume, true}},
    {"remap", {remap}},
    {"backup", {back_up}},
    {"forget", {forget}},
    {"replay", {replay}},
    {"backfill", {backfill}},
    {"link", {link_records}},
    {"release", {review, true}},
    {"reject", {review, true}},
    {"snooze", {snooze, true}},
    {"expect", {expect, true}},
};

std::string this_user() {
  const passwd* entry = getpwuid(getuid());
  return entry != nullptr ? entry->pw_name : "uid " + std::to_string(getuid());
}

// Whom an act made forget, its record must not tell.
json::object recorded(json::object request) {
  if (text_of(request, "verb") == "forget") request.erase("key");
  return request;
}

void record(const json::object& request, const json::object& outcome, const ActContext& context) {
  record_act(request, outcome, context.journal, context.actor, context.clock);
  if (context.supervisor == nullptr) return;  // carried out by the verb itself, which says what it did
  log_event(LogLevel::info, "act",
            {{"actor", context.actor}, {"verb", text_of(request, "verb")}, {"request", json::serialize(request)}, {"outcome", json::serialize(outcome)}});
}

}  // namespace

void record_act(const json::object& request, const json::object& outcome, journal::Journal& journal, const std::string& actor, const Clock& clock) {
  const journal::AuditEntry entry{.at_ms = clock.wall_ms(),
                                  .actor = actor,
                                  .act = text_of(request, "verb"),
                                  .request = json::serialize(request),
                                  .reason = text_of(request, "reason"),
                                  .outcome = json::serialize(outcome)};
  journal.write([&](journal::Records& records) { records.audit.record(entry); });
}

bool is_brief(const json::object& request) {
  const auto known = acts.find(text_of(request, "verb"));
  return known != acts.end() && known->second.brief;
}

json::object act(const json::object& request, const ActContext& context) {
  const auto known = acts.find(text_of(request, "verb"));
  if (known == acts.end()) {
    throw Error(ErrorCode::config_invalid, "the running daemon does not know '" + text_of(request, "verb") + "'", {},
                "it may be older than this program: restart it");
  }
  json::object outcome = known->second.carry_out(request, context);
  if (!flag_of(request, "dry_run")) record(recorded(request), outcome, context);
  if (context.supervisor != nullptr) context.supervisor->look_again();
  return outcome;
}

json::object act_anywhere(const settings::InstancePlace& place, const json::object& request, const pipeline::TellProgress& tell,
                          const Clock& clock) {
  settings::Instance instance = load_valid_instance(place, false);
  if (const auto answer = pipeline::ask_daemon(instance.journal_path, json::serialize(request), tell)) {
    return json::parse(*answer).as_object();
  }
  if (!std::filesystem::exists(instance.journal_path)) {
    throw Error(ErrorCode::environment_missing, "there is no journal yet: " + instance.journal_path.string(), {},
                "the daemon creates it at its first start: `datapicker run`");
  }
  const std::string verb = text_of(request, "verb");
  if (verb == "link" || verb == "backfill") instance = load_valid_instance(place, true);
  const auto journal = journal::Journal::open({.path = instance.journal_path});
  const auto always = [](std::int64_t, std::int64_t) { return true; };
  return act(request, {*journal, instance, clock, this_user(), tell ? tell : always, nullptr});
}

json::object ask_running(const settings::Instance& instance, const json::object& request) {
  if (const auto answer = pipeline::ask_daemon(instance.journal_path, json::serialize(request))) return json::parse(*answer).as_object();
  throw Error(ErrorCode::environment_missing, "no daemon runs for this instance", {}, "`datapicker run` reads the folder when it starts");
}

}  // namespace engine::operate
