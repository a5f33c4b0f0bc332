-- The journal's schema, version 3. A public format: readable with the sqlite3 shell, documented in docs/journal.md.
-- Times are milliseconds since 1970 UTC. Images, keys, matches and fields are JSON text.

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

CREATE TABLE change (
  seq                INTEGER PRIMARY KEY AUTOINCREMENT,   -- the only order
  table_id           INTEGER NOT NULL,
  layout_id          INTEGER NOT NULL,
  cycle_id           INTEGER NOT NULL,
  key                TEXT NOT NULL,          -- JSON array: ["C001"]
  operation          TEXT NOT NULL,          -- insert, update, delete, snapshot
  after              TEXT,                   -- image: {"codcli":"C001",…}
  before             TEXT,
  changed            TEXT NOT NULL,          -- names of changed columns: ["fido"]
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

CREATE TABLE pipeline (
  id             INTEGER PRIMARY KEY,
  name           TEXT NOT NULL UNIQUE,
  table_id       INTEGER NOT NULL,
  position       INTEGER NOT NULL,           -- seq of the last change that was mapped
  mapping        TEXT NOT NULL,              -- fingerprint of the mapping last used
  layout_id      INTEGER                     -- whose columns its records at the target have; NULL: none was mapped yet
) STRICT;

CREATE TABLE last_sent (
  pipeline_id    INTEGER NOT NULL,
  key            TEXT NOT NULL,
  connection     TEXT NOT NULL,
  object         TEXT NOT NULL,
  match          TEXT NOT NULL,              -- the match value the record has at the target
  fields         TEXT,                       -- flat JSON of what we last sent; NULL: unknown, send all
  live           INTEGER NOT NULL,           -- 1: the record is at the target
  mapping        TEXT NOT NULL,
  sent_ms        INTEGER NOT NULL,
  PRIMARY KEY (pipeline_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE remote_id (
  connection     TEXT NOT NULL,
  object         TEXT NOT NULL,
  match          TEXT NOT NULL,
  remote_id      TEXT NOT NULL,
  found_ms       INTEGER NOT NULL,
  PRIMARY KEY (connection, object, match)
) STRICT, WITHOUT ROWID;

CREATE TABLE look_up (               -- which record refers to which record of another pipeline, as last sent
  pipeline_id    INTEGER NOT NULL,
  key            TEXT NOT NULL,
  parent_id      INTEGER NOT NULL,           -- pipeline
  parent_key     TEXT NOT NULL,
  remote_id      TEXT NOT NULL,              -- the id that was sent
  outdated       INTEGER NOT NULL DEFAULT 0, -- 1: the parent has another id now
  PRIMARY KEY (pipeline_id, key, parent_id, parent_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX look_up_by_parent ON look_up(parent_id, parent_key);
CREATE INDEX look_up_outdated ON look_up(pipeline_id) WHERE outdated = 1;

CREATE TABLE delivery (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  pipeline_id    INTEGER NOT NULL,
  key            TEXT NOT NULL,              -- of the source row
  cycle_id       INTEGER NOT NULL,
  first_seq      INTEGER NOT NULL,
  last_seq       INTEGER NOT NULL,
  generation     INTEGER NOT NULL DEFAULT 0, -- replay, remap, a person's retry add one
  connection     TEXT NOT NULL,
  object         TEXT NOT NULL,
  match          TEXT NOT NULL,              -- flat JSON; with connection and object: the lane ('{}': the key alone orders)
  also_match     TEXT,                       -- the match value the record has at the target, when it changes: a second lane
  effect         TEXT NOT NULL,              -- present, absent
  fields         TEXT,                       -- flat JSON of all mapped fields; none for absent
  comment        TEXT,
  policy         TEXT NOT NULL,              -- latest, every_change
  mapping        TEXT NOT NULL,
  state          TEXT NOT NULL,              -- pending held in_flight uncertain delivered skipped superseded suppressed dropped expired rejected dead healed
  reason         TEXT NOT NULL DEFAULT '',
  step           TEXT NOT NULL DEFAULT '',   -- the call under way or last done: find, create, update, upsert, delete, …, read_back, comment
  operation      TEXT NOT NULL DEFAULT '',   -- what was decided at the head of the lane: create, update, upsert, delete, …
  frozen         TEXT,                       -- request JSON of the step, as it goes out again after a crash
  idempotency_key TEXT,
  tries          INTEGER NOT NULL DEFAULT 0,
  looks          INTEGER NOT NULL DEFAULT 0, -- look-ups of an uncertain create that found nothing
  not_before_ms  INTEGER NOT NULL DEFAULT 0,
  expires_ms     INTEGER,
  superseded_by  INTEGER,
  created_ms     INTEGER NOT NULL,
  updated_ms     INTEGER NOT NULL,
  look_ups       TEXT                        -- JSON: the ids that stood for its references when its request was made
) STRICT;
-- Only what is not finished: stays small however long the journal. Spelt with OR: for each list of more than two that stands behind
-- IN, SQLite fills a table of its own whenever a row is written.
CREATE INDEX delivery_open_lane ON delivery(connection, object, match, id) WHERE (state = 'pending' OR state = 'held' OR state = 'in_flight' OR state = 'uncertain');
CREATE INDEX delivery_open_key ON delivery(pipeline_id, key, id) WHERE (state = 'pending' OR state = 'held' OR state = 'in_flight' OR state = 'uncertain');
CREATE INDEX delivery_open_also ON delivery(connection, object, also_match, id) WHERE also_match IS NOT NULL AND (state = 'pending' OR state = 'held' OR state = 'in_flight' OR state = 'uncertain');
CREATE INDEX delivery_due ON delivery(connection, id) WHERE state = 'pending';
CREATE INDEX delivery_uncertain ON delivery(connection, id) WHERE state IN ('in_flight', 'uncertain');
CREATE INDEX delivery_dead ON delivery(pipeline_id, key, id) WHERE state = 'dead';
CREATE INDEX delivery_by_key ON delivery(pipeline_id, key, id);

CREATE TABLE attempt (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  delivery_id    INTEGER NOT NULL,
  step           TEXT NOT NULL,
  number         INTEGER NOT NULL,           -- from 1 within the delivery
  started_ms     INTEGER NOT NULL,
  ended_ms       INTEGER,
  request        TEXT NOT NULL,              -- JSON, secrets masked
  outcome        TEXT,                       -- NULL while under way; delivered duplicate partial retry_later permanent uncertain
  status         INTEGER,
  reason         TEXT,
  answer         TEXT                        -- bounded, secrets masked
) STRICT;
CREATE INDEX attempt_by_delivery ON attempt(delivery_id, id);

CREATE TABLE echo (                    -- changes that are what we wrote: they are not delivered back
  seq            INTEGER PRIMARY KEY,        -- of the change
  delivery_id    INTEGER NOT NULL            -- whose effect it is
) STRICT;
CREATE INDEX echo_by_delivery ON echo(delivery_id);

CREATE TABLE echo_position (           -- of tables that are captured and written by pipelines
  table_id       INTEGER PRIMARY KEY,
  seq            INTEGER NOT NULL,           -- changes up to this one were looked at
  delivery_id    INTEGER NOT NULL            -- no effect of a delivery up to this one is awaited
) STRICT;

CREATE TABLE delivery_report (         -- what a target said later of what was sent
  id             INTEGER PRIMARY KEY,
  delivery_id    INTEGER NOT NULL,
  connection     TEXT NOT NULL,
  remote_id      TEXT NOT NULL,              -- the message's at the target
  status         TEXT NOT NULL,              -- sent, delivered, read, played, failed
  recipient      TEXT NOT NULL,
  reason         TEXT NOT NULL DEFAULT '',   -- of a failure
  at_ms          INTEGER NOT NULL,           -- by the target's clock
  received_ms    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX delivery_report_once ON delivery_report(connection, remote_id, status);
CREATE INDEX delivery_report_by_delivery ON delivery_report(delivery_id);

CREATE TABLE inbound_message (         -- what people write to us
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  connection     TEXT NOT NULL,
  message_id     TEXT NOT NULL,
  sender         TEXT NOT NULL,              -- a phone number as digits
  kind           TEXT NOT NULL,              -- text, image, button, …
  message        TEXT NOT NULL,              -- JSON, as it came
  sent_ms        INTEGER NOT NULL,
  received_ms    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX inbound_message_once ON inbound_message(connection, message_id);
CREATE INDEX inbound_message_by_sender ON inbound_message(sender);

CREATE TABLE conversation (            -- when a person wrote last: how long he may be written to freely
  connection     TEXT NOT NULL,
  party          TEXT NOT NULL,
  heard_ms       INTEGER NOT NULL,
  PRIMARY KEY (connection, party)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_by_party ON conversation(party);

CREATE TABLE decision (
  id             INTEGER PRIMARY KEY,
  delivery_id    INTEGER,
  decision       TEXT NOT NULL,              -- retry, discard, delivered, not_delivered
  actor          TEXT NOT NULL,
  reason         TEXT NOT NULL,
  decided_ms     INTEGER NOT NULL
) STRICT;

CREATE TABLE pause (
  kind           TEXT NOT NULL,              -- instance, connection, table, pipeline
  name           TEXT NOT NULL,              -- '' for the instance
  actor          TEXT NOT NULL,
  reason         TEXT NOT NULL,
  since_ms       INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms          INTEGER NOT NULL,
  actor          TEXT NOT NULL,              -- Unix user
  act            TEXT NOT NULL,              -- the verb
  request        TEXT NOT NULL,              -- JSON: what was asked for
  reason         TEXT NOT NULL,
  outcome        TEXT NOT NULL               -- JSON: what was done
) STRICT;

CREATE TABLE budget_use (
  connection     TEXT PRIMARY KEY,
  use            TEXT NOT NULL,              -- JSON: of its long budgets, how many requests count until when
  noted_ms       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 3;
