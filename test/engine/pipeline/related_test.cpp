// Two tables, two pipelines and one target: records that refer to each other, from change to request.
#include <doctest/doctest.h>

#include "engine/model/key.h"
#include "engine/pipeline/rehearsal.h"
#include "test/engine/pipeline/small_instance.h"
#include "test/support/fake_target.h"

using namespace engine;
using namespace engine::pipeline;

namespace {

constexpr const char* code_match = R"({"code":")";

/// Forwards to a target that the test keeps.
class Borrowed final : public model::Target {
 public:
  explicit Borrowed(test::FakeTarget& target) : target_(target) {}
  const model::ObjectTraits& traits(std::string_view object) const override { return target_.traits(object); }
  model::PreparedCall prepare(std::span<const model::Call> calls) const override { return target_.prepare(calls); }
  void send(const model::PreparedCall& call, Answered answered) override { target_.send(call, std::move(answered)); }
  void stop() override {}

 private:
  test::FakeTarget& target_;
};

settings::PipelineDefinition pipeline_over(const std::string& name, const std::string& table) {
  settings::PipelineDefinition pipeline = test::small_pipeline(name);
  pipeline.table = table;
  pipeline.target.connection = "crm";
  pipeline.target.object = name;
  return pipeline;
}

/// Companies, and contacts whose column `credit` names their company.
class Crm {
 public:
  Crm() : clock(1'800'000'000'000) {
    using model::CallKind;
    for (const CallKind kind : {CallKind::find, CallKind::create, CallKind::update, CallKind::delete_}) target.offers(kind);
    instance.tables = {{"company", test::small_table("company")}, {"contact", test::small_table("contact")}};
    instance.pipelines["companies"] = pipeline_over("companies", "company");
    settings::PipelineDefinition contacts = pipeline_over("contacts", "contact");
    contacts.depends_on = {"companies"};
    contacts.map = {{"company", {test::expression("remote_id('companies', credit)")}, false}};
    instance.pipelines["contacts"] = contacts;
    instance.targets["crm"].name = "crm";
    rehearsal = std::make_unique<Rehearsal>(instance, small.journal(), clock, [this](const settings::TargetConnection&) {
      return std::make_unique<Borrowed>(target);
    });
  }

  void put(const std::string& table, const std::string& code, const std::string& credit) {
    small.journal().write([&](journal::Records& records) {
      const std::int64_t table_id = records.tables.ensure(table).id;
      const std::int64_t layout_id = records.tables.put_layout(table_id, test::small_layout(), clock.wall_ms());
      model::Change change;
      change.table_id = table_id;
      change.layout_id = layout_id;
      change.cycle_id = 1;
      change.key = "[\"" + code + "\"]";
      change.operation = model::Operation::insert;
      change.after = test::image(code, "S", credit);
      change.changed_columns = "[]";
      change.captured_ms = clock.wall_ms();
      records.changes.append(change);
      const std::vector<std::string> parts{code};
      const std::string key = model::encoded_key_of(test::small_layout(), parts);
      if (records.images.find(table_id, key)) return;
      journal::RowImage image;
      image.table_id = table_id;
      image.layout_id = layout_id;
      image.key = key;
      image.image = *change.after;
      records.images.insert(image);
    });
  }
  std::string company_of(const std::string& contact) const {
    const auto* record = target.record(code_match + contact + "\"}");
    return record == nullptr ? "no record" : model::fields_json(record->fields);
  }

  test::SmallJournal small;
  StandingClock clock;
  settings::Instance instance;
  test::FakeTarget target;
  std::unique_ptr<Rehearsal> rehearsal;
};

}  // namespace

TEST_CASE("a contact goes when its company is there, and follows when the company gets another id") {
  Crm crm;
  crm.put("contact", "P1", "C1");
  crm.rehearsal->settle();
  CHECK(crm.company_of("P1") == "no record");
  crm.put("company", "C1", "1.00");
  crm.rehearsal->settle();
  CHECK(crm.company_of("P1") == R"({"company":"R1"})");

  // Somebody removes the company at the target; its next change makes it anew.
  crm.target.records.erase("R1");
  crm.put("company", "C1", "2.00");
  crm.rehearsal->settle();
  crm.rehearsal->settle();
  CHECK(crm.company_of("P1") == R"({"company":"R3"})");
  const std::size_t effects = crm.target.effects.size();
  crm.rehearsal->settle();
  CHECK(crm.target.effects.size() == effects);
}
