#!/usr/bin/env python3
"""What an operator waits for on a large journal: `story`, `anomalies list`, and `plan` over all of it.
usage: review.py DATAPICKER [CHANGES]   the journal is written by SQL alone, as its public format says; no daemon runs."""
import json
import os
import pathlib
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

DATAPICKER = sys.argv[1]
CHANGES = int(sys.argv[2]) if len(sys.argv) > 2 else 5_000_000
ROWS = 200_000
DELIVERIES = min(CHANGES, 1_000_000)
ANOMALIES, HELD = 20, 2_000
ROUNDS = 7
SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "engine/journal/schema"
NOW_MS = int(time.time() * 1000)

COLUMNS = [("codcli", "text"), ("ragsoc", "text"), ("indir", "text"), ("cap", "text"), ("citta", "text"), ("piva", "text"),
           ("tel", "text"), ("email", "text"), ("fido", "decimal"), ("dtulo", "integer"), ("stato", "text"), ("codage", "text"),
           ("ggpag", "integer")]
MAP = """  name: trim(ragsoc)
  city: citta
  address: "indir || ', ' || cap"
  status: "CASE stato WHEN 'A' THEN 'active' ELSE 'closed' END"
  vat: "'IT' || piva"
  credit: dec_round(fido, 2)
  last_order: from_cyymmdd(dtulo)
  mail: coalesce(email, '')
  days: ggpag + 30
  agent: substr(codage, 1, 3)
"""
SHOP = """connection: shop
target: webhook
url: http://127.0.0.1:1
repeat_safe: true
requests:
  upsert: { method: PUT, path: "/{match.code}", body: fields }
  delete: { method: DELETE, path: "/{match.code}", gone: [404] }
"""


def write_instance(folder, journal, mapping):
    files = {
        "datapicker.yaml": f"instance: bench\njournal: {{ path: {journal} }}\n",
        "connections/erp.yaml": "connection: erp\nodbc: Driver=SQLite3;Database=/nowhere.db\ndialect: sqlite\n",
        "connections/shop.yaml": SHOP,
        "tables/customer.yaml": "table: customer\nconnection: erp\nfrom: customer\nkey: [codcli]\n",
        "pipelines/to_shop/pipeline.yaml": f"pipeline: to_shop\ntable: customer\nmap:\n{mapping}"
                                           "target: { connection: shop, object: customers, match: { code: codcli } }\n",
    }
    for name, text in files.items():
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def image(name, credit):
    """SQL for the image of row `r` as text."""
    return (f"""printf('{{"codcli":"C%07d","ragsoc":"%s","indir":"VIA ROMA %d","cap":"40100","citta":"BOLOGNA","piva":"%011d",'"""
            f"""|| '"tel":"051 2%05d","email":"ordini%d@example.com","fido":"%d.50","dtulo":1251104,"stato":"%s","codage":"AG%04d","ggpag":60}}', """
            f"""r, {name}, r % 300, r, r % 100000, r, {credit}, CASE r % 7 WHEN 0 THEN 'C' ELSE 'A' END, r % 90)""")


