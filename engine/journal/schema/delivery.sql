-- The journal's schema, second part: what is sent, and what became of it. See capture.sql.

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
CREATE INDEX last_sent_by_match ON last_sent(pipeline_id, match) WHERE live = 1;  -- rows that stand for one record

CREATE TABLE record_move (           -- rows that got another key while something was under way for the one they had
  pipeline_id    INTEGER NOT NULL,
  key            TEXT NOT NULL,              -- of the row now
  from_key       TEXT NOT NULL,              -- where last_sent has its record until something is sent for `key`
  last_delivery_id INTEGER NOT NULL,         -- when it moved: later ones of `from_key` are another row's
  PRIMARY KEY (pipeline_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_move_by_origin ON record_move(pipeline_id, from_key);

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
  look_ups       TEXT,                       -- JSON: the ids that stood for its references when its request was made
  anomaly_id     INTEGER,                    -- what holds it, or held it when it was rejected or healed
  bundle_id      INTEGER,                    -- with which others it goes out together; NULL: alone
  settle_by_ms   INTEGER,                    -- it waits for a quiet moment (not_before_ms), until then at most; NULL: it does not, or no more
  waits          TEXT,                       -- JSON: since when conditions keep it back, {"name": ms}; 0: a person let it go past that one ("": past drift)
  drift          TEXT                        -- JSON: what somebody changed at the target, {"field": {"sent", "there", "wanted", "kept": true}}; NULL: nothing, as far as it was read
) STRICT;
-- Each ends in the row's id, which SQLite adds by itself. The match value leads, since it tells more than whose it is.
-- Only what is not finished: stays small however long the journal. Spelt with OR: for each list of more than two that stands behind
-- IN, SQLite fills a table of its own whenever a row is written.
CREATE INDEX delivery_open_lane ON delivery(match, object, connection) WHERE (state = 'pending' OR state = 'held' OR state = 'in_flight' OR state = 'uncertain');
CREATE INDEX delivery_open_key ON delivery(pipeline_id, key) WHERE (state = 'pending' OR state = 'held' OR state = 'in_flight' OR state = 'uncertain');
CREATE INDEX delivery_open_also ON delivery(also_match, object, connection) WHERE also_match IS NOT NULL AND (state = 'pending' OR state = 'held' OR state = 'in_flight' OR state = 'uncertain');
CREATE INDEX delivery_due ON delivery(connection) WHERE state = 'pending';
CREATE INDEX delivery_uncertain ON delivery(connection) WHERE state IN ('in_flight', 'uncertain');
CREATE INDEX delivery_dead ON delivery(pipeline_id, key) WHERE state = 'dead';
CREATE INDEX delivery_in_anomaly ON delivery(anomaly_id) WHERE anomaly_id IS NOT NULL AND state = 'held';
CREATE INDEX delivery_by_key ON delivery(pipeline_id, key);
CREATE INDEX delivery_by_bundle ON delivery(bundle_id) WHERE bundle_id IS NOT NULL;

CREATE TABLE bundle (                  -- what comes of one transaction of the source, in a pipeline that delivers together
  id             INTEGER PRIMARY KEY,
  pipeline_id    INTEGER NOT NULL,
  cycle_id       INTEGER NOT NULL,
  source_transaction TEXT NOT NULL,          -- '': all of the cycle, since the source did not tell
  state          TEXT NOT NULL,              -- waiting, begun, apart (too large: each of its deliveries goes alone)
  changes        INTEGER NOT NULL,           -- that were planned so far
  created_ms     INTEGER NOT NULL
) STRICT;
CREATE INDEX bundle_by_cycle ON bundle(pipeline_id, cycle_id);
CREATE INDEX bundle_waiting ON bundle(pipeline_id, source_transaction) WHERE state = 'waiting';

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
  answer         TEXT                        -- bounded, secrets masked; of a batch: all of it with the first record, with each other what it says of that one
) STRICT;
CREATE INDEX attempt_by_delivery ON attempt(delivery_id);
