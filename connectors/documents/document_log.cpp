#include "connectors/documents/document_log.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/base/error.h"

namespace connectors::documents {

namespace model = engine::model;

namespace {

class DocumentLog final : public model::ChangeLog {
 public:
  explicit DocumentLog(std::vector<std::unique_ptr<model::ChangeLog>> logs) : logs_(std::move(logs)) {}

  void require_installed() override { each(&ChangeLog::require_installed); }
  void require_usable() override { each(&ChangeLog::require_usable); }
  bool has_entries() override {
    return std::any_of(logs_.begin(), logs_.end(), [](const auto& log) { return log->has_entries(); });
  }
  Backlog backlog() override {
    Backlog sum;
    for (const auto& log : logs_) {
      const Backlog one = log->backlog();
      sum.entries += one.entries;
      sum.names_all_rows = sum.names_all_rows || one.names_all_rows;
    }
    return sum;
  }
  void rewind() override {
    each(&ChangeLog::rewind);
    reading_ = 0;
  }
  /// Table by table: that one document may come several times changes nothing, since it is read as it is now.
  bool next_page(std::vector<model::LoggedChange>& into) override {
    for (; reading_ < logs_.size(); ++reading_) {
      if (logs_[reading_]->next_page(into)) return true;
    }
    into.clear();
    return false;
  }
  /// None of them has a mark: whoever opens a document's log refuses those that do.
  std::string forget() override {
    std::string none;
    for (const auto& log : logs_) none = log->forget();
    return none;
  }
  void give_up() override { each(&ChangeLog::give_up); }

 private:
  void each(void (ChangeLog::*work)()) {
    for (const auto& log : logs_) ((*log).*work)();
  }

  std::vector<std::unique_ptr<model::ChangeLog>> logs_;  ///< the root's first
  std::size_t reading_ = 0;
};

}  // namespace

std::unique_ptr<model::ChangeLog> open_document_log(model::Source& source, const model::TableRequest& request, const Document& document,
                                                    const model::LogName& name) {
  std::vector<std::unique_ptr<model::ChangeLog>> logs;
  for (std::size_t part = 0; part < document.parts.size(); ++part) {
    const Part& logged = document.parts[part];
    if (!logged.by_root) {
      throw engine::Error(engine::ErrorCode::source_refused,
                          fmt::format("the rows of '{}' do not hold the key of the document, which its triggers would have to log", logged.name), {},
                          "use 'mode: diff'");
    }
    const std::string table = part == 0 ? name.table : model::part_name(name.table, request.nested[part - 1]);
    logs.push_back(source.change_log(logged.request, logged.shape, {name.log, table}));
    if (!logs.back()) return nullptr;
    if (!logs.back()->keeps_entries()) {
      throw engine::Error(engine::ErrorCode::source_refused, "a document is not followed by a log that the database keeps", {}, "use triggers, or 'mode: diff'");
    }
  }
  return std::make_unique<DocumentLog>(std::move(logs));
}

}  // namespace connectors::documents
