#include "connectors/odbc/log/journal_log.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "connectors/odbc/diagnostics.h"
#include "connectors/odbc/log/journal_outlook.h"
#include "connectors/odbc/log/journal_walk.h"
#include "connectors/odbc/log/log_text.h"
#include "engine/model/kept_json.h"

namespace connectors::odbc {

using engine::Error;
using engine::ErrorCode;
using engine::settings::DialectDefinition;
using engine::settings::DialectJournal;
using namespace engine::model;

namespace json = boost::json;

namespace {

using Row = TextQuery::Row;

/// After a reading of all rows the walk begins so many entries before its end: of transactions that were open then, the entries are needed, too.
constexpr std::int64_t look_back_entries = 100'000;
/// Places are looked up in statements of these sizes, the last place repeated to fill one up.
constexpr std::size_t place_counts[] = {1, 10, 100};

std::string trimmed(const std::optional<std::string>& text) {
  std::string name = text.value_or("");
  name.erase(name.find_last_not_of(' ') + 1);
  return name;
}

json::object json_of(const JournalPosition& position) {
  return {{"library", position.library}, {"receiver", position.receiver}, {"sequence", position.sequence}};
}

JournalPosition position_of(const json::value& value) {
  const json::object& object = value.as_object();
  return {std::string(object.at("library").as_string()), std::string(object.at("receiver").as_string()), object.at("sequence").to_number<std::int64_t>()};
}

/// What statements of the dialect may name, bound in this order; the last two are numbers.
constexpr std::string_view part_names[] = {"{schema}", "{name}", "{library}", "{file}", "{journal_library}", "{journal}", "{receiver_library}", "{receiver}", "{first}", "{last}"};
constexpr std::size_t first_part = 8, last_part = 9;

class JournalLog final : public ChangeLog {
 public:
  JournalLog(const DialectDefinition& dialect, LogAccess access, const TableRequest& table, JournaledTable named, const TableShape& shape, LogName name)
      : dialect_(dialect), journal_(dialect.journal), access_(std::move(access)), from_clause_(table.from), name_(std::move(name)) {
    values_.parts.assign(std::size(part_names), "");
    values_.parts[0] = std::move(named.schema);
    values_.parts[1] = std::move(named.name);
    values_.parts[first_part] = values_.parts[last_part] = "0";
    for (const std::size_t column : shape.layout.key) {
      layout_.key.push_back(layout_.columns.size());
      layout_.columns.push_back(shape.layout.columns[column]);
    }
    layout_.columns.push_back({.name = "place", .type = ColumnType::integer, .size = 19, .source_type = "bigint"});
  }

  void resume(const std::string& mark) override;
  void refresh(bool at_once) override { if (at_once) find_receivers(); }
  void require_installed() override { find_file(); }
  void require_usable() override;
  std::vector<std::string> remarks() override {
    return with_outlook(chain_, from_, remarks_by(journal_.remarks, [this](const std::string& statement) { return ask(statement, 1); }));
  }
  bool has_entries() override { return !read_ || read_->receiver != end_.receiver || read_->library != end_.library || read_->sequence != end_.sequence; }
  bool keeps_entries() const override { return false; }
  Backlog backlog() override;
  void rewind() override;
  bool next_page(std::vector<LoggedChange>& into) override;
  std::string forget() override;
  void give_up() override { from_.reset(); }
  bool knows_places() const override { return true; }
  void rewind_places() override { all_places_.reset(); }
  bool next_places(std::vector<LoggedChange>& into) override;

 private:
  std::vector<Row> ask(const std::string& statement, std::size_t columns);
  void find_file();
  void find_receivers();
  bool reaches_back() const;
  void read_stretch(const Stretch& stretch, std::vector<RowHint>& hints);
  void take_entry(const Row& row, const Stretch& stretch, std::vector<RowHint>& hints);
  void close_cycle(std::int64_t cycle, const Stretch& stretch, std::int64_t sequence, std::vector<RowHint>& hints);
  bool is_new(std::size_t receiver, std::int64_t sequence) const;
  void resolve(std::vector<RowHint> hints, std::vector<LoggedChange>& into);
  void find_rows(std::span<const RowHint> hints, std::vector<LoggedChange>& into);
  LoggedChange row_at(const RowBatch& rows, std::size_t index) const;
  std::string selecting_keys(const std::string& statement) const;
  [[noreturn]] void refuse(const std::string& what) const;

