#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>

#include "engine/base/secret.h"
#include "engine/settings/read/sql_text.h"
#include "test/engine/settings/instance_folder.h"

using namespace engine::settings;
using engine::model::FieldScalar;
using test_settings::InstanceFolder;
using test_settings::text_of;

namespace {

Instance loaded(const InstanceFolder& folder, Diagnostics& diagnostics, const LoadOptions& options = {}) {
  return load_instance(folder.path(), test_settings::catalogues(), options, diagnostics);
}

Instance loaded(const InstanceFolder& folder) {
  Diagnostics diagnostics;
  Instance instance = loaded(folder, diagnostics);
  CHECK(text_of(diagnostics) == "");
  return instance;
}

/// An environment variable for the time of a test.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~Environment() { unsetenv(name_); }

 private:
  const char* name_;
};

void write_pipeline(InstanceFolder& folder, const std::string& name, const std::string& more) {
  folder.write(fmt::format("pipelines/{}/pipeline.yaml", name),
               fmt::format("pipeline: {0}\ntable: customers\nmap: {{ {0}: code }}\n{1}target: {{ connection: shop, object: things, match: {{ code: code }} }}\n",
                           name, more));
}

/// Two pipelines a layer, each of which waits for both of the next one: between the first and the last lead 2^layers ways.
void write_layers(InstanceFolder& folder, int layers) {
  for (int layer = 0; layer < layers; ++layer) {
    const std::string waits = layer + 1 == layers ? "" : fmt::format("depends_on: [a{0}, b{0}]\n", layer + 1);
    write_pipeline(folder, fmt::format("a{}", layer), waits);
    write_pipeline(folder, fmt::format("b{}", layer), waits);
  }
}

}  // namespace

