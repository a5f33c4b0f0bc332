// What lies over and under a file: fragments, environments.
#include <doctest/doctest.h>

#include "engine/settings/layers/explain.h"
#include "test/engine/settings/instance_folder.h"

using namespace engine::settings;
using engine::model::FieldScalar;
using engine::model::FieldValue;
using test_settings::InstanceFolder;
using test_settings::text_of;

namespace {

Instance loaded(const InstanceFolder& folder, const std::string& environment = {}, const std::string& warnings = {}) {
  Diagnostics diagnostics;
  Instance instance =
      load_instance(InstancePlace(folder.path(), environment), test_settings::catalogues(), {}, diagnostics);
  CHECK(text_of(diagnostics) == warnings);
  return instance;
}

FieldValue text(const char* value) { return FieldScalar(std::string(value)); }

/// An environment in which nothing reaches production.
constexpr const char* safe_environment =
    "connections:\n"
    "  shop: { dry_run: true }\n"
    "  desk: { url: 'http://127.0.0.1:9/REST', auth: { bearer: '${secret:desk_test}' } }\n"
    "  lines: { path: out/test.jsonl }\n";

}  // namespace

TEST_CASE("a fragment is laid under the file: maps join, the file wins, lists replace") {
  InstanceFolder folder;
  folder.write("fragments/quick.yaml", "capture: { every: 1s, chunk_rows: 50 }\nexclude: [a, b]\ninitial: baseline\n");
  folder.write("fragments/slow.yaml", "use: quick\ncapture: { full_every: 2h, every: 9s }\n");
  folder.write("tables/customers.yaml",
               "table: customers\nuse: [slow]\nconnection: erp\nfrom: sales.customers\nkey: [code]\n"
               "capture: { every: 3s }\nexclude: [notes]\ninitial: deliver\n");
  const TableDefinition customers = loaded(folder).tables.at("customers");
  CHECK(customers.capture.every_ms == 3'000);
  CHECK(customers.capture.full_every_ms == 7'200'000);
  CHECK(customers.capture.chunk_rows == 50);
  CHECK(customers.request.exclude == std::vector<std::string>{"notes"});
  CHECK(customers.initial == Initial::deliver);
}

TEST_CASE("of two fragments the later one wins, in connections and pipelines as well") {
  InstanceFolder folder;
  folder.write("fragments/one.yaml", "timeout: 1s\nlimits: { in_flight: 3 }\n");
  folder.write("fragments/two.yaml", "timeout: 2s\n");
  folder.write("connections/lines.yaml", "connection: lines\nuse: [one, two]\ntarget: file\npath: out/lines.jsonl\n");
  folder.write("fragments/marks.yaml", "set: { mark: x, other: y }\nvalid_for: 9h\n");
  folder.write("pipelines/orders_to_file/pipeline.yaml",
               "pipeline: orders_to_file\nuse: marks\ntable: orders\ndeliver: every_change\nvalid_for: 4h\n"
               "map: { number: number }\nset: { mark: z }\ntarget: { connection: lines, object: order }\n");
  const Instance instance = loaded(folder);
  CHECK(instance.targets.at("lines").timeout_ms == 2'000);
  CHECK(instance.targets.at("lines").limits.requests_at_once() == 3);
  const PipelineDefinition& pipeline = instance.pipelines.at("orders_to_file");
  CHECK(pipeline.valid_for_ms == 4 * 3'600'000);
  CHECK(pipeline.set.at("mark") == text("z"));
  CHECK(pipeline.set.at("other") == text("y"));
}

TEST_CASE("an environment changes connections, intervals, constants, variables and addresses") {
  InstanceFolder folder;
  folder.write("secrets/desk_test", "other-token\n");
  folder.write("env/test.yaml", std::string(safe_environment) +
                                    "  erp: { odbc: Driver=Plain;Server=test }\n"
                                    "tables: { customers: { capture: { every: 1m } } }\n"
                                    "pipelines: { orders_to_desk: { set: { Queue: Test } } }\n"
                                    "variables: { year: '1999' }\n"
                                    "metrics: 127.0.0.1:1999\n"
                                    "defaults: { capture: { every: 20s } }\n");
  const Instance instance = loaded(folder, "test");
  CHECK(instance.sources.at("erp").odbc.reveal() == "Driver=Plain;Server=test");
  CHECK(instance.targets.at("shop").dry_run);
  CHECK(instance.targets.at("desk").url == "http://127.0.0.1:9/REST");
  CHECK(std::get<BearerAuth>(instance.targets.at("desk").auth).token.reveal() == "other-token");
  CHECK(instance.targets.at("lines").path == folder.path() / "out/test.jsonl");
  CHECK(instance.tables.at("customers").capture.every_ms == 60'000);
  CHECK(instance.tables.at("customers").capture.full_every_ms == 3'600'000);
  CHECK(instance.tables.at("orders").capture.every_ms == 20'000);
  CHECK(instance.tables.at("orders").request.query.find("1999") != std::string::npos);
  CHECK(instance.pipelines.at("orders_to_desk").set.at("Queue") == text("Test"));
  CHECK(instance.metrics->port == 1999);
}

TEST_CASE("with an environment the journal is another file than production's, named or not") {
  InstanceFolder folder;
  folder.write("secrets/desk_test", "other-token\n");
  folder.write("env/test.yaml", safe_environment);
  CHECK(loaded(folder).journal_path == folder.path() / "state/journal.db");
  CHECK(loaded(folder, "test").journal_path == folder.path() / "state/journal.test.db");
  folder.write("env/test.yaml", std::string(safe_environment) + "journal: { path: trial.db }\n");
  CHECK(loaded(folder, "test").journal_path == folder.path() / "trial.db");
  folder.write("datapicker.yaml", "instance: sample\nvariables: { origin_name: erp, year: '2024' }\n");
  folder.write("env/test.yaml", safe_environment);
  CHECK(loaded(folder, "test").journal_path == folder.path() / "journal.test.db");
}

TEST_CASE("an environment may put a file in the place of an API, and needs none of its secrets then") {
  InstanceFolder folder;
  folder.write("connections/shop.yaml",
               "connection: shop\ntarget: web\nurl: https://shop.example.com\nauth: { bearer: '${secret:absent}' }\n"
               "requests: { upsert: { method: PUT, path: /c, body: fields }, delete: { method: DELETE, path: /c } }\n");
  folder.write("env/test.yaml",
               "connections:\n  shop: { target: file, path: out/shop.jsonl }\n"
               "  desk: { dry_run: true }\n  lines: { dry_run: true }\n");
  const Instance instance = loaded(folder, "test");
  CHECK(instance.targets.at("shop").target.name == "file");
  CHECK(instance.targets.at("shop").path == folder.path() / "out/shop.jsonl");
}

TEST_CASE("a redirect reaches every pipeline of its connection, and warns of one that it does not change") {
  InstanceFolder folder;
  folder.write("connections/lines.yaml",
               "connection: lines\ntarget: file\npath: out/lines.jsonl\nredirect: { number: 0, \"phone.x\": '+39' }\n");
  folder.write("pipelines/orders_to_file/pipeline.yaml",
               "pipeline: orders_to_file\ntable: orders\nmap: { number: number, phone.x: tel }\n"
               "target: { connection: lines, object: order, match: { number: number } }\n");
  folder.write("pipelines/others_to_file/pipeline.yaml",
               "pipeline: others_to_file\ntable: orders\nmap: { name: state }\n"
               "target: { connection: lines, object: state, match: { number: number } }\n");
  const Instance instance =
      loaded(folder, {},
             "pipelines/others_to_file/pipeline.yaml:4:23: warning: the pipeline 'others_to_file' writes none of the "
             "fields that the connection 'lines' redirects: what it sends goes out as it is [redirect.none]\n");
  CHECK(instance.pipelines.at("orders_to_file").target.redirect.at("phone.x") == text("+39"));
  CHECK(instance.pipelines.at("customers_to_shop").target.redirect.empty());
}

TEST_CASE("for_each makes a table and a pipeline of each value, and the value leads the table's key") {
  InstanceFolder folder;
  folder.write("tables/customers.yaml",
               "table: customers\nconnection: erp\nfor_each: { company: [A01, A02] }\n"
               "from: \"${company}.customers\"\nkey: [code]\n");
  folder.write("pipelines/customers_to_shop/pipeline.yaml",
               "pipeline: customers_to_shop\nfor_each: { company: [A01, A02] }\ntable: customers_${company}\n"
               "map: { name: company || ' ' || name }\n"
               "target: { connection: shop, object: customers, match: { code: \"'${company}-' || code\" } }\n");
  const Instance instance = loaded(folder);
  CHECK_FALSE(instance.tables.contains("customers"));
  const TableDefinition& table = instance.tables.at("customers_A02");
  CHECK(table.request.from == "A02.customers");
  CHECK(table.request.key == std::vector<std::string>{"code"});
  CHECK(table.request.constants == std::vector<std::pair<std::string, std::string>>{{"company", "A02"}});
  const PipelineDefinition& pipeline = instance.pipelines.at("customers_to_shop_A01");
  CHECK(pipeline.table == "customers_A01");
  CHECK(pipeline.target.match[0].expressions[0].sql == "'A01-' || code");
}

TEST_CASE("turns of a for_each whose match does not tell them apart are two writers of one record") {
  InstanceFolder folder;
  folder.write("tables/customers.yaml",
               "table: customers\nconnection: erp\nfor_each: { company: [A01, A02] }\nfrom: customers\nkey: [code]\n");
  const auto problems_with_match = [&folder](const std::string& match) {
    folder.write("pipelines/customers_to_shop/pipeline.yaml",
                 "pipeline: customers_to_shop\nfor_each: { company: [A01, A02] }\ntable: customers_${company}\n"
                 "map: { name: name }\ntarget: { connection: shop, object: customers, match: { code: \"" +
                     match + "\" } }\n");
    Diagnostics diagnostics;
    load_instance(folder.path(), test_settings::catalogues(), {}, diagnostics);
    return diagnostics.errors();
  };
  CHECK(problems_with_match("company || code") == 0);
  CHECK(problems_with_match("mycompany || code") == 1);
  CHECK(problems_with_match("code") == 1);
}

TEST_CASE("an explained file shows each value with the file and line it comes from, and no secret") {
  InstanceFolder folder;
  folder.write("fragments/often.yaml", "capture: { every: 1s, chunk_rows: 50 }\n");
  folder.write("tables/customers.yaml",
               "table: customers\nuse: often\nconnection: erp\nquery: |-\n  SELECT *\n  FROM t\nkey: [code]\n");
  folder.write("env/test.yaml",
               "connections: { shop: { dry_run: true }, desk: { dry_run: true }, lines: { dry_run: true } }\n"
               "tables:\n  customers:\n    capture: { every: 9s }\n");
  Diagnostics diagnostics;
  const auto files = explained(InstancePlace(folder.path(), "test"), "customers", diagnostics);
  REQUIRE(files.size() == 1);
  std::string text_of_lines;
  for (const ExplainedLine& line : files[0].lines)
    text_of_lines += line.text + " # " + line.origin.file + ":" + std::to_string(line.origin.line) + "\n";
  CHECK(text_of_lines ==
        "capture: # env/test.yaml:4\n"
        "  every: 9s # env/test.yaml:4\n"
        "  chunk_rows: 50 # fragments/often.yaml:1\n"
        "table: customers # tables/customers.yaml:1\n"
        "connection: erp # tables/customers.yaml:3\n"
        "query: |- # tables/customers.yaml:4\n"
        "  SELECT * # tables/customers.yaml:5\n"
        "  FROM t # tables/customers.yaml:6\n"
        "key: # tables/customers.yaml:7\n"
        "  - code # tables/customers.yaml:7\n");
  const auto shop = explained(folder.path(), "connections/shop.yaml", diagnostics);
  REQUIRE(shop.size() == 1);
  CHECK(shop[0].json.find("${secret:shop_token}") != std::string::npos);
  CHECK(diagnostics.ok());
  CHECK(explained(folder.path(), "custmers", diagnostics).empty());
  CHECK(text_of(diagnostics).find("did you mean 'customers'?") != std::string::npos);
}