def write_journal(path):
    journal = sqlite3.connect(path, isolation_level=None)
    journal.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;" + "".join(part.read_text(encoding="utf-8") for part in SCHEMA.glob("*.sql")))
    layout = json.dumps({"columns": [{"name": name, "type": kind, "size": 40, "scale": 2 if kind == "decimal" else 0, "nullable": True, "source_type": kind}
                                     for name, kind in COLUMNS], "key": [0]})
    start_ms = NOW_MS - 6 * 24 * 3_600_000
    step = (NOW_MS - 60_000 - start_ms) / CHANGES
    journal.executescript(f"""
BEGIN;
INSERT INTO journal (id, created_ms, created_by) VALUES ('0123456789abcdef0123456789abcdef', {start_ms}, 'bench');
INSERT INTO source_table (id, name, layout_id, state, last_cycle_ms, rows) VALUES (1, 'customer', 1, 'watching', {NOW_MS}, {ROWS});
INSERT INTO layout (id, table_id, columns, canonical_form, created_ms) VALUES (1, 1, '{layout}', 1, {start_ms});
INSERT INTO pipeline (id, name, table_id, position, mapping, layout_id) VALUES (1, 'to_shop', 1, {CHANGES}, 'x', 1);
CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {CHANGES}) SELECT i FROM n;
INSERT INTO change (seq, table_id, layout_id, cycle_id, key, operation, after, before, changed, captured_ms)
  SELECT i, 1, 1, i / 50, printf('["C%07d"]', r), 'update', {image("printf('ROSSI MARIO & FIGLI %d SNC', i / 2)", 'i % 50000')},
         {image("printf('ROSSI MARIO & FIGLI %d SNC', (i - 1) / 2)", '(i + 7) % 50000')}, '["ragsoc","fido"]', CAST({start_ms} + i * {step} AS INTEGER)
  FROM (SELECT i, i * 7919 % {ROWS} AS r FROM n);
INSERT INTO delivery (id, pipeline_id, key, cycle_id, first_seq, last_seq, connection, object, match, effect, fields, policy, mapping, state, operation,
                      created_ms, updated_ms)
  SELECT i, 1, printf('["C%07d"]', r), i / 50, seq, seq, 'shop', 'customers', printf('{{"code":"C%07d"}}', r), 'present',
         printf('{{"city":"BOLOGNA","credit":"%d.50","name":"ROSSI %d"}}', seq % 50000, seq), 'latest', 'x', 'delivered', 'upsert', {NOW_MS}, {NOW_MS}
  FROM (SELECT i, seq, seq * 7919 % {ROWS} AS r FROM (SELECT i, i + {CHANGES - DELIVERIES} AS seq FROM n WHERE i <= {DELIVERIES}));
INSERT INTO attempt (delivery_id, step, number, started_ms, ended_ms, request, outcome, status, answer)
  SELECT id, 'upsert', 1, {NOW_MS}, {NOW_MS} + 12, printf('{{"method":"PUT","url":"/x","headers":{{}},"body":"%d"}}', id), 'delivered', 200, '{{}}' FROM delivery;
INSERT INTO anomaly (id, kind, pipeline_id, cycle_id, state, text, numbers, opened_ms, updated_ms)
  SELECT i, 'mass_change', 1, i, 'open', '2,000 records would be changed', '{{}}', {NOW_MS}, {NOW_MS} FROM n WHERE i <= {ANOMALIES};
INSERT INTO delivery (pipeline_id, key, cycle_id, first_seq, last_seq, connection, object, match, effect, fields, policy, mapping, state, created_ms,
                      updated_ms, anomaly_id)
  SELECT 1, printf('["H%07d"]', i), i, 1, 1, 'shop', 'customers', printf('{{"code":"H%07d"}}', i), 'present', '{{}}', 'latest', 'x', 'held', {NOW_MS}, {NOW_MS},
         1 + i % {ANOMALIES} FROM n WHERE i <= {ANOMALIES * HELD};
INSERT INTO rhythm (pipeline_id, since_ms) VALUES (1, {NOW_MS - 40 * 86_400_000});
INSERT INTO effect_hour (pipeline_id, hour_ms, anomaly_id, inserts, updates, deletes, most_inserts, most_updates, most_deletes)
  SELECT 1, ({NOW_MS} / 3600000 - i) * 3600000, 0, 0, 20000 + i % 700, 0, 0, 50, 0 FROM n WHERE i <= 900;
DROP TABLE n;
COMMIT;
PRAGMA journal_mode = WAL;""")
    journal.close()


def run(*words, codes=(0,)):
    begun = time.monotonic()
    done = subprocess.run([DATAPICKER, *words], capture_output=True, text=True, timeout=3_600)
    took = time.monotonic() - begun
    if done.returncode not in codes:
        sys.exit(f"review.py: {words}: exit code {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return took, done.stdout


def figure(name, ours, unit, goal, met):
    print(json.dumps({"name": name, "ours": round(ours, 1), "bare": None, "unit": unit, "ratio": None, "goal": goal, "met": met}), flush=True)


def wait_ms(name, *words, codes=(0,)):
    """The median: the first reading warms the page cache, as somebody who looks twice has it."""
    times = [run(*words, codes=codes)[0] * 1000 for _ in range(ROUNDS)]
    figure(name, statistics.median(times), "ms", "<= 100", statistics.median(times) <= 100)


def peak_mb(*words):
    """Anonymous memory at its highest, looked at while it runs."""
    with subprocess.Popen([DATAPICKER, *words], stdout=subprocess.DEVNULL) as process:
        peak = 0
        while process.poll() is None:
            try:
                rollup = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii")
                peak = max(peak, *(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Anonymous:")))
            except (OSError, TypeError, ValueError):
                pass
            time.sleep(0.2)
    return peak / 1024


def children_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def plan_rate(name, now, edited, code):
    """By the wall, with all processors there are; and by the CPU it took, whoever else was on the machine."""
    cpu = children_cpu()
    took, answer = run("plan", edited, "-i", now, "--json", codes=(code,))
    cpu = children_cpu() - cpu
    plan = json.loads(answer)
    assert plan["changes"] == CHANGES, plan["changes"]
    rate = CHANGES / took
    figure(name, rate, "changes/s", ">= 50000", rate >= 50_000)
    figure(f"{name}_cpu", CHANGES / cpu, "changes/CPU s", "", None)
    return plan["pipelines"][0]


def main():
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as work:
        journal = f"{work}/journal.db"
        write_journal(journal)
        write_instance(f"{work}/now", journal, MAP)
        write_instance(f"{work}/same", journal, MAP)
        write_instance(f"{work}/edited", journal, MAP.replace("substr(codage, 1, 3)", "substr(codage, 1, 4)"))
        figure("journal_size", os.path.getsize(journal) / 2**30, "GiB", "", None)
        wait_ms("story", "story", "customer", "C0000042", "-i", f"{work}/now")
        wait_ms("anomalies_list", "anomalies", "list", "-i", f"{work}/now", codes=(4,))
        assert plan_rate("plan_unchanged", f"{work}/now", f"{work}/same", 0)["different"] == 0
        assert plan_rate("plan_every_call_different", f"{work}/now", f"{work}/edited", 4)["different"] == CHANGES
        peak = peak_mb("plan", f"{work}/edited", "-i", f"{work}/now", "--json")
        figure("plan_anonymous_memory", peak, "MB", "<= 200", peak <= 200)


main()