  const DialectDefinition& dialect_;
  const DialectJournal& journal_;
  LogAccess access_;
  std::string from_clause_;
  LogName name_;
  SourceKey values_;  ///< of `part_names`
  Layout layout_;     ///< of rows by their places: the key and the place
  ReceiverChain chain_;
  JournalPosition end_;                  ///< all up to here is handled when the cycle is over
  std::optional<JournalPosition> from_;  ///< where entries are needed from: those before it are of transactions that are over
  std::optional<JournalPosition> read_;  ///< what was over up to here is handled; none: the log begins here
  std::int64_t began_ = 0;               ///< cycles that began before this entry were never seen whole

  std::vector<Stretch> stretches_;
  std::size_t next_ = 0;
  std::size_t read_receiver_ = 0;  ///< number of `read_`'s receiver
  OpenCycles open_;
  std::set<std::int64_t> appeared_;  ///< places where no row stood before the entries of this walk
  bool walked_ = false;
  std::unique_ptr<RowStream> all_places_;
};

void JournalLog::refuse(const std::string& what) const {
  std::string hint;
  for (const std::string& statement : journal_.enabled_by) hint += (hint.empty() ? "" : "; ") + replaced(statement, "{source}", from_clause_);
  throw Error(ErrorCode::source_refused, fmt::format("the journal of {} {}", from_clause_, what), {{"table", name_.table}}, hint);
}

std::vector<Row> JournalLog::ask(const std::string& statement, std::size_t columns) {
  std::vector<ColumnPlan> plans(std::size(part_names), text_plan());
  plans[first_part].type = plans[last_part].type = ColumnType::decimal;
  try {
    return access_.ask(with_markers(statement, part_names), columns, values_, std::move(plans));
  } catch (const Error& error) {
    if (means_any_of(error, journal_.lost)) throw LogLost(error.what());
    throw;
  }
}

/// Programs know a table by one name, the journal by another.
void JournalLog::find_file() {
  const auto rows = ask(journal_.file, 4);
  if (rows.empty()) refuse("is not kept: the file is not journaled, or may not be seen");
  for (std::size_t part = 0; part < 4; ++part) values_.parts[2 + part] = trimmed(rows[0][part]);
}

void JournalLog::find_receivers() {
  std::vector<Receiver> receivers;
  for (const Row& row : ask(journal_.receivers, 6)) {
    const bool readable = std::find(journal_.readable.begin(), journal_.readable.end(), trimmed(row[2])) != journal_.readable.end();
    const auto detached_s = row[5] ? std::optional(number_of(row[5])) : std::nullopt;
    receivers.push_back({trimmed(row[0]), trimmed(row[1]), readable, number_of(row[3]), number_of(row[4]), detached_s});
  }
  if (receivers.empty()) refuse("has no receiver that may be seen");
  chain_ = ReceiverChain(std::move(receivers));
  end_ = chain_.end();
}

void JournalLog::resume(const std::string& mark) {
  if (!mark.empty()) {
    engine::model::read_kept(mark, "a place in a log", [this](const json::value& parsed) {
      const json::object& object = parsed.as_object();
      if (!object.contains("log") || object.at("log").as_string() != name_.log) return;
      from_ = position_of(object.at("from"));
      read_ = position_of(object.at("read"));
      began_ = object.at("began").to_number<std::int64_t>();
    });
  }
  find_file();
  find_receivers();
  if (from_) tell_outlook(chain_, *from_, name_.table);
}

/// Who may not look into the journal is told so here, and not by a table that stays quiet.
void JournalLog::require_usable() {
  find_file();
  find_receivers();
  try {
    std::vector<RowHint> hints;
    read_ = end_;
    read_stretch({chain_.number_of(end_), end_.sequence, end_.sequence}, hints);
    std::vector<LoggedChange> rows;
    const RowHint nowhere{.place = -1};
    find_rows({&nowhere, 1}, rows);
  } catch (const LogLost&) {
    // The last entry says that all rows are to be read: that is a matter of the capture.
  } catch (const Error& error) {
    if (error.code() != ErrorCode::source_refused && error.code() != ErrorCode::source_schema_changed) throw;
    refuse(fmt::format("cannot be read: {}", error.what()));
  }
}

ChangeLog::Backlog JournalLog::backlog() {
  if (!read_) return {0, true};
  Backlog backlog;
  find_receivers();
  for (const Stretch& stretch : chain_.from({read_->library, read_->receiver, read_->sequence + 1})) backlog.entries += stretch.last - stretch.first + 1;
  return backlog;
}

void JournalLog::rewind() {
  ENGINE_ASSERT(from_ && read_);
  find_receivers();
  stretches_ = chain_.from(*from_);
  read_receiver_ = chain_.number_of(*read_);
  next_ = 0;
  open_ = {};
  appeared_.clear();
  walked_ = true;
}

bool JournalLog::next_page(std::vector<LoggedChange>& into) {
  into.clear();
  while (into.empty() && next_ < stretches_.size()) {
    std::vector<RowHint> hints;
    read_stretch(stretches_[next_], hints);
    ++next_;
    resolve(std::move(hints), into);
  }
  return !into.empty();
}

bool JournalLog::is_new(std::size_t receiver, std::int64_t sequence) const {
  return receiver != read_receiver_ ? receiver > read_receiver_ : sequence > read_->sequence;
}

/// The file's entries and the ends of transactions, in the order of the journal.
void JournalLog::read_stretch(const Stretch& stretch, std::vector<RowHint>& hints) {
  const Receiver& receiver = chain_.at(stretch.receiver);
  values_.parts[6] = receiver.library;
  values_.parts[7] = receiver.name;
  values_.parts[first_part] = fmt::to_string(stretch.first);
  values_.parts[last_part] = fmt::to_string(stretch.last);
  // No transaction is open across a reset.
  if (stretch.first == receiver.first && chain_.is_reset(stretch.receiver)) began_ = 0;
  const auto entries = ask(journal_.entries, 7);
  const auto commits = ask(journal_.commits, 2);
  auto commit = commits.begin();
  for (const Row& entry : entries) {
    for (; commit != commits.end() && number_of((*commit)[0]) < number_of(entry[0]); ++commit) {
      close_cycle(number_of((*commit)[1]), stretch, number_of((*commit)[0]), hints);
    }
    take_entry(entry, stretch, hints);
  }
  for (; commit != commits.end(); ++commit) close_cycle(number_of((*commit)[1]), stretch, number_of((*commit)[0]), hints);
}

void JournalLog::take_entry(const Row& row, const Stretch& stretch, std::vector<RowHint>& hints) {
  const std::int64_t sequence = number_of(row[0]), cycle = number_of(row[4]);
  const std::string kind = trimmed(row[1]) + "." + trimmed(row[2]);
  const auto is_among = [&](const std::vector<std::string>& kinds) { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); };
  if (is_among(journal_.ignored)) return;
  const bool appears = is_among(journal_.appearing);
  if (!appears && !is_among(journal_.hints)) {
    if (!is_new(stretch.receiver, sequence)) return;
    throw LogLost(fmt::format("entry {} of the journal says that all rows of {} may have changed ({})", sequence, from_clause_, kind));
  }
  RowHint hint{.place = number_of(row[3]), .appears = appears};
  if (cycle != 0) hint.provenance.transaction = fmt::format("{}/{}", chain_.at(stretch.receiver).name, cycle);
  if (row[5]) hint.provenance.time_ms = number_of(row[5]);
  if (row[6]) hint.provenance.user = trimmed(row[6]);
  if (cycle != 0) {
    const Receiver& receiver = chain_.at(stretch.receiver);
    open_.add(cycle, {receiver.library, receiver.name, sequence}, std::move(hint));
  } else if (is_new(stretch.receiver, sequence)) {
    hints.push_back(std::move(hint));
  }
}

void JournalLog::close_cycle(std::int64_t cycle, const Stretch& stretch, std::int64_t sequence, std::vector<RowHint>& hints) {
  std::optional<std::vector<RowHint>> closed = open_.close(cycle);
  if (!is_new(stretch.receiver, sequence)) return;
  if (cycle < began_) throw LogLost(fmt::format("a transaction has ended that began before all rows of {} were last read (commit cycle {})", from_clause_, cycle));
  if (!closed) throw LogLost(fmt::format("a transaction has changed more than {} rows of {} (commit cycle {})", OpenCycles::hints_max, from_clause_, cycle));
  std::move(closed->begin(), closed->end(), std::back_inserter(hints));
}

/// With the row that stands at its place now, an entry for each transaction that changed it there, the last one last.
void JournalLog::resolve(std::vector<RowHint> hints, std::vector<LoggedChange>& into) {
  const std::vector<RowHint> once = one_a_place(std::move(hints));
  for (const RowHint& hint : once) if (hint.appears) appeared_.insert(hint.place);
  for (std::size_t at = 0; at < once.size(); at += place_counts[2]) {
    find_rows(std::span(once).subspan(at, std::min(place_counts[2], once.size() - at)), into);
  }
}

void JournalLog::find_rows(std::span<const RowHint> hints, std::vector<LoggedChange>& into) {
  std::size_t size = place_counts[2];
  for (const std::size_t count : {place_counts[1], place_counts[0]}) size = hints.size() <= count ? count : size;
  KeyedSql sql;
  SourceKey places;
  std::string markers;
  for (std::size_t i = 0; i < size; ++i) {
    markers += i == 0 ? "?" : ", ?";
    sql.markers.push_back({0, i});
    places.parts.push_back(fmt::to_string(hints[std::min(i, hints.size() - 1)].place));
  }
  sql.columns.assign(size, layout_.columns.size() - 1);
  sql.text = replaced(selecting_keys(journal_.rows), "{places}", markers);
  std::map<std::int64_t, LoggedChange> there;
  const auto stream = access_.rows(layout_, std::move(sql), places);
  RowBatch batch;
  while (stream->next(batch)) {
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      LoggedChange row = row_at(batch, i);
      there.insert_or_assign(*row.place, std::move(row));
    }
  }
  for (const RowHint& hint : hints) {
    LoggedChange& change = there[hint.place];
    change.place = hint.place;
    change.stood_there = !appeared_.contains(hint.place);
    for (const Provenance& provenance : hint.earlier) {
      into.push_back(change);
      into.back().provenance = provenance;
    }
    change.provenance = hint.provenance;
    into.push_back(std::move(change));
  }
}

