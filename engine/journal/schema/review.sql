-- The journal's schema, third part: what guards found, what others told us, what people decided. See capture.sql.

CREATE TABLE anomaly (                 -- something unusual that holds deliveries until a person decides
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  kind           TEXT NOT NULL,              -- mass_change, flip_flop, drift, or "rule: " or "hold_while: " and its name
  pipeline_id    INTEGER NOT NULL,
  cycle_id       INTEGER NOT NULL,           -- the first one that was held
  state          TEXT NOT NULL,              -- open, released, rejected, healed
  text           TEXT NOT NULL,              -- why, in words
  numbers        TEXT NOT NULL,              -- JSON: what was counted, and the limits
  opened_ms      INTEGER NOT NULL,
  updated_ms     INTEGER NOT NULL,           -- when something was held last
  closed_ms      INTEGER,
  actor          TEXT NOT NULL DEFAULT '',   -- who decided
  reason         TEXT NOT NULL DEFAULT '',   -- and why
  stays_ms       INTEGER NOT NULL DEFAULT 0  -- so long after updated_ms it is open, though nothing is held any more
) STRICT;
CREATE INDEX anomaly_open ON anomaly(pipeline_id, kind) WHERE state = 'open';

CREATE TABLE rejection (               -- what a person did not want at the target: held again when it comes again
  pipeline_id    INTEGER NOT NULL,
  key            TEXT NOT NULL,
  anomaly_id     INTEGER NOT NULL,
  effect         TEXT NOT NULL,              -- present, absent
  fields         TEXT NOT NULL,              -- flat JSON of the fields that differed from what was last sent
  match          TEXT,                       -- the match value that it was to get instead of the one it has; NULL: none
  PRIMARY KEY (pipeline_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE effect_count (            -- what cycles did, or would do, within the windows of mass_change
  pipeline_id    INTEGER NOT NULL,
  slot_ms        INTEGER NOT NULL,           -- start of ten seconds of capture time
  anomaly_id     INTEGER NOT NULL,           -- 0: it went on
  inserts        INTEGER NOT NULL,
  updates        INTEGER NOT NULL,
  deletes        INTEGER NOT NULL,
  PRIMARY KEY (pipeline_id, slot_ms, anomaly_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE rhythm (                  -- of which pipelines it is learnt what is usual
  pipeline_id    INTEGER PRIMARY KEY,
  since_ms       INTEGER NOT NULL            -- an hour after it without a row was a quiet one
) STRICT;

CREATE TABLE effect_hour (             -- what a pipeline did at its target, of the last six weeks
  pipeline_id    INTEGER NOT NULL,
  hour_ms        INTEGER NOT NULL,           -- start of an hour of capture time, UTC
  anomaly_id     INTEGER NOT NULL,           -- 0: it went on; above: what is held; below: what was held and released
  inserts        INTEGER NOT NULL,
  updates        INTEGER NOT NULL,
  deletes        INTEGER NOT NULL,
  most_inserts   INTEGER NOT NULL,           -- of one cycle
  most_updates   INTEGER NOT NULL,
  most_deletes   INTEGER NOT NULL,
  PRIMARY KEY (pipeline_id, hour_ms, anomaly_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE verdict (                 -- on what is judged together, while a pipeline is in the middle of it
  pipeline_id    INTEGER PRIMARY KEY,
  first_seq      INTEGER NOT NULL,           -- of its changes
  last_seq       INTEGER NOT NULL,
  anomaly_id     INTEGER                     -- what holds it; NULL: it goes on
) STRICT;

CREATE TABLE expectation (             -- mass changes that a person announced, kept for six weeks after their end
  id             INTEGER PRIMARY KEY,
  pipeline_id    INTEGER NOT NULL,
  inserts        INTEGER NOT NULL,           -- how many may still come
  updates        INTEGER NOT NULL,
  deletes        INTEGER NOT NULL,
  announced_inserts INTEGER NOT NULL,        -- how many were to come
  announced_updates INTEGER NOT NULL,
  announced_deletes INTEGER NOT NULL,
  until_ms       INTEGER NOT NULL,
  actor          TEXT NOT NULL,
  reason         TEXT NOT NULL,
  made_ms        INTEGER NOT NULL
) STRICT;
CREATE INDEX expectation_by_pipeline ON expectation(pipeline_id);

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
  decision       TEXT NOT NULL,              -- retry, discard, delivered, not_delivered, release, reject
  actor          TEXT NOT NULL,
  reason         TEXT NOT NULL,
  decided_ms     INTEGER NOT NULL,
  anomaly_id     INTEGER                     -- of release and reject: what held it
) STRICT;
CREATE INDEX decision_by_delivery ON decision(delivery_id);

CREATE TABLE snooze (                  -- open anomalies about which nobody is alerted for a while
  anomaly_id     INTEGER PRIMARY KEY,
  until_ms       INTEGER NOT NULL
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
