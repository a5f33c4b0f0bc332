#!/usr/bin/env python3
"""An instance of 200 tables and 200 pipelines over a real PostgreSQL, nothing changing: how long until it runs, what memory it keeps to
itself, what it costs to find nothing every five seconds. usage: many_pipelines.py DATAPICKER ODBC_STRING PSQL_URL"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

TABLES = 200
ROWS = 100
WATCHED_SECONDS = 20
FILES = {
    "datapicker.yaml": "instance: many\njournal: { path: journal.db }\n",
    "connections/sink.yaml": "connection: sink\ntarget: file\npath: sent.jsonl\n",
}


def make_tables(url):
    sql = "".join(f"CREATE TABLE many_{n} (id INTEGER PRIMARY KEY, name VARCHAR(40), credit NUMERIC(12,2));\n"
                  f"INSERT INTO many_{n} SELECT i, 'Customer ' || i, i * 1.5 FROM generate_series(1, {ROWS}) i;\n"
                  for n in range(TABLES))
    subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", url], input=sql.encode(), check=True)


def drop_tables(url):
    # In parts: one transaction locks only so many tables.
    for n in range(0, TABLES, 20):
        names = ", ".join(f"many_{i}" for i in range(n, n + 20))
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", url, "-c", f"DROP TABLE {names}"], check=True)


def write_instance(folder, odbc):
    files = dict(FILES)
    files["connections/erp.yaml"] = f'connection: erp\nodbc: "{odbc}"\ndialect: postgresql\nreaders: 4\n'
    for n in range(TABLES):
        files[f"tables/t{n}.yaml"] = (f"table: t{n}\nconnection: erp\nfrom: many_{n}\nkey: [id]\n"
                                      "capture: { mode: diff, every: 5s }\n")
        files[f"pipelines/p{n}/pipeline.yaml"] = (f"pipeline: p{n}\ntable: t{n}\nmap: {{ name: upper(name), credit: credit }}\n"
                                                  f"target: {{ connection: sink, object: o{n}, match: {{ id: id }} }}\n")
    for path, text in files.items():
        os.makedirs(os.path.dirname(f"{folder}/{path}"), exist_ok=True)
        with open(f"{folder}/{path}", "w", encoding="utf-8") as file:
            file.write(text)


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def anonymous_mb(pid):
    return int(re.search(r"Anonymous:\s+(\d+)", open(f"/proc/{pid}/smaps_rollup", encoding="ascii").read()).group(1)) / 1024


def log_has(path, text, times=1):
    return open(path, encoding="utf-8").read().count(text) >= times


def wait_for(what, condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"{what} did not happen within {seconds} s")
        time.sleep(0.005)


def start(datapicker, folder, log):
    begun = time.monotonic()
    process = subprocess.Popen([datapicker, "run", "-i", folder], stderr=open(log, "w", encoding="utf-8"))
    wait_for("the start", lambda: log_has(log, "daemon.started"), 60)
    return process, time.monotonic() - begun


def figure(name, value, unit, goal):
    return {"name": name, "ours": round(value, 3), "bare": None, "unit": unit, "ratio": None, "goal": f"< {goal}", "met": value < goal}


def main():
    datapicker, odbc, url = sys.argv[1:4]
    make_tables(url)
    try:
        with tempfile.TemporaryDirectory() as folder:
            write_instance(folder, odbc)
            log = f"{folder}/daemon.log"
            process, _ = start(datapicker, folder, log)
            wait_for("the first read of every table", lambda: log_has(log, "capture.snapshot", TABLES), 120)
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            process, started = start(datapicker, folder, log)
            time.sleep(10)  # every table was read once more
            before = cpu_seconds(process.pid)
            time.sleep(WATCHED_SECONDS)
            cpu = (cpu_seconds(process.pid) - before) / WATCHED_SECONDS * 100
            memory = anonymous_mb(process.pid)
            process.send_signal(signal.SIGTERM)
            process.wait(60)
    finally:
        drop_tables(url)
    print(json.dumps(figure("many_pipelines_start", started, "s", 1)))
    print(json.dumps(figure("many_pipelines_anonymous_memory", memory, "MB", 120)))
    print(json.dumps(figure("many_pipelines_idle_cpu", cpu, "% of a core", 3)))


main()
