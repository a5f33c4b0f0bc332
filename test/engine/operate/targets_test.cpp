// Target definitions as people meet them: the list, the reference pages, what check says of them, and a trial against a real socket.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/operate/check.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/targets/page.h"
#include "engine/operate/targets/trial.h"
#include "test/support/http_stub.h"

namespace engine::operate {

namespace {

namespace fs = std::filesystem;
using test_support::HttpStub;

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/datapicker-targets-XXXXXX";
    path_ = mkdtemp(name);
    write("datapicker.yaml", "instance: t\n");
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const fs::path& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }

 private:
  fs::path path_;
};

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// The YAML in a document, by its first line.
std::map<std::string, std::string> yaml_of(const fs::path& document) {
  std::map<std::string, std::string> blocks;
  const std::string text = text_of(document);
  const std::string opening = "```yaml\n";
  for (std::size_t at = text.find(opening); at != std::string::npos; at = text.find(opening, at)) {
    at += opening.size();
    const std::string block = text.substr(at, text.find("```", at) - at);
    blocks[block.substr(0, block.find('\n'))] = block;
  }
  return blocks;
}

std::string problems_of(const CheckReport& report) {
  std::string text;
  for (const settings::Diagnostic& each : report.diagnostics.all()) text += settings::diagnostic_text(each) + "\n";
  return text;
}

const char* crm = R"(# yaml-language-server: $schema=x.json
# A CRM of our own.
# Its keys are mail addresses.
target: crm
about: Our own CRM
proved: { by: documentation, version: "7" }
options:
  pipeline_id: "1"  # which sales pipeline
  account:
objects:
  contact:
    find: { request: { method: GET, path: /contacts, query: { email: "{match}" } }, items: /items, id: /id }
    # Answers 201 with the id.
    create: { method: POST, path: "/{{options.account}}/contacts", body: fields, set: { email: "{match}" }, id: /id }
    update: { method: PATCH, path: "/contacts/{remote_id}", body: changed_fields }
answers:
  # Somebody else was faster.
  - { status: 409, class: duplicate }
  - { status: 429, class: retry, after: { header: X-Wait, unit: 1m } }
)";

/// A connection to the stub, with a secret that must not show.
struct Instance {
  HttpStub stub;
  Folder folder;

  explicit Instance(const std::string& definition = crm) {
    folder.write("targets/crm.yaml", definition);
    folder.write("connections/sales.yaml", "connection: sales\ntarget: crm\nurl: " + stub.url() +
                                               "\nauth: { bearer: \"${secret:token}\" }\noptions: { account: acme }\n");
    folder.write("secrets/token", "very-secret-token\n");
    fs::permissions(folder.path() / "secrets/token", fs::perms::owner_read | fs::perms::owner_write);
  }

  Trial tried(TrialOptions options, bool yes = true) const {
    options.instance = folder.path();
    if (options.target.empty()) options.target = "sales";
    if (options.object.empty()) options.object = "contact";
    return try_target(options, {.may_send = [yes](const TrialStep&) { return yes; }, .shown = {}});
  }
};

TrialOptions ada() {
  TrialOptions options;
  options.match = {{"email", model::FieldScalar(std::string("ada@example.com"))}};
  options.fields = {{"name", model::FieldScalar(std::string("Ada"))}};
  return options;
}

std::string outcomes_of(const Trial& trial) {
  std::string text;
  for (const TrialStep& step : trial.steps) {
    text += (text.empty() ? "" : " ") + std::string(name_of(step.call)) + ":" + (step.sent ? step.outcome : "-");
  }
  return text;
}

}  // namespace

TEST_CASE("the pages of the shipped definitions are those in docs/targets") {
  TargetShelf shelf("/nowhere");
  settings::Diagnostics diagnostics;
  const bool update = std::getenv("UPDATE_GOLDEN") != nullptr;
  const fs::path folder = fs::path(SOURCE_DIR) / "docs/targets";
  std::set<std::string> pages{"README.md"};
  for (const ShelvedTarget& target : shelf.take_all(diagnostics)) {
    if (target.file.empty()) continue;
    CAPTURE(target.definition.name);
    const fs::path page = folder / (target.definition.name + ".md");
    if (update) std::ofstream(page) << target_page(target);
    CHECK(text_of(page) == target_page(target));
    pages.insert(page.filename());
  }
  CHECK(diagnostics.all().empty());
  for (const auto& entry : fs::directory_iterator(folder)) {
    CHECK_MESSAGE(pages.contains(entry.path().filename()), "a page of no definition: " << entry.path().string());
  }
}