TEST_CASE("the instance, its sources and its tables are read as written") {
  const InstanceFolder folder;
  const Instance instance = loaded(folder);
  CHECK(instance.name == "sample");
  CHECK(instance.journal_path == folder.path() / "state/journal.db");
  CHECK(instance.metrics->host == "127.0.0.1");
  CHECK(instance.metrics->port == 0);
  const SourceConnection& erp = instance.sources.at("erp");
  CHECK(erp.odbc.reveal() == "Driver=Plain;Server=127.0.0.1;Database=erp;PWD=geheim-1");
  CHECK(erp.dialect == "plain");
  CHECK(erp.readers == 3);
  CHECK(erp.char_padding == CharPadding::trim_all);
  CHECK(erp.query_timeout_ms == 120'000);
  CHECK(instance.dialects.at("plain").limit == "{sql} LIMIT {n}");
  CHECK(instance.dialects.at("plain").types.at("bool") == engine::model::ColumnType::integer);
  const TableDefinition& customers = instance.tables.at("customers");
  CHECK(customers.request.from == "sales.customers");
  CHECK(customers.request.key == std::vector<std::string>{"code"});
  CHECK(customers.request.exclude == std::vector<std::string>{"notes"});
  CHECK(customers.capture.every_ms == 2'000);
  CHECK(customers.capture.full_every_ms == 3'600'000);
  CHECK(customers.initial == Initial::deliver);
  const TableDefinition& orders = instance.tables.at("orders");
  CHECK(orders.request.query == "SELECT o.number, o.code, o.placed, o.state\nFROM orders o WHERE o.year >= 2024");
  CHECK(orders.capture.every_ms == 7'000);
  CHECK(orders.initial == Initial::baseline);
}

TEST_CASE("a document's tables come each behind the one that it belongs to, with its columns in the order of the parent's key") {
  InstanceFolder folder;
  folder.write("tables/orders.yaml", "table: orders\nconnection: erp\ndocument:\n  root: { from: orders, key: [company, number], exclude: [notes] }\n"
                                     "  taxes: { from: line_taxes, key: [id], parent: { line_id: ID }, of: lines }\n"
                                     "  lines: { query: SELECT * FROM order_lines, key: [id], parent: { order_number: number, company: company } }\n"
                                     "capture: { mode: watermark, column: [ts_mod, lines.ts_mod] }\n");
  const engine::model::TableRequest request = loaded(folder).tables.at("orders").request;
  CHECK(request.from == "orders");
  CHECK(request.key == std::vector<std::string>{"company", "number"});
  CHECK(request.exclude == std::vector<std::string>{"notes"});
  REQUIRE(request.nested.size() == 2);
  CHECK(request.nested[0].name == "lines");
  CHECK(request.nested[0].query == "SELECT * FROM order_lines");
  CHECK(request.nested[0].parent == std::vector<std::string>{"company", "order_number"});
  CHECK(request.nested[0].growing == std::vector<std::string>{"ts_mod"});
  CHECK(request.nested[1].of == "lines");
  CHECK(engine::model::request_of(request, request.nested[0]).key == std::vector<std::string>{"company", "order_number"});
  // The rows of `taxes` do not hold the order's key, only their line's.
  CHECK(engine::model::root_columns(request, request.nested[1]).empty());
  CHECK(engine::model::request_of(request, request.nested[1]).key == std::vector<std::string>{"line_id"});
}

TEST_CASE("a watermark names its columns with their places, and reads all rows every six hours unless told otherwise") {
  InstanceFolder folder;
  folder.write("tables/customers.yaml", "table: customers\nconnection: erp\nfrom: sales.customers\nkey: [code]\n"
                                        "capture: { mode: watermark, column: [changed_at, id], overlap: 1h, overlap_ids: 50 }\n");
  const CaptureDefinition capture = loaded(folder).tables.at("customers").capture;
  CHECK(capture.mode == "watermark");
  REQUIRE(capture.columns.size() == 2);
  CHECK(capture.columns[1].name == "id");
  CHECK(capture.columns[1].origin.text() == "tables/customers.yaml:5:50");
  CHECK(capture.overlap_ms == 3'600'000);
  CHECK(capture.overlap_ids == 50);
  CHECK(capture.full_every_ms == 6 * 3'600'000);
}

TEST_CASE("a target connection holds its definition, its credentials and its limits") {
  const InstanceFolder folder;
  const Instance instance = loaded(folder);
  const TargetConnection& shop = instance.targets.at("shop");
  CHECK(shop.target.name == "web");
  CHECK(shop.url == "https://shop.example.com/api");
  CHECK(std::get<BearerAuth>(shop.auth).token.reveal() == "token-12345");
  CHECK(shop.proxy == "http://proxy.example.com:3128");
  CHECK(shop.limits.requests_at_once() == 32);
  CHECK(shop.limits.budgets.at("").allowances.at("per_second") == Allowance{.requests = 50});
  CHECK(shop.idempotency_header == "Idempotency-Key");
  CHECK(shop.sign->prefix == "sha256=");
  CHECK(shop.sign->secret.reveal() == "token-12345");
  const TargetConnection& desk = instance.targets.at("desk");
  CHECK(std::get<HeaderAuth>(desk.auth).header == "Authorization");
  CHECK(std::get<HeaderAuth>(desk.auth).value.reveal() == "token token-12345");
  CHECK(desk.options.at("key_field") == "ExternalId");
  CHECK(instance.targets.at("lines").path == (folder.path() / "out/lines.jsonl").string());
}

TEST_CASE("a pipeline's fields are read as expressions, constants and enumerations") {
  const InstanceFolder folder;
  const Instance instance = loaded(folder);
  const PipelineDefinition& shop = instance.pipelines.at("customers_to_shop");
  CHECK(shop.where->sql == "active = 'Y'");
  CHECK(shop.where->origin.text() == "pipelines/customers_to_shop/pipeline.yaml:3:8");
  REQUIRE(shop.map.size() == 4);
  CHECK(shop.map[1].field == "phone");
  CHECK(shop.map[1].expressions[0].sql == "e164(tel, 'IT')");
  CHECK(shop.number_fields == std::set<std::string>{"credit"});
  CHECK(std::get<FieldScalar>(shop.set.at("source")) == FieldScalar(std::string("erp")));
  CHECK(std::get<FieldScalar>(shop.set.at("rank")) == FieldScalar(1.5));
  CHECK(std::get<FieldScalar>(shop.set.at("beta")) == FieldScalar(true));
  CHECK(std::get<FieldScalar>(shop.set.at("note")) == FieldScalar(std::monostate{}));
  CHECK(std::get<std::vector<FieldScalar>>(shop.set.at("tags")) ==
        std::vector<FieldScalar>{std::string("new"), std::int64_t{7}});
  REQUIRE(shop.values.size() == 1);
  CHECK(shop.values[0].of.sql == "trim(terms)");
  CHECK(shop.values[0].in.at("02") == FieldScalar(std::string("net60")));
  CHECK(shop.values[0].otherwise == Otherwise::value);
  CHECK(shop.omit_nulls);
  CHECK(shop.deliver == DeliverPolicy::latest);
  CHECK(shop.target.on_delete == OnDelete::delete_);
  CHECK(shop.target.match[0].expressions[0].sql == "trim(code)");
}

TEST_CASE("delivery, deletion and comments of a pipeline are read") {
  const InstanceFolder folder;
  const Instance instance = loaded(folder);
  const PipelineDefinition& desk = instance.pipelines.at("orders_to_desk");
  CHECK(desk.on_dead_stops_lane);
  CHECK(desk.target.on_delete == OnDelete::resolve);
  CHECK(desk.target.comment->when.sql == "changed('state')");
  CHECK(desk.target.comment->text.sql == "'State '\n  || old.state");
  CHECK(desk.target.comment->text.literal_indent == 6);
  CHECK(desk.target.comment->text.origin.text() == "pipelines/orders_to_desk/pipeline.yaml:16:7");
  const PipelineDefinition& file = instance.pipelines.at("orders_to_file");
  CHECK(file.deliver == DeliverPolicy::every_change);
  CHECK(file.valid_for_ms == 4 * 3'600'000);
  CHECK(file.target.on_delete == OnDelete::update);
  CHECK(std::get<FieldScalar>(file.target.on_delete_update.at("gone")) == FieldScalar(true));
}

TEST_CASE("commas between parentheses do not split an expression in a flow list") {
  const InstanceFolder folder;
  const Instance instance = loaded(folder);
  const FieldExpression& parts = instance.pipelines.at("orders_to_desk").map[1];
  CHECK(parts.is_list);
  REQUIRE(parts.expressions.size() == 3);
  CHECK(parts.expressions[0].sql == "number");
  CHECK(parts.expressions[1].sql == "strftime('%d/%m/%Y', placed)");
  CHECK(parts.expressions[1].origin.text() == "pipelines/orders_to_desk/pipeline.yaml:5:19");
  CHECK(parts.expressions[2].sql == "coalesce(state, '-')");
}

TEST_CASE("SQL is balanced when its quotes, comments and parentheses close") {
  for (const char* sql :
       {"", "f(a, ')')", "'it''s (' || \"a(b\"", "a -- it's (\n + 1", "a /* ' ( */ + 1", "((a))", "a -- ("}) {
    CAPTURE(sql);
    CHECK(sql_balance(sql).closed());
  }
  CHECK(sql_balance("f('a").open_quote == '\'');
  CHECK(sql_balance("f('a").at == 2);
  CHECK(sql_balance("f((a)").open_parentheses == 1);
  CHECK(sql_balance("f(a))").open_parentheses == -1);
  CHECK(sql_balance("a \" b").open_quote == '"');
}

TEST_CASE("a query is cut at the values that are bound to it, and nowhere else") {
  const auto cut = [](const std::string& sql) {
    std::string text;
    for (const QueryPart& part : query_parts({.sql = sql, .origin = {"a.yaml", 3, 10}})) text += part.text + (part.column.empty() ? "" : "<" + part.column + ">");
    return text;
  };
  CHECK(cut("SELECT 1 FROM q WHERE list=:listino AND n >:n_1") == "SELECT 1 FROM q WHERE list=<listino> AND n ><n_1>");
  CHECK(cut("SELECT 1 FROM q WHERE at::date = :day::date") == "SELECT 1 FROM q WHERE at::date = <day>::date");
  CHECK(cut("SELECT ':no', \":no\" -- :no\nFROM q /* :no */ WHERE a[1:n] = :yes") == "SELECT ':no', \":no\" -- :no\nFROM q /* :no */ WHERE a[1:n] = <yes>");
  CHECK(cut("SELECT 1") == "SELECT 1");
  CHECK(cut("SELECT ' :a") == "SELECT ' :a");
  CHECK(query_parts({.sql = "SELECT :a", .origin = {"a.yaml", 3, 10}}).front().origin.text() == "a.yaml:3:17");
}

TEST_CASE("a secret comes from the systemd credential first, then the file, then the environment") {
  InstanceFolder folder;
  folder.write("credentials/erp_password", "from-systemd\r\n");
  {
    const Environment credentials("CREDENTIALS_DIRECTORY", folder.path() / "credentials");
    CHECK(loaded(folder).sources.at("erp").odbc.reveal().ends_with("PWD=from-systemd"));
  }
  const Environment variable("DATAPICKER_SECRET_ERP_PASSWORD", "from-environment");
  CHECK(loaded(folder).sources.at("erp").odbc.reveal().ends_with("PWD=geheim-1"));
  folder.write("secrets/erp_password", "read-only\n", 0400);
  CHECK(loaded(folder).sources.at("erp").odbc.reveal().ends_with("PWD=read-only"));
  std::filesystem::remove(folder.path() / "secrets/erp_password");
  CHECK(loaded(folder).sources.at("erp").odbc.reveal().ends_with("PWD=from-environment"));
}

TEST_CASE("a secret is masked wherever it is printed") {
  const InstanceFolder folder;
  loaded(folder);
  CHECK(engine::redact("the password is geheim-1") == "the password is ***");
}

TEST_CASE("a repository without its secrets and certificates can be checked") {
  InstanceFolder folder;
  std::filesystem::remove_all(folder.path() / "secrets");
  folder.write("connections/desk.yaml",
               "connection: desk\ntarget: tickets\nurl: https://desk\ntls: { ca: /nowhere/ca.pem }\n"
               "auth: { user: me, password: '${secret:desk}' }\noptions: { key_field: ExternalId }\n");
  Diagnostics diagnostics;
  const Instance instance = loaded(folder, diagnostics, {.resolve_secrets = false});
  CHECK(text_of(diagnostics) == "");
  CHECK(instance.sources.at("erp").odbc.reveal().ends_with("PWD=***"));
  CHECK(std::get<BasicAuth>(instance.targets.at("desk").auth).user == "me");
  CHECK(instance.targets.at("desk").tls.ca == "/nowhere/ca.pem");
}

TEST_CASE("an instance's own target definitions and dialects go before the shipped ones") {
  InstanceFolder folder;
  folder.write(
      "targets/tickets.yaml",
      "target: tickets\nabout: ours\noptions: { key_field: Mine }\nobjects:\n  ticket:\n"
      "    upsert: { request: { method: PUT, path: /t, body: fields } }\n"
      "    comment: { request: { method: POST, path: /c } }\n    resolve: { request: { method: POST, path: /r } }\n");
  folder.write("dialects/plain.yaml", "dialect: plain\nlimit: \"\"\n");
  const Instance instance = loaded(folder);
  CHECK(instance.targets.at("desk").target.about == "ours");
  CHECK(instance.dialects.at("plain").limit == "");
}

TEST_CASE("databases and streams are targets with keys of their own") {
  InstanceFolder folder;
  folder.write("secrets/lake", "s3cret-key");
  std::filesystem::permissions(folder.path() / "secrets/lake", std::filesystem::perms::owner_read);
  folder.write("connections/warehouse.yaml",
               "connection: warehouse\ntarget: odbc\nodbc: \"Driver=D;PWD=${secret:lake}\"\ndialect: plain\nwriters: 2\n"
               "tables:\n  orders_in: { mode: append, idempotency_column: dp_key, operation_column: op }\n");
  folder.write("connections/lake.yaml",
               "connection: lake\ntarget: kafka\nservers: a:9092,b:9092\ntopic: \"erp.{object}\"\nenvelope: debezium\ntombstones: true\n"
               "properties: { sasl.password: \"${secret:lake}\", compression.type: lz4 }\n");
  folder.write("connections/stream.yaml", "connection: stream\ntarget: nats\nservers: a:4222\nauth: { bearer: \"${secret:lake}\" }\n");
  const Instance instance = loaded(folder);
  const DatabaseTarget& database = instance.targets.at("warehouse").database;
  CHECK_FALSE(instance.sources.contains("warehouse"));
  CHECK(database.odbc.reveal() == "Driver=D;PWD=s3cret-key");
  CHECK(database.dialect.limit == "{sql} LIMIT {n}");
  CHECK(database.writers == 2);
  CHECK(database.tables.at("orders_in").appends);
  CHECK(database.tables.at("orders_in").idempotency_column == "dp_key");
  const TargetConnection& lake = instance.targets.at("lake");
  CHECK(lake.stream.subject == "erp.{object}");
  CHECK(lake.stream.properties.at("sasl.password") == "s3cret-key");
  CHECK(lake.envelope.debezium);
  CHECK(lake.envelope.tombstones);
  CHECK(instance.targets.at("stream").stream.subject == "{object}");
}

TEST_CASE("two pipelines may write one field when both say that they own their rows") {
  InstanceFolder folder;
  for (const char* name : {"a_to_shop", "b_to_shop"}) {
    folder.write(std::string("pipelines/") + name + "/pipeline.yaml",
                 std::string("pipeline: ") + name +
                     "\ntable: customers\nowner: rows\nmap: { title: company }\n"
                     "target: { connection: shop, object: people, match: { code: code } }\n");
  }
  CHECK(loaded(folder).pipelines.at("b_to_shop").owns_rows);
}

TEST_CASE("a folder without configuration is one problem with its remedy") {
  Diagnostics diagnostics;
  load_instance("/nowhere", test_settings::catalogues(), {}, diagnostics);
  CHECK(text_of(diagnostics) ==
        "datapicker.yaml: error: the folder '/nowhere' has no datapicker.yaml [file.missing]\n"
        "  create it with 'instance: name', or name another folder\n");
}

TEST_CASE("the catalogues are those of DATAPICKER_SHARE, else of the source tree") {
  {
    const Environment share("DATAPICKER_SHARE", "/opt/share");
    CHECK(find_catalogues().dialects == "/opt/share/dialects");
    CHECK(find_catalogues().targets == "/opt/share/targets");
  }
  CHECK(find_catalogues().dialects == std::filesystem::path(SOURCE_DIR) / "config" / "dialects");
}

TEST_CASE("a user that is the key itself may be a secret, and is masked like one") {
  InstanceFolder folder;
  folder.write("secrets/desk_key", "key-of-the-desk\n");
  folder.write("connections/keyed.yaml",
               "connection: keyed\ntarget: tickets\nurl: https://desk.example.com\n"
               "auth: { user: \"${secret:desk_key}\", password: \"${secret:desk_key}\" }\n");
  CHECK(std::get<BasicAuth>(loaded(folder).targets.at("keyed").auth).user == "key-of-the-desk");
  CHECK(engine::redact("401 for key-of-the-desk") == "401 for ***");
}

TEST_CASE("two hundred pipelines more are all there") {
  InstanceFolder folder;
  for (int i = 0; i < 200; ++i) {
    const std::string name = "p" + std::to_string(i);
    std::string text = "pipeline: " + name + "\ntable: customers\nmap:\n";
    for (int field = 0; field < 10; ++field)
      text += "  field_" + std::to_string(field) + ": title_case(trim(company))\n";
    text += "target: { connection: shop, object: o" + std::to_string(i) + ", match: { code: trim(code) } }\n";
    folder.write("pipelines/" + name + "/pipeline.yaml", text);
  }
  CHECK(loaded(folder).pipelines.size() == 203);
}

TEST_CASE("pipelines that wait for each other by more ways than could ever be walked are checked all the same") {
  InstanceFolder folder;
  write_layers(folder, 50);
  loaded(folder);
  write_pipeline(folder, "b49", "depends_on: [b48]\n");
  Diagnostics diagnostics;
  loaded(folder, diagnostics);
  CHECK(text_of(diagnostics) == "pipelines/b48/pipeline.yaml:4:14: error: these pipelines wait for each other: b48 -> b49 -> b48 [depends.cycle]\n"
                               "  write one relation later, from the other side\n");
}
