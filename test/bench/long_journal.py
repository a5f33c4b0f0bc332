#!/usr/bin/env python3
"""The same daemon at the same work, over a journal of ten thousand changes and over one of ten million: nothing may take longer for what lies behind it.
usage: long_journal.py DATAPICKER STUB_SERVER STATEMENT_LOG_LIBRARY [CHANGES]   BENCH_DIR: where there is room for 6 GB"""
import json
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

from arrival import FILES, ROWS, effects, make_erp, wait_for

DATAPICKER, STUB_SERVER, LIBRARY = map(os.path.abspath, sys.argv[1:4])
FEW, MANY = 10_000, int(sys.argv[4]) if len(sys.argv) > 4 else 10_000_000
UPDATES, ROUNDS = 30, 5
DAY_MS = 24 * 3_600_000


def grow(path, changes):
    """As if as many had been captured and sent yesterday: changes, deliveries with their attempts, some dead letters."""
    journal = sqlite3.connect(path, isolation_level=None)
    journal.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA wal_autocheckpoint = 100000;")
    first = journal.execute("SELECT coalesce(max(seq), 0) FROM change").fetchone()[0]
    table, layout = journal.execute("SELECT id, layout_id FROM source_table").fetchone()
    pipeline = journal.execute("SELECT id FROM pipeline").fetchone()[0]
    now = int(time.time() * 1000) - DAY_MS
    image = "printf('{\"id\":\"%d\",\"name\":\"ROSSI MARIO & FIGLI %d\",\"city\":\"REGGIO NELL''EMILIA\",\"credit\":\"%d\"}', r, r, i)"
    journal.executescript(f"""BEGIN;
CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {changes}) SELECT i, i * 7919 % {ROWS} AS r FROM n;
INSERT INTO change (seq, table_id, layout_id, cycle_id, key, operation, after, before, changed, captured_ms)
  SELECT {first} + i, {table}, {layout}, i / 50, printf('["%d"]', r), 'update', {image}, {image}, '["credit"]', {now} + i / 1000 FROM n;
INSERT INTO delivery (pipeline_id, key, cycle_id, first_seq, last_seq, connection, object, match, effect, fields, policy, mapping, state, operation, created_ms, updated_ms)
  SELECT {pipeline}, printf('["%d"]', r), i / 50, {first} + i, {first} + i, 'crm', 'customers', printf('{{"code":%d}}', r), 'present', printf('{{"credit":%d}}', i), 'latest', 'x',
         CASE WHEN i % 100000 = 0 THEN 'dead' ELSE 'delivered' END, 'upsert', {now}, {now} FROM n WHERE i % 5 = 0;
INSERT INTO attempt (delivery_id, step, number, started_ms, ended_ms, request, outcome, status, answer)
  SELECT id, 'upsert', 1, {now}, {now}, '{{}}', 'delivered', 200, '{{}}' FROM delivery;
INSERT INTO cycle (id, table_id, kind, state, started_ms, ended_ms) SELECT 1000000 + i, {table}, 'diff', 'closed', {now}, {now} FROM n WHERE i % 50 = 0;
UPDATE pipeline SET position = {first + changes};
DROP TABLE n;
COMMIT;
PRAGMA wal_checkpoint(TRUNCATE);""")
    journal.close()


class Place:
    """An instance, its source and its stub."""

    def __init__(self, folder, library):
        self.folder, self.library = folder, library
        self.log, self.times, port_file = f"{folder}/effects", f"{folder}/times", f"{folder}/port"
        self.stub = subprocess.Popen([STUB_SERVER, "--port", "0", "--port-file", port_file, "--log", self.log, "--mode", "idempotent"], stdout=subprocess.DEVNULL)
        wait_for("the stub", lambda: os.path.exists(port_file) and open(port_file, encoding="ascii").read())
        for name, text in FILES.items():
            os.makedirs(os.path.dirname(f"{folder}/{name}"), exist_ok=True)
            with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                file.write(text.format(folder=folder, port=open(port_file, encoding="ascii").read().strip()))
        self.erp = make_erp(f"{folder}/erp.db")

    def start(self):
        """Seconds until it is ready."""
        begun = time.monotonic()
        with open(f"{self.folder}/log", "wb") as log:
            self.daemon = subprocess.Popen([DATAPICKER, "run", "-i", self.folder], stderr=log, env={**os.environ, "LD_PRELOAD": self.library, "STATEMENT_TIMES": self.times})
        wait_for("the start", lambda: "daemon.started" in open(f"{self.folder}/log", encoding="utf-8").read(), 600)
        return time.monotonic() - begun

    def stop(self):
        self.daemon.send_signal(signal.SIGTERM)
        assert self.daemon.wait() == 0

    def verb_ms(self, *words):
        def once():
            begun = time.monotonic()
            done = subprocess.run([DATAPICKER, *words, "-i", self.folder], capture_output=True, text=True, check=False)
            assert done.returncode in (0, 4), done
            return (time.monotonic() - begun) * 1000
        return statistics.median(once() for _ in range(ROUNDS))

    def arrival_ms(self):
        choice, times = random.Random(1), []
        for number in range(1, UPDATES + 1):
            row = choice.randrange(ROWS)
            self.erp.execute("UPDATE customers SET credit = ? WHERE id = ?", (number, row))
            committed = time.time() * 1000
            wait_for("an arrival", lambda number=number: any(effect["body"]["credit"] == number for effect in effects(self.log)))
            times.append(next(effect["time"] for effect in effects(self.log) if effect["body"]["credit"] == number) - committed)
        return statistics.median(times)


def measured(folder, changes):
    """By name, and the mean microseconds of each statement of the daemon."""
    place = Place(folder, LIBRARY)
    place.start()
    wait_for("the baseline", lambda: "capture.snapshot" in open(f"{folder}/log", encoding="utf-8").read())
    place.stop()
    grow(f"{folder}/journal.db", changes)
    figures = {"start": place.start() * 1000, "arrival": place.arrival_ms()}
    for name, words in {"status": ["status"], "story": ["story", "customers", "7"], "changes": ["changes", "--limit", "20"], "dead_letters": ["dead-letters", "list"]}.items():
        figures[name] = place.verb_ms(*words)
    place.stop()
    place.stub.terminate()
    place.stub.wait()
    with open(place.times, encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t", 2) for line in lines]
    return figures, {sql: int(total) / int(count) / 1000 for count, total, sql in rows if int(count) >= 3}


def figure(name, ours, bare, unit, goal, met):
    print(json.dumps({"name": name, "ours": round(ours, 2), "bare": round(bare, 2), "unit": unit, "ratio": round(ours / bare, 2), "goal": goal, "met": met}), flush=True)


def main():
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as work:
        results = []
        for changes in (FEW, MANY):
            os.mkdir(f"{work}/{changes}")
            results.append(measured(f"{work}/{changes}", changes))
        (few, few_us), (many, many_us) = results
        for name, value in many.items():
            figure(f"long_journal_{name}", value, few[name], "ms", "<= 1.5 x", value <= few[name] * 1.5 + 20)
        # Caches are colder and trees a level deeper; what reads all would be a thousand times slower.
        slowest = max((sql for sql in many_us if sql in few_us), key=lambda sql: many_us[sql] / max(few_us[sql], 100))
        figure("long_journal_statement", many_us[slowest], few_us[slowest], "us", "<= 5 x", many_us[slowest] <= max(few_us[slowest], 100) * 5)
        print(f"the statement that is slowed down most: {slowest}", file=sys.stderr)


main()
