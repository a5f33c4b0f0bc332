#include "connectors/odbc/asking/inquirer.h"

#include <list>
#include <utility>

#include "connectors/odbc/rows/prepared_read.h"
#include "connectors/odbc/session.h"
#include "engine/base/error.h"

namespace connectors::odbc {

using engine::model::ColumnType;
using engine::model::Question;

namespace {

/// Statements that are kept prepared: a pipeline asks a few, each with other values.
constexpr std::size_t prepared_max = 20;

/// The value comes from another database, perhaps: its canonical type says how it travels.
ColumnPlan plan_of(ColumnType type) {
  ColumnPlan plan{.type = type};
  if (type == ColumnType::binary) plan.wire = Wire::binary;
  if (type == ColumnType::date) plan.wire = Wire::date;
  if (type == ColumnType::timestamp) plan.wire = Wire::timestamp;
  return plan;
}

class OdbcInquirer : public engine::model::Inquirer {
 public:
  OdbcInquirer(engine::settings::SourceConnection connection, engine::settings::DialectDefinition dialect, std::shared_ptr<engine::SignOfLife> sign)
      : connection_(std::move(connection)), dialect_(std::move(dialect)), sign_(std::move(sign)) {}

  bool any_row(const Question& question) override {
    try {
      return ask(question);
    } catch (const engine::Error&) {
      kept_.clear();
      session_.reset();
      throw;
    }
  }

 private:
  /// Two with one text may have values of different types: a text's type is the column's, and queries may be alike.
  struct Kept {
    std::string sql;
    std::vector<ColumnType> types;
    std::unique_ptr<PreparedRead> read;
  };

  bool ask(const Question& question) {
    engine::model::SourceKey values;
    std::vector<ColumnType> types;
    for (const Question::Value& value : question.values) {
      values.parts.push_back(value.text);
      types.push_back(value.type);
    }
    PreparedRead& read = prepared(question.sql, types);
    read.execute({&values, 1});
    const bool any = [&read] {
      const Watched now = read.watched();
      return read.fetch() > 0;
    }();
    read.close();
    return any;
  }

  PreparedRead& prepared(const std::string& sql, const std::vector<ColumnType>& types) {
    for (auto kept = kept_.begin(); kept != kept_.end(); ++kept) {
      if (kept->sql != sql || kept->types != types) continue;
      kept_.splice(kept_.begin(), kept_, kept);
      return *kept_.front().read;
    }
    if (!session_) session_ = std::make_shared<Session>(connection_, dialect_, SessionUse::read, sign_);
    KeyedSql keyed{.text = sql};
    std::vector<ColumnPlan> plans;
    for (const ColumnType type : types) {
      keyed.markers.push_back({.key = 0, .part = plans.size()});
      plans.push_back(plan_of(type));
    }
    kept_.push_front({sql, types, std::make_unique<PreparedRead>(session_, std::move(keyed), ReadPlan{}, std::move(plans))});
    if (kept_.size() > prepared_max) kept_.pop_back();
    return *kept_.front().read;
  }

  engine::settings::SourceConnection connection_;
  engine::settings::DialectDefinition dialect_;
  std::shared_ptr<engine::SignOfLife> sign_;
  std::shared_ptr<Session> session_;
  std::list<Kept> kept_;  ///< the one used last in front
};

}  // namespace

std::unique_ptr<engine::model::Inquirer> make_inquirer(const engine::settings::SourceConnection& connection,
                                                       const engine::settings::DialectDefinition& dialect, std::shared_ptr<engine::SignOfLife> sign) {
  return std::make_unique<OdbcInquirer>(connection, dialect, std::move(sign));
}

}  // namespace connectors::odbc