TEST_CASE("what a definition shows as an example is a connection and a pipeline that pass check") {
  TargetShelf shelf("/nowhere");
  settings::Diagnostics diagnostics;
  for (const ShelvedTarget& target : shelf.take_all(diagnostics)) {
    if (target.file.empty()) continue;
    CAPTURE(target.definition.name);
    const std::string pipeline = example_of(target, "pipeline");
    if (pipeline.empty()) continue;
    REQUIRE_FALSE(example_of(target, "connection").empty());
    const Folder folder;
    folder.write("connections/shown.yaml", example_of(target, "connection"));
    folder.write("connections/erp.yaml", "connection: erp\nodbc: \"Driver=SQLite3;Database=/nowhere.db\"\ndialect: sqlite\n");
    folder.write("tables/customers.yaml", "table: customers\nconnection: erp\nfrom: customers\nkey: [code]\n");
    const std::size_t begin = std::string("pipeline: ").size();
    folder.write("pipelines/" + pipeline.substr(begin, pipeline.find('\n') - begin) + "/pipeline.yaml", pipeline);
    const CheckReport report = check(folder.path(), {.live = false});
    CHECK_MESSAGE(report.diagnostics.all().empty(), problems_of(report));
  }
}

TEST_CASE("what the guide has an integrator write passes check, and its first trial goes as the guide tells") {
  const auto files = yaml_of(fs::path(SOURCE_DIR) / "docs/guides/add_an_api.md");
  HttpStub stub;
  Folder folder;
  std::string connection = files.at("connection: helpdesk");
  const std::string url = "https://desk.example.com";
  connection.replace(connection.find(url), url.size(), stub.url());
  folder.write("targets/desk.yaml", files.at("target: desk"));
  folder.write("connections/helpdesk.yaml", connection);
  folder.write("connections/erp.yaml", "connection: erp\nodbc: \"Driver=SQLite3;Database=/nowhere.db\"\ndialect: sqlite\n");
  folder.write("tables/complaints.yaml", "table: complaints\nconnection: erp\nfrom: complaints\nkey: [code]\n");
  folder.write("pipelines/complaints_to_desk/pipeline.yaml", files.at("pipeline: complaints_to_desk"));
  folder.write("secrets/desk_token", "a-secret-token\n");
  fs::permissions(folder.path() / "secrets/desk_token", fs::perms::owner_read | fs::perms::owner_write);
  const CheckReport report = check(folder.path(), {.live = false});
  CHECK_MESSAGE(report.diagnostics.all().empty(), problems_of(report));
  stub.answer({{.body = R"({"tickets":[]})"}, {.status = 201, .body = R"({"ticket":{"id":42}})"}});
  TrialOptions options{.instance = folder.path(), .target = "helpdesk", .object = "ticket"};
  options.match = {{"external_id", model::FieldScalar(std::string("TEST-1"))}};
  options.fields = {{"subject", model::FieldScalar(std::string("A test"))}};
  const Trial trial = try_target(options, {.may_send = [](const TrialStep&) { return true; }, .shown = {}});
  REQUIRE(outcomes_of(trial) == "find:delivered create:delivered");
  CHECK(trial.steps[0].url == stub.url() + "/api/v2/tickets?external_id=TEST-1");
  CHECK(trial.steps[0].next == "there is no such record: it is created");
  CHECK(trial.steps[1].body == R"({"ticket":{"external_id":"TEST-1","subject":"A test"}})");
  CHECK(trial.steps[1].remote_id == "42");
}

TEST_CASE("a page shows the author's comments, options with defaults, calls and rules") {
  const Instance instance;
  const std::string page = target_page(TargetShelf(instance.folder.path()).take("crm"));
  for (const char* part :
       {"# crm\n", "Our own CRM", "Proved by: documentation 7.", "A CRM of our own. Its keys are mail addresses.\n",
        "| `pipeline_id` | `1` | which sales pipeline |", "| `account` | required where it is used |", "### contact",
        "| create | `POST /{{options.account}}/contacts`, `body: fields` | Answers 201 with the id. `set: { email: {match} }` |",
        "| `status: 409` | duplicate | Somebody else was faster. |", "retry, after `{ header: X-Wait, unit: 1m }`"}) {
    CHECK_MESSAGE(page.find(part) != std::string::npos, part << " is not in\n" << page);
  }
  CHECK(page.find("yaml-language-server") == std::string::npos);
  CHECK_THROWS_WITH_AS(TargetShelf(instance.folder.path()).take("crn"), doctest::Contains("there is no target 'crn'"), Error);
}

