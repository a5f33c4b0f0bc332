"""One transaction that changes every row of a table, on a real PostgreSQL by a change log, with `deliver: together`: what the daemon keeps in memory.

    large_transaction.py DATAPICKER STUB_SERVER [ROWS]

It is more than may go together, so its rows go one by one; each arrives once."""
import pathlib
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "targets"))
from rows import open_database  # noqa: E402
from compared import MemoryWatch, write_shop  # noqa: E402
from harness import Instance, Stub, Workplace, wait_until  # noqa: E402

DATAPICKER, STUB_SERVER = sys.argv[1:3]
ROWS = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000
LIMIT_MB = 45
PATIENCE = 600


def configure(instance, odbc, stub):
    instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{odbc}"\ndialect: postgresql\n')
    write_shop(instance, stub, in_flight=4)
    instance.write("tables/account.yaml", "table: account\nconnection: erp\nfrom: account\nkey: [id]\n"
                   "capture: { mode: tail, log: change_log, every: 20ms, full_every: 12h }\ninitial: baseline\n")
    instance.write("pipelines/accounts/pipeline.yaml", """pipeline: accounts
table: account
deliver: together
guard: { mass_change: off }
map: { amount: amount, n: n, name: name }
target: { connection: shop, object: record, match: { id: "'a' || id" } }
""")


def count(instance, sql):
    with sqlite3.connect(f"file:{instance.folder}/journal.db?mode=ro", uri=True) as journal:
        return journal.execute(sql).fetchone()[0]


def main():
    work = Workplace("large-transaction")
    database = open_database(work, "postgresql")
    stub = Stub(work, STUB_SERVER, "shop", "--mode", "idempotent")
    instance = Instance(work, DATAPICKER)
    configure(instance, database.servers.odbc, stub)
    database.sql("CREATE TABLE account (id INTEGER NOT NULL PRIMARY KEY, amount INTEGER NOT NULL, n INTEGER NOT NULL, name VARCHAR(60))")
    database.sql(f"INSERT INTO account SELECT i, i, 0, 'The name of customer number ' || i FROM generate_series(1, {ROWS}) AS i")
    done = instance.verb("change-log", "install", "erp", "--apply")
    assert done.returncode == 0, done.stdout + done.stderr
    instance.start()
    watch = MemoryWatch(instance.process.pid)
    watch.phase = "first reading"
    wait_until(lambda: "capture.snapshot " in instance.log_text(), PATIENCE, "the first reading", pause=0.5)
    watch.phase = "captured"
    database.sql("UPDATE account SET n = 1")
    wait_until(lambda: count(instance, "SELECT count(*) FROM change WHERE operation = 'update'") == ROWS, PATIENCE, "the changes", pause=1)
    watch.phase = "delivered"
    wait_until(lambda: count(instance, "SELECT count(*) FROM delivery WHERE state = 'delivered'") == ROWS, PATIENCE, "the deliveries", pause=1)
    assert count(instance, "SELECT count(*) FROM bundle WHERE state = 'apart'") == 1
    arrived = [effect["path"] for effect in stub.effects() if effect["what"] == "effect"]
    assert len(arrived) == len(set(arrived)) == ROWS, (len(arrived), len(set(arrived)))
    assert instance.stop() == 0
    print(f"{ROWS} rows in one transaction, anonymous memory at most: {watch.told(LIMIT_MB)}")


main()
