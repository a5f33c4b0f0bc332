"""A table of a million rows: what the daemon keeps in memory while it reads all of it, while nothing changes, and while every tenth row does.

    large_table.py DATAPICKER postgresql|mariadb|sqlite [ROWS [CHANGED]]

The journal's images are compared with the table at the end."""
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "targets"))
from rows import open_database  # noqa: E402
from compared import MemoryWatch  # noqa: E402
from harness import ROOT, Instance, Workplace, wait_until  # noqa: E402

DATAPICKER, WHICH = sys.argv[1:3]
ROWS = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
CHANGED = int(sys.argv[4]) if len(sys.argv) > 4 else ROWS // 10
LIMIT_MB = 60
PATIENCE = 900


def images(instance):
    import sqlite3
    with sqlite3.connect(f"file:{instance.folder}/journal.db?mode=ro", uri=True) as journal:
        return journal.execute("SELECT count(*), count(*) FILTER (WHERE image LIKE '%\"changed\"%') FROM row_image").fetchone()


def main():
    work = Workplace(f"large-{WHICH}")
    database = open_database(work, WHICH)
    sql = subprocess.run([ROOT / "test/bench/tables.sh", WHICH, str(ROWS)], check=True, capture_output=True, text=True).stdout
    if WHICH == "sqlite":
        # Its shell knows generate_series, Python's module does not.
        subprocess.run(["sqlite3", database.servers.path], input=sql, text=True, check=True)
    else:
        for statement in filter(str.strip, sql.split(";")):
            cursor = database.connection.cursor()
            cursor.execute(statement)
    instance = Instance(work, DATAPICKER)
    instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{database.servers.odbc}"\ndialect: {WHICH}\n')
    instance.write("tables/customers.yaml", "table: customers\nconnection: erp\nfrom: bench_customers\nkey: [codcli]\n"
                   "capture: { mode: diff, every: 1s }\ninitial: baseline\n")
    instance.start()
    watch = MemoryWatch(instance.process.pid)
    watch.phase = "first reading"

    def watching():
        return instance.json("status")["tables"][0]["state"] in ("watching", "waiting") and images(instance)[0] == ROWS
    wait_until(watching, PATIENCE, "the first reading", pause=1)
    watch.phase = "nothing changes"
    time.sleep(5)
    watch.phase = "a tenth changes"
    database.sql(f"UPDATE bench_customers SET note = 'changed' WHERE codcli % {ROWS // CHANGED} = 1" if WHICH == "sqlite"
                 else f"UPDATE bench_customers SET note = 'changed' WHERE mod(codcli, {ROWS // CHANGED}) = 1")
    wait_until(lambda: images(instance) == (ROWS, CHANGED), PATIENCE, f"{CHANGED} changes", pause=1)
    assert instance.stop() == 0
    told = watch.told(LIMIT_MB)
    print(f"{WHICH}: {ROWS} rows, anonymous memory at most: {told}")


main()