TEST_CASE("check finds what cannot work in a definition that nobody uses yet, each problem at its place") {
  const Folder folder;
  folder.write("targets/crm.yaml",
               "target: crm\nobjects:\n  contact:\n    create: { method: POST, path: \"/{macth}\", body: fields }\n"
               "  deal:\n    archive: { as: update, set: { a: 1 } }\nanswers:\n  - { body_matches: \"(\", class: retry }\n");
  const std::string problems = problems_of(check(folder.path(), {}));
  CHECK_MESSAGE(problems.find("targets/crm.yaml:4:") != std::string::npos, problems);
  CHECK(problems.find("nothing is called {macth} in a template [target.invalid]") != std::string::npos);
  CHECK(problems.find("targets/crm.yaml:6:") != std::string::npos);
  CHECK(problems.find("targets/crm.yaml:8:") != std::string::npos);
  folder.write("targets/crm.yaml", "target: crm\nobjcts: {}\n");
  CHECK(problems_of(check(folder.path(), {})).find("did you mean 'objects'?") != std::string::npos);
}

TEST_CASE("a trial does as the daemon would: looks, creates what is not there, updates what is") {
  Instance instance;
  instance.stub.answer({{.body = R"({"items":[]})"}, {.status = 201, .body = R"({"id":7})"}});
  const Trial created = instance.tried(ada());
  CHECK(outcomes_of(created) == "find:delivered create:delivered");
  CHECK(created.ended_well);
  CHECK(created.steps[1].remote_id == "7");
  CHECK(created.steps[1].body == R"({"email":"ada@example.com","name":"Ada"})");
  CHECK(created.steps[1].because == "no rule of the definition: what HTTP says of 201");
  instance.stub.answer({{.body = R"({"items":[{"id":7}]})"}, {.status = 200}});
  TrialOptions by_definition = ada();
  by_definition.target = "crm";
  CHECK(outcomes_of(instance.tried(by_definition)) == "find:delivered update:delivered");
  CHECK(instance.stub.last().target == "/contacts/7");
}

TEST_CASE("a trial names the rule that decided, what follows, and shows no secret") {
  Instance instance;
  TrialOptions options = ada();
  options.call = model::CallKind::create;
  instance.stub.answer({{.status = 409, .body = "very-secret-token is taken"}});
  const Trial trial = instance.tried(options);
  REQUIRE(trial.steps.size() == 1);
  const TrialStep& step = trial.steps[0];
  CHECK(step.outcome == "duplicate");
  CHECK(step.because == "targets/crm.yaml:18:5, { status: 409, class: duplicate }");
  CHECK(step.next == "it counts as delivered");
  CHECK(step.answer == "*** is taken");
  CHECK(std::find(step.headers.begin(), step.headers.end(), "Authorization: Bearer ***") != step.headers.end());
  instance.stub.answer({{.status = 429, .headers = {"X-Wait: 2"}}});
  const Trial throttled = instance.tried(options);
  CHECK_FALSE(throttled.ended_well);
  CHECK(throttled.steps[0].next.starts_with("again after 120 s"));
  instance.stub.answer({{.status = 500}});
  CHECK(instance.tried(options).steps[0].next.starts_with("looked for after 0 s, and a second time"));
}

TEST_CASE("a dry run shows every request that could go out, and sends none; a no sends nothing that changes anything") {
  Instance instance;
  TrialOptions options = ada();
  options.dry_run = true;
  const Trial dry = instance.tried(options);
  CHECK(outcomes_of(dry) == "find:- create:- update:-");
  CHECK(dry.steps[2].url.ends_with("/contacts/REMOTE-ID"));
  CHECK(instance.stub.requests().empty());
  instance.stub.answer({{.body = R"({"items":[]})"}});
  const Trial refused = instance.tried(ada(), false);
  CHECK(refused.refused);
  CHECK(outcomes_of(refused) == "find:delivered create:-");
  CHECK(instance.stub.requests().size() == 1);
}

TEST_CASE("a trial refuses what there is not, with what there is") {
  const Instance instance;
  const auto refusal = [&](auto change) {
    TrialOptions options = ada();
    change(options);
    try {
      instance.tried(options);
    } catch (const Error& error) {
      return std::string(error.what()) + "; " + error.hint();
    }
    return std::string("accepted");
  };
  CHECK(refusal([](TrialOptions& options) { options.object = "contcat"; }).ends_with("did you mean 'contact'?"));
  CHECK(refusal([](TrialOptions& options) { options.call = model::CallKind::archive; }).find("it offers find, create and update") !=
        std::string::npos);
  CHECK(refusal([](TrialOptions& options) { options.target = "slaes"; }).ends_with("did you mean 'sales'?"));
}

}  // namespace engine::operate
