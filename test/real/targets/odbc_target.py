"""A database that is written through ODBC, compared with the one it was copied from.

    odbc_target.py DATAPICKER postgresql|mariadb|sqlite [KILLS]

One table, two pipelines: into a table that holds the same rows under other names, and into a border table that gets a row for each
change. The daemon is killed with SIGKILL again and again while rows change; the server goes away and comes back; a row that the
target refuses waits as a dead letter and follows when it is repaired. Compared are the tables, not our counters."""
import json
import sys
import time

from rows import Writer, fill, open_database
from harness import Instance, Workplace, seeded, wait_until

DATAPICKER, WHICH = sys.argv[1:3]
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 12
KEYS = 1500

WAREHOUSE = """CREATE TABLE warehouse (customer_code VARCHAR(10) NOT NULL PRIMARY KEY, full_name VARCHAR(40) NOT NULL,
               credit DECIMAL(12,2), version BIGINT, origin VARCHAR(10))"""
BORDER = {"postgresql": "id BIGSERIAL PRIMARY KEY", "mariadb": "id BIGINT AUTO_INCREMENT PRIMARY KEY",
          "sqlite": "id INTEGER PRIMARY KEY AUTOINCREMENT"}


def configure(instance, odbc):
    for name in ("erp", "warehouse"):
        target = "target: odbc\n" if name == "warehouse" else ""
        border = ("tables:\n  border: { mode: append, idempotency_column: dp_key, operation_column: op }\n" if target else "")
        instance.write(f"connections/{name}.yaml", f'connection: {name}\n{target}odbc: "{odbc}"\ndialect: {WHICH}\n{border}')
    instance.write("tables/customer.yaml", "table: customer\nconnection: erp\nfrom: customer\nkey: [code]\n"
                   "capture: { mode: diff, every: 200ms }\ninitial: deliver\n")
    instance.write("pipelines/to_warehouse/pipeline.yaml", """pipeline: to_warehouse
table: customer
guard: { mass_change: off }
map: { full_name: name, credit: credit, version: version }
set: { origin: erp }
target: { connection: warehouse, object: warehouse, match: { customer_code: code } }
""")
    instance.write("pipelines/to_border/pipeline.yaml", """pipeline: to_border
table: customer
guard: { mass_change: off }
map: { name: name, version: version }
target: { connection: warehouse, object: border, match: { code: code } }
""")


def wanted(database):
    return sorted((*row, "erp") for row in database.sql("SELECT code, name, credit, version FROM customer"))


def copied(database):
    return sorted(database.sql("SELECT customer_code, full_name, credit, version, origin FROM warehouse"))


def border_state(database):
    """What the rows of the border table, read in order, leave behind."""
    state = {}
    for code, name, version, op in database.sql("SELECT code, name, version, op FROM border ORDER BY id"):
        if op == "delete":
            state.pop(code, None)
            continue
        assert version >= state.get(code, (None, -1))[1], f"{code} went back to {version} from {state[code]}"
        state[code] = (name, version)
    return state


def is_equal(database):
    rows = wanted(database)
    return copied(database) == rows and border_state(database) == {row[0]: (row[1], row[3]) for row in rows}


def difference(database):
    rows, copy = set(wanted(database)), set(copied(database))
    return f"missing {sorted(rows - copy)[:3]} extra {sorted(copy - rows)[:3]}"


def until_equal(instance, database, what):
    try:
        wait_until(lambda: is_equal(database), 90, what, pause=0.3)
    except AssertionError as problem:
        raise AssertionError(f"{problem}: {difference(database)}\n{instance.verb('status').stdout}\n{instance.log_text()[-3000:]}")


def check_refusal(instance, database):
    """A NULL where the target wants a name: told with its column, and gone when the row is repaired."""
    database.sql("UPDATE customer SET name = NULL, version = 10000001 WHERE code = 'C00001'")
    database.sql("UPDATE customer SET version = 10000002 WHERE code = 'C00002'")
    letters = wait_until(lambda: instance.json_lines("dead-letters", "list"), 30, "a dead letter")
    assert "column 'full_name'" in json.dumps(letters), letters
    wait_until(lambda: database.sql("SELECT 1 FROM warehouse WHERE version = 10000002"), 30, "the row behind it")
    database.sql("UPDATE customer SET name = 'again', version = 10000003 WHERE code = 'C00001'")
    until_equal(instance, database, "equal after the repair")
    wait_until(lambda: not instance.json_lines("dead-letters", "list"), 30, "no dead letter")


def check_outage(instance, database):
    database.servers.unplug()
    time.sleep(1)
    database.servers.plug_in()
    database.reconnect()
    database.sql("UPDATE customer SET version = 10000004 WHERE code = 'C00003'")
    database.sql("DELETE FROM customer WHERE code = 'C00004'")
    until_equal(instance, database, "equal after the outage")


def main():
    random = seeded()
    work = Workplace("odbc-target")
    database = open_database(work, WHICH)
    fill(database, KEYS)
    for table in [WAREHOUSE, f"CREATE TABLE border ({BORDER[WHICH]}, code VARCHAR(10), name VARCHAR(40), version BIGINT, op VARCHAR(10), "
                           "dp_key VARCHAR(100))", "CREATE INDEX border_key ON border(dp_key)"]:
        database.sql(table)
    instance = Instance(work, DATAPICKER)
    configure(instance, database.servers.odbc)
    checked = instance.verb("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    writer = Writer(database, random, KEYS)
    writer.start()
    for _ in range(KILLS):
        instance.start(ready=False)
        time.sleep(random.uniform(0.05, 1.2))
        instance.kill()
    writer.finish()
    for code in range(1, 5):  # those that are looked at below
        if not database.sql("UPDATE customer SET version = version + 1 WHERE code = %s", f"C0000{code}"):
            database.sql("INSERT INTO customer VALUES (%s, 'back', 1, 10000000)", f"C0000{code}")
    instance.start()
    until_equal(instance, database, "source and targets equal")
    doubled = database.sql("SELECT dp_key, COUNT(*) FROM border GROUP BY dp_key HAVING COUNT(*) > 1")
    assert not doubled, f"appended twice: {doubled[:5]}"
    check_refusal(instance, database)
    if WHICH != "sqlite":
        check_outage(instance, database)
    assert instance.stop() == 0
    print(f"{WHICH}: {KILLS} kills, {writer.version - KEYS} changes, {len(copied(database))} rows, "
          f"{database.sql('SELECT COUNT(*) FROM border')[0][0]} in the border table: equal, none double")


main()
