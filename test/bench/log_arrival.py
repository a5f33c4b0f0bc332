#!/usr/bin/env python3
"""Commit to arrival by a change log: 100 single updates a second in a real PostgreSQL, read by triggers' log and by a logical slot, through the daemon to a stub
server. usage: log_arrival.py DATAPICKER STUB_SERVER [UPDATES]"""
import json
import pathlib
import random
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "real"), str(pathlib.Path(__file__).resolve().parents[1] / "real/capture")]

from compared import configure  # noqa: E402
from harness import Instance, Servers, Stub, Workplace, wait_until  # noqa: E402

ROWS, A_SECOND = 10_000, 100
LOGS = {"triggers": ("log: change_log", 60, 150), "slot": ("by: slot, log: bench", 120, 300)}


def prepared(work, servers, binaries, name, log):
    """The daemon, which has read all rows, and the stub."""
    place = Workplace(name)
    stub = Stub(place, binaries[1], "shop", "--mode", "idempotent")
    instance = Instance(place, binaries[0])
    configure(instance, servers.odbc, "postgresql", stub, [("customers", name, "id", "credit: credit")])
    instance.write(f"tables/{name}.yaml", f"table: {name}\nconnection: erp\nfrom: {name}\nkey: [id]\ncapture: {{ mode: tail, {log}, every: 50ms }}\ninitial: baseline\n")
    done = instance.json("change-log", "install", "erp", "--apply")
    assert done["applied"], done
    instance.start()
    wait_until(lambda: "capture.snapshot" in instance.log_text(), 60, "the first reading")
    work.closers.append(place.close)
    return instance, stub


def arrived(stub):
    return {effect["body"]["credit"]: effect["time"] for effect in stub.effects() if effect["what"] == "effect"}


def measured(database, stub, name, updates):
    """Milliseconds of each, in ascending order: every row is changed once, so that none is overtaken."""
    choice, committed = random.Random(1), {}
    cursor = database.cursor()
    begun = time.monotonic()
    for number, row in enumerate(choice.sample(range(ROWS), updates), 1):
        time.sleep(max(0.0, begun + number / A_SECOND + choice.uniform(-0.004, 0.004) - time.monotonic()))
        cursor.execute(f"UPDATE {name} SET credit = %s WHERE id = %s", (number, row))
        committed[number] = time.time() * 1000
    wait_until(lambda: len(arrived(stub)) == updates, 60, f"all {updates} updates")
    times = arrived(stub)
    return sorted(times[number] - at for number, at in committed.items())


def figure(name, value, goal):
    print(json.dumps({"name": name, "ours": round(value, 1), "bare": None, "unit": "ms", "ratio": None, "goal": f"< {goal}", "met": value < goal}), flush=True)


def main():
    updates = int(sys.argv[3]) if len(sys.argv) > 3 else 2_000
    work = Workplace("arrivals")
    servers = Servers(work, "postgresql")
    database = servers.connect()
    for by, (log, p50, p99) in LOGS.items():
        name = f"customers_by_{by}"
        cursor = database.cursor()
        cursor.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, name VARCHAR(40), city VARCHAR(40), credit BIGINT)")
        cursor.execute(f"INSERT INTO {name} SELECT i, 'ROSSI MARIO & FIGLI ' || i, 'REGGIO NELL''EMILIA', 0 FROM generate_series(0, {ROWS - 1}) i")
        instance, stub = prepared(work, servers, sys.argv[1:3], name, log)
        times = measured(database, stub, name, updates)
        assert instance.stop() == 0
        figure(f"commit_to_arrival_by_{by}_p50", times[len(times) // 2], p50)
        figure(f"commit_to_arrival_by_{by}_p99", times[len(times) * 99 // 100], p99)


if __name__ == "__main__":
    main()
