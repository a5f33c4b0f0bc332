// What shall break, and what broke: shared by all calls of the driver.
#pragma once

#include <sql.h>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace faulty_driver {

struct Diagnosis {
  std::string state;
  SQLINTEGER native = 0;
  bool told = false;
};

struct BoundColumn {
  SQLPOINTER buffer = nullptr;
  SQLLEN width = 0;
  SQLLEN* indicator = nullptr;
};

struct Statement {
  SQLHANDLE connection = nullptr;
  std::map<SQLUSMALLINT, BoundColumn> columns;
  SQLULEN* rows_fetched = nullptr;
};

class FaultPlan {
 public:
  static FaultPlan& get();

  void set(std::string real_driver, std::string call, int nth, std::string fault);
  bool struck();
  std::string real_driver();

  /// Counts the call. The fault, when it is this one's turn; a lost link is one for every call.
  std::optional<std::string> due(std::string_view call, SQLHANDLE handle);
  /// Remembers what the driver manager will ask for, and gives the result of the call.
  SQLRETURN fail(SQLHANDLE handle, const std::string& fault);
  std::optional<Diagnosis> diagnosis(SQLHANDLE handle);
  /// Was it told already?
  bool tell_once(SQLHANDLE handle);
  void hang(SQLHANDLE statement);
  /// Until the test orders nothing any more.
  void hear_nothing();
  void cancel(SQLHANDLE statement);

  void made(SQLHANDLE statement, SQLHANDLE connection);
  void freed(SQLHANDLE handle);
  void commits_by_itself(SQLHANDLE connection, bool does);
  void ended(SQLHANDLE connection);
  bool is_in_transaction(SQLHANDLE connection);
  void bound(SQLHANDLE statement, SQLUSMALLINT column, const BoundColumn& to);
  void counts_rows_in(SQLHANDLE statement, SQLULEN* rows);
  Statement of(SQLHANDLE statement);

 private:
  FaultPlan();
  void take_order();
  SQLHANDLE connection_of(SQLHANDLE handle) const;

  std::mutex mutex_;
  std::condition_variable cancelled_;
  std::condition_variable released_;
  std::string order_file_;
  std::string real_driver_;
  std::string call_;
  std::string fault_;
  int left_ = 0;
  std::uint64_t releases_ = 0;
  bool struck_ = false;
  std::map<SQLHANDLE, Statement> statements_;
  std::map<SQLHANDLE, Diagnosis> diagnoses_;
  std::set<SQLHANDLE> lost_;       ///< connections
  std::set<SQLHANDLE> commits_by_order_;  ///< connections, as those of in_transaction_
  std::set<SQLHANDLE> in_transaction_;
  std::set<SQLHANDLE> was_cancelled_;
};

}  // namespace faulty_driver
