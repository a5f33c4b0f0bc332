// Changes into the journal, against bare SQLite doing the same inserts: change, image, checkpoint; the same file format,
// indexes, settings and transaction size.
#include <sqlite3.h>

#include <filesystem>
#include <stdexcept>

#include <fmt/format.h>

#include "engine/journal/journal.h"
#include "test/bench/support/figure.h"

namespace {

using engine::journal::Journal;
using engine::journal::Records;

constexpr int changes_per_transaction = 1'000;
constexpr int transactions = 100;

struct Sample {
  std::string key_json, key, image;
};

Sample sample(int number) {
  // Keys arrive in no order, as those of changed rows do.
  const auto scattered = static_cast<std::uint32_t>(number) * 2'654'435'761U;
  const std::string code = fmt::format("C{:010}", scattered);
  return {fmt::format(R"(["{}"])", code), code,
          fmt::format(R"({{"codcli":"{}","ragsoc":"ROSSI MARIO & FIGLI SNC {}","citta":"BOLOGNA","piva":"01234567890",)"
                      R"("fido":"15000.00","dtult":"2025-11-04","stato":"A","note":null}})",
                      code, number)};
}

engine::model::Digest digest(int number) { return {static_cast<std::uint64_t>(number) * 0x9E3779B97F4A7C15, 7}; }

void create_tables(const std::string& path) {
  const auto journal = Journal::open({.path = path});
  journal->write([](Records& records) { records.tables.ensure("customers"); });
}

double ours(const std::string& path) {
  create_tables(path);
  const auto journal = Journal::open({.path = path});
  const bench::StopWatch watch;
  for (int transaction = 0; transaction < transactions; ++transaction) {
    journal->write([&](Records& records) {
      for (int i = 0; i < changes_per_transaction; ++i) {
        const int number = transaction * changes_per_transaction + i;
        const Sample row = sample(number);
        records.changes.append({.table_id = 1, .layout_id = 1, .cycle_id = 1, .key = row.key_json,
                                .operation = engine::model::Operation::insert, .after = row.image,
                                .changed_columns = "[]", .captured_ms = 1'700'000'000'000 + number});
        records.images.insert({.table_id = 1, .layout_id = 1, .key = row.key, .digest = digest(number), .image = row.image});
      }
      records.tables.save_checkpoint(1, fmt::format(R"({{"after":{}}})", transaction), 1'700'000'000'000);
    });
  }
  return transactions * changes_per_transaction / watch.seconds();
}

class Bare {
 public:
  explicit Bare(const std::string& path) {
    require(sqlite3_open(path.c_str(), &database_));
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8192; PRAGMA mmap_size = 1073741824;"
        "PRAGMA wal_autocheckpoint = 4000;");
    change_ = prepare("INSERT INTO change (table_id, layout_id, cycle_id, key, operation, after, changed, captured_ms)"
                      " VALUES (1, 1, 1, ?, 'insert', ?, '[]', ?)");
    image_ = prepare("INSERT INTO row_image (table_id, layout_id, key, digest, image) VALUES (1, 1, ?, ?, ?)");
    checkpoint_ = prepare("INSERT OR REPLACE INTO checkpoint (table_id, position, updated_ms) VALUES (1, ?, 1700000000000)");
  }
  ~Bare() {
    for (sqlite3_stmt* statement : {change_, image_, checkpoint_}) sqlite3_finalize(statement);
    sqlite3_close(database_);
  }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;

  void run(const char* sql) { require(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr)); }

  void insert(int number) {
    const Sample row = sample(number);
    const auto hash = digest(number);
    bind_text(change_, 1, row.key_json);
    bind_text(change_, 2, row.image);
    sqlite3_bind_int64(change_, 3, 1'700'000'000'000 + number);
    step(change_);
    sqlite3_bind_blob(image_, 1, row.key.data(), static_cast<int>(row.key.size()), SQLITE_STATIC);
    sqlite3_bind_blob(image_, 2, &hash, sizeof hash, SQLITE_STATIC);
    bind_text(image_, 3, row.image);
    step(image_);
  }

  void checkpoint(const std::string& position) {
    bind_text(checkpoint_, 1, position);
    step(checkpoint_);
  }

 private:
  void require(int result) {
    if (result != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(database_));
  }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    require(sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr));
    return statement;
  }
  void bind_text(sqlite3_stmt* statement, int position, const std::string& text) {
    sqlite3_bind_text(statement, position, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  void step(sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(database_));
    sqlite3_reset(statement);
  }

  sqlite3* database_ = nullptr;
  sqlite3_stmt* change_ = nullptr;
  sqlite3_stmt* image_ = nullptr;
  sqlite3_stmt* checkpoint_ = nullptr;
};

double bare(const std::string& path) {
  create_tables(path);
  Bare database(path);
  const bench::StopWatch watch;
  for (int transaction = 0; transaction < transactions; ++transaction) {
    database.run("BEGIN IMMEDIATE");
    for (int i = 0; i < changes_per_transaction; ++i) database.insert(transaction * changes_per_transaction + i);
    database.checkpoint(fmt::format(R"({{"after":{}}})", transaction));
    database.run("COMMIT");
  }
  return transactions * changes_per_transaction / watch.seconds();
}

}  // namespace

int main() {
  const bench::WorkFolder folder;
  std::vector<double> our_rates, bare_rates;
  for (int round = 0; round < 3; ++round) {
    our_rates.push_back(ours(folder.file(fmt::format("ours{}.db", round))));
    bare_rates.push_back(bare(folder.file(fmt::format("bare{}.db", round))));
  }
  print(bench::compared("changes_into_journal", bench::best(our_rates, bench::Better::more), bench::best(bare_rates, bench::Better::more), "changes/s",
                        bench::Better::more, 0.5));
}
