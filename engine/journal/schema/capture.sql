-- The journal's schema, version 3, first part: what was captured. The others: delivery.sql, review.sql. A public format: readable with the
-- sqlite3 shell, documented in docs/journal.md. Times are milliseconds since 1970 UTC. Images, keys, matches and fields are JSON text.

CREATE TABLE journal (
  id             TEXT NOT NULL,     -- random; part of every idempotency key
  created_ms     INTEGER NOT NULL,
  created_by     TEXT NOT NULL,     -- version of the program
  epoch          INTEGER NOT NULL DEFAULT 0,  -- counts up with the file PATH.epoch: a journal behind it is an old copy
  copied_ms      INTEGER,           -- set in a copy made by a backup: whoever opens it for writing restores it
  restored_ms    INTEGER            -- since when a restored journal waits for a person; NULL: it is not
) STRICT;

CREATE TABLE source_table (
  id             INTEGER PRIMARY KEY,
  name           TEXT NOT NULL UNIQUE,
  layout_id      INTEGER,           -- the current one
  state          TEXT NOT NULL DEFAULT 'new',   -- new, snapshot, watching, paused
  state_reason   TEXT NOT NULL DEFAULT '',
  last_cycle_ms  INTEGER NOT NULL DEFAULT 0,    -- end of the last complete cycle known here (written at most once a minute)
  rows           INTEGER NOT NULL DEFAULT 0,    -- rows in the last complete pass
  renewing       INTEGER NOT NULL DEFAULT 0     -- 1: its columns changed, and images made before that may be left
) STRICT;

CREATE TABLE layout (
  id             INTEGER PRIMARY KEY,
  table_id       INTEGER NOT NULL REFERENCES source_table(id),
  columns        TEXT NOT NULL,     -- {"columns":[{"name":…,"type":…,…}],"key":[…]}
  canonical_form INTEGER NOT NULL,
  created_ms     INTEGER NOT NULL
) STRICT;

CREATE TABLE checkpoint (
  table_id       INTEGER PRIMARY KEY REFERENCES source_table(id),
  position       TEXT NOT NULL,     -- opaque to all but the capture mode
  updated_ms     INTEGER NOT NULL
) STRICT;

CREATE TABLE change_feed (           -- a source's own log that is read forward: a replication slot, the history of a table
  connection     TEXT NOT NULL,
  log            TEXT NOT NULL,
  position       TEXT NOT NULL,     -- up to which all is in fed_change, or was; opaque to all but the connector
  tables         TEXT NOT NULL,     -- those it was read for: "1:16385 2:16390", id here and identity there
  PRIMARY KEY (connection, log)
) STRICT, WITHOUT ROWID;

CREATE TABLE fed_change (            -- what it said and the table has not read yet
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  table_id       INTEGER NOT NULL,
  key            TEXT,              -- as the connector wrote it; NULL: any row may have changed
  source_transaction TEXT,
  source_time_ms INTEGER,
  source_user    TEXT
) STRICT;
CREATE INDEX fed_change_by_table ON fed_change(table_id, id);

CREATE TABLE range_backfill (        -- a range of keys that a person wants to be read again between the cycles
  table_id       INTEGER PRIMARY KEY,
  first_key      TEXT,              -- JSON, as the source is asked for it; NULL: the table's first
  first_encoded  BLOB NOT NULL,     -- as row_image has it
  last_key       TEXT,
  at_key         TEXT,              -- up to there all is read, and its deliveries are planned
  pipelines      TEXT NOT NULL,     -- one a line
  rows           INTEGER NOT NULL,
  sent           INTEGER NOT NULL,
  failed         INTEGER NOT NULL,
  begun_ms       INTEGER NOT NULL,
  ended_ms       INTEGER,
  reason         TEXT NOT NULL      -- why it ended before the range did
) STRICT;

CREATE TABLE cycle (
  id             INTEGER PRIMARY KEY,
  table_id       INTEGER NOT NULL REFERENCES source_table(id),
  kind           TEXT NOT NULL,     -- snapshot, diff
  state          TEXT NOT NULL,     -- open, closed
  started_ms     INTEGER NOT NULL,
  ended_ms       INTEGER,
  rows_read      INTEGER NOT NULL DEFAULT 0,
  inserts        INTEGER NOT NULL DEFAULT 0,
  updates        INTEGER NOT NULL DEFAULT 0,
  deletes        INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX cycle_open ON cycle(table_id) WHERE state = 'open';

CREATE TABLE transaction_tie (      -- transactions that changed the same row before it was read: they cannot be told apart
  cycle_id       INTEGER NOT NULL,
  source_transaction TEXT NOT NULL,
  tied_to        TEXT NOT NULL,
  PRIMARY KEY (cycle_id, source_transaction, tied_to)
) STRICT, WITHOUT ROWID;

CREATE TABLE change (
  seq                INTEGER PRIMARY KEY AUTOINCREMENT,   -- the only order
  table_id           INTEGER NOT NULL,
  layout_id          INTEGER NOT NULL,
  cycle_id           INTEGER NOT NULL,
  key                TEXT NOT NULL,          -- JSON array: ["C001"]
  operation          TEXT NOT NULL,          -- insert, update, delete, snapshot
  after              TEXT,                   -- image: {"codcli":"C001",…}
  before             TEXT,
  changed            TEXT NOT NULL,          -- names of changed columns: ["fido"]; of a delete [], or, where the row goes on under another key, what changed
  source_transaction TEXT,
  source_time_ms     INTEGER,
  source_user        TEXT,
  captured_ms        INTEGER NOT NULL
) STRICT;
CREATE INDEX change_by_key ON change(table_id, key, seq);
CREATE INDEX change_by_table ON change(table_id);         -- in order of seq: a quiet table is read without its busy neighbours

CREATE TABLE row_image (
  ordinal        INTEGER PRIMARY KEY,        -- dense: a pass marks it in a bitmap
  table_id       INTEGER NOT NULL,
  layout_id      INTEGER NOT NULL,
  key            BLOB NOT NULL,              -- order-preserving bytes of the key, see engine/model/key.h
  digest         BLOB NOT NULL,              -- XXH3-128 of the canonical row
  image          TEXT NOT NULL,
  locator        TEXT                        -- the key as the source gave it, where that differs: ["C001      "]
) STRICT;
CREATE INDEX row_image_by_key ON row_image(table_id, key, digest);  -- covers the merge of a diff
CREATE INDEX row_image_by_table ON row_image(table_id);             -- in order of ordinal: the search for rows not seen

CREATE TABLE row_place (             -- of tables whose log knows rows by where they stand in their file
  table_id       INTEGER NOT NULL,
  place          INTEGER NOT NULL,
  key            BLOB,                       -- as of row_image; NULL: no row stood there when it was last looked at
  PRIMARY KEY (table_id, place)
) STRICT, WITHOUT ROWID;
