// The seam to a source system: blocking, used by one thread at a time, no knowledge of journal or pipelines.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/model/source/change_feed.h"
#include "engine/model/source/change_log.h"
#include "engine/model/source/growth.h"
#include "engine/model/source/table_request.h"
#include "engine/model/key.h"
#include "engine/model/row.h"

namespace engine::model {

struct TableShape {
  Layout layout;
  bool key_is_indexed = false;  ///< an index leads with the key: chunks are cheap; without one, read as a whole
};

/// A range of keys in the server's own order; an end that is missing is open.
struct KeyRange {
  std::optional<SourceKey> after;  ///< not in it
  std::optional<SourceKey> up_to;  ///< in it
};

/// Rows of one statement, or of one after the other. What is open is closed with the object.
class RowStream {
 public:
  virtual ~RowStream() = default;
  /// Replaces `into` by the next rows and their keys (at most `row_array_size`). False when the statement ended without any diagnostic and
  /// nothing was read: only then is the read complete. Throws Error source_* otherwise.
  virtual bool next(RowBatch& into) = 0;
};

/// After an error the connection may be in any state: whoever uses it calls `close`, and begins anew.
class Source {
 public:
  virtual ~Source() = default;

  /// Opens the connection when it is not open, and describes the table. Throws source_*: config problems as source_refused.
  virtual TableShape describe(const TableRequest& table) = 0;

  /// At most `limit` rows of the range, the first ones in the server's key order.
  virtual std::unique_ptr<RowStream> open_range(const TableRequest& table, const TableShape& shape, const KeyRange& range,
                                                std::size_t limit) = 0;
  /// The rows of the range as `open_range` gives them, one statement after another, each behind the last key of the one before: where one ended `next` is
  /// false, and goes on with the next one when it is called again. One without rows is the end. A statement may be run before its rows are asked for: as
  /// long as the stream is there, nothing else is asked of the source.
  virtual std::unique_ptr<RowStream> open_chunks(const TableRequest& table, const TableShape& shape, const KeyRange& range, std::size_t limit);
  /// Until `close_view` all that is read is of one state of the database. False: this source cannot, and nothing began.
  virtual bool open_view() { return false; }
  virtual void close_view() {}

  /// Texts of which each proves, when it is the same as at an earlier call through this connection, that no transaction became visible
  /// in between that could have touched the table. None: nothing can be proved at this moment, or at this source.
  virtual std::vector<std::string> probe(const TableRequest&) { return {}; }
  /// One text for each range that is the same as long as its rows are, computed by the server. Nullopt: this source or table has none, or the
  /// source has no views: a checksum of another state than the rows that were read says nothing of them.
  virtual std::optional<std::vector<std::string>> checksums(const TableRequest&, const TableShape&, std::span<const KeyRange>) { return std::nullopt; }

  /// All rows in no order, streamed where the driver can.
  virtual std::unique_ptr<RowStream> open_whole(const TableRequest& table, const TableShape& shape) = 0;
  /// The rows that now have one of these keys. At most `keys_max()` keys a call.
  virtual std::unique_ptr<RowStream> open_keys(const TableRequest& table, const TableShape& shape,
                                               std::span<const SourceKey> keys) = 0;
  virtual std::size_t keys_max() const { return 100; }
  /// The log of what changes in the table. Null pointer: this kind of source has none. Throws source_refused where it could have one.
  virtual std::unique_ptr<ChangeLog> change_log(const TableRequest&, const TableShape&, const LogName&) { return nullptr; }
  /// The same for a log that the database keeps by itself.
  virtual std::unique_ptr<ChangeFeed> change_feed(const TableRequest&, const TableShape&, const LogName&) { return nullptr; }

  /// The clock that stamps such a column, in the canonical form of a timestamp: its own where it holds instants, the database's local one where it
  /// holds times without a zone. Nullopt: not to be had at this moment. Throws source_refused where nobody says how to ask.
  virtual std::optional<std::string> now(const TableRequest& table, const Column& column);
  /// The highest value of a column, in canonical form; with `not_above`, of those up to it. Nullopt: none.
  virtual std::optional<std::string> highest(const TableRequest& table, const TableShape& shape, std::size_t column,
                                             const std::optional<std::string>& not_above);
  /// At most `limit` rows of the range, the first ones in its order.
  virtual std::unique_ptr<RowStream> open_growth(const TableRequest& table, const TableShape& shape, const GrowthRange& range, std::size_t limit);

  /// Closes the connection: after an error, and before a long pause.
  virtual void close() = 0;
};

}  // namespace engine::model
