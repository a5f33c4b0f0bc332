#!/usr/bin/env python3
"""Commit to arrival: a 10,000-row SQLite table read every second by the daemon, single updates at scattered moments, and
the times at which a stub server got them. usage: arrival.py DATAPICKER STUB_SERVER [UPDATES]"""
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ROWS = 10_000
FILES = {
    "datapicker.yaml": "instance: bench\njournal:\n  path: journal.db\n",
    "connections/erp.yaml": 'connection: erp\nodbc: "Driver=SQLite3;Database={folder}/erp.db;Timeout=5000"\ndialect: sqlite\n',
    "connections/crm.yaml": "connection: crm\ntarget: webhook\nurl: http://127.0.0.1:{port}\nrepeat_safe: true\n"
                            "idempotency_header: Idempotency-Key\nrequests:\n"
                            '  upsert: {{ method: PUT, path: "/customers/{{match.code}}", body: fields }}\n'
                            '  delete: {{ method: DELETE, path: "/customers/{{match.code}}", gone: [404] }}\n',
    "tables/customers.yaml": "table: customers\nconnection: erp\nfrom: customers\nkey: [id]\n"
                             "capture: {{ mode: diff, every: 1s }}\ninitial: baseline\n",
    "pipelines/customers_to_crm/pipeline.yaml": "pipeline: customers_to_crm\ntable: customers\nmap: {{ credit: credit }}\n"
                                                "target:\n  connection: crm\n  object: customers\n  match: {{ code: id }}\n",
}


def wait_for(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"{what} did not happen within {seconds} s")
        time.sleep(0.02)


def make_erp(path):
    erp = sqlite3.connect(path, isolation_level=None, timeout=10)
    erp.execute("PRAGMA journal_mode = WAL")
    erp.execute("CREATE TABLE customers (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), city VARCHAR(40), credit INTEGER)")
    erp.execute("BEGIN")
    erp.executemany("INSERT INTO customers VALUES (?, ?, ?, 0)",
                    ((n, f"ROSSI MARIO & FIGLI {n}", "REGGIO NELL'EMILIA") for n in range(ROWS)))
    erp.execute("COMMIT")
    return erp


def effects(log):
    return [json.loads(line) for line in open(log, encoding="utf-8")] if os.path.exists(log) else []


def measure(erp, log, updates):
    committed = {}
    choice = random.Random(1)
    for number in range(1, updates + 1):
        erp.execute("UPDATE customers SET credit = ? WHERE id = ?", (number, choice.randrange(ROWS)))
        committed[number] = time.time() * 1000
        time.sleep(choice.uniform(0.02, 0.3))
    wait_for("the arrival of the last update", lambda: any(e["body"]["credit"] == updates for e in effects(log)))
    # An update overtaken by another of the same row within a second has no arrival of its own.
    return sorted(e["time"] - committed[e["body"]["credit"]] for e in effects(log))


def figure(name, value, goal):
    return {"name": name, "ours": round(value, 1), "bare": None, "unit": "ms", "ratio": None,
            "goal": f"< {goal}" if goal else None, "met": value < goal if goal else None}


def main():
    datapicker, stub_server = sys.argv[1:3]
    updates = int(sys.argv[3]) if len(sys.argv) > 3 else 300
    with tempfile.TemporaryDirectory() as folder:
        port_file, log = f"{folder}/port", f"{folder}/effects"
        processes = [subprocess.Popen([stub_server, "--port-file", port_file, "--log", log], stdout=subprocess.DEVNULL)]
        try:
            wait_for("the stub's start", lambda: os.path.exists(port_file))
            for path, text in FILES.items():
                os.makedirs(os.path.dirname(f"{folder}/instance/{path}"), exist_ok=True)
                with open(f"{folder}/instance/{path}", "w", encoding="utf-8") as file:
                    file.write(text.format(folder=folder, port=open(port_file, encoding="ascii").read().strip())
                               if "{" in text else text)
            erp = make_erp(f"{folder}/erp.db")
            with open(f"{folder}/daemon.log", "w", encoding="utf-8") as daemon_log:
                processes.insert(0, subprocess.Popen([datapicker, "run", "-i", f"{folder}/instance"], stderr=daemon_log))
            # The first snapshot sends nothing: an update that arrives says that it is over.
            number = [-1]

            def touched():
                erp.execute("UPDATE customers SET credit = ? WHERE id = 0", (number[0],))
                number[0] -= 1
                time.sleep(0.5)
                return bool(effects(log))
            wait_for("the first arrival", touched)
            time.sleep(2.5)
            os.truncate(log, 0)
            times = measure(erp, log, updates)
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
                process.wait(30)
    print(json.dumps(figure("commit_to_arrival_p50", times[len(times) // 2], None)))
    print(json.dumps(figure("commit_to_arrival_p99", times[min(len(times) - 1, len(times) * 99 // 100)], 1300)))


if __name__ == "__main__":
    main()