LoggedChange JournalLog::row_at(const RowBatch& rows, std::size_t index) const {
  const RowView row = rows.row(index);
  LoggedChange change;
  for (const std::size_t part : layout_.key) change.cells.emplace_back(row.text(part));
  change.key = rows.source_key(index);
  change.place = number_of(std::string(row.text(layout_.columns.size() - 1)));
  return change;
}

std::string JournalLog::selecting_keys(const std::string& statement) const {
  return replaced(replaced(statement, "{key}", key_columns(layout_, dialect_).selected), "{source}", from_clause_);
}

bool JournalLog::next_places(std::vector<LoggedChange>& into) {
  into.clear();
  if (!all_places_) all_places_ = access_.rows(layout_, {.text = selecting_keys(journal_.all_rows)}, {});
  RowBatch batch;
  if (!all_places_->next(batch)) {
    all_places_.reset();
    return false;
  }
  for (std::size_t i = 0; i < batch.rows(); ++i) into.push_back(row_at(batch, i));
  return true;
}

bool JournalLog::reaches_back() const {
  try {
    if (from_) chain_.from(*from_);
    return from_.has_value();
  } catch (const LogLost&) {
    return false;
  }
}

/// Where all rows were read instead of entries, those of transactions that were open then are still needed.
std::string JournalLog::forget() {
  // A walk that ended early does not know what is open.
  if (walked_ && next_ == stretches_.size()) {
    from_ = open_.oldest().value_or(JournalPosition{end_.library, end_.receiver, end_.sequence + 1});
  } else if (!reaches_back()) {
    from_ = chain_.before_end(look_back_entries);
    began_ = from_->sequence;
  }
  read_ = end_;
  walked_ = false;
  return json::serialize(json::object{{"log", name_.log}, {"from", json_of(*from_)}, {"read", json_of(*read_)}, {"began", began_}});
}

}  // namespace

std::unique_ptr<ChangeLog> open_journal_log(const DialectDefinition& dialect, LogAccess access, const TableRequest& table, JournaledTable named,
                                            const TableShape& shape, const LogName& name) {
  return std::make_unique<JournalLog>(dialect, std::move(access), table, std::move(named), shape, name);
}

}  // namespace connectors::odbc
