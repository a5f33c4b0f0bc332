"""Two databases that follow each other: what we wrote is captured there, and not written back.

    two_way.py DATAPICKER [KILLS]

PostgreSQL tells MariaDB, MariaDB tells PostgreSQL, and one way the names become capitals: a change that came back would turn names into
capitals at home. People change rows on both sides while the daemon is killed with SIGKILL. At the end each side has what was written at
either, nothing goes on by itself, and who sets a row back to what we once wrote is heard."""
import json
import sqlite3
import sys
import threading
import time

from rows import Database
from harness import Instance, Servers, Workplace, seeded, wait_until

DATAPICKER = sys.argv[1]
KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 6
KEYS = 120  # the first half is changed in PostgreSQL, the second in MariaDB

TABLE = "CREATE TABLE {} (code VARCHAR(10) NOT NULL PRIMARY KEY, name VARCHAR(40), credit DECIMAL(12,2), since DATE, version BIGINT)"


def configure(instance, servers):
    for which in servers:
        odbc = servers[which].odbc
        instance.write(f"connections/{which}.yaml", f'connection: {which}\nodbc: "{odbc}"\ndialect: {which}\n')
        instance.write(f"connections/to_{which}.yaml", f'connection: to_{which}\ntarget: odbc\nodbc: "{odbc}"\ndialect: {which}\n')
    for table, which in (("customer", "postgresql"), ("client", "mariadb")):
        instance.write(f"tables/{table}.yaml", f"table: {table}\nconnection: {which}\nfrom: {table}\nkey: [code]\n"
                       "capture: { mode: diff, every: 100ms }\n")
    for table, other, target, name in (("customer", "client", "to_mariadb", "upper(name)"), ("client", "customer", "to_postgresql", "name")):
        instance.write(f"pipelines/from_{table}/pipeline.yaml", f"""pipeline: from_{table}
table: {table}
guard: {{ mass_change: off }}
map: {{ name: {name}, credit: credit, since: since, version: version }}
target: {{ connection: {target}, object: {other}, match: {{ code: code }} }}
""")


class Person(threading.Thread):
    def __init__(self, database, table, keys, random):
        super().__init__(daemon=True)
        self.database, self.table, self.keys, self.random = database.another(), table, keys, random
        self.end = threading.Event()
        self.problem = None
        self.version = 0

    def run(self):
        try:
            while not self.end.is_set():
                self.change_one(f"C{self.random.choice(self.keys):05}")
                time.sleep(0.01)
        except Exception as problem:  # shown by the main thread
            self.problem = problem

    def change_one(self, code):
        self.version += 1
        values = (f"Ditta {code} {self.version}", f"{self.version}.50", self.version)
        if self.random.random() < 0.15:
            self.database.sql(f"DELETE FROM {self.table} WHERE code = %s", code)
        elif not self.database.sql(f"UPDATE {self.table} SET name = %s, credit = %s, version = %s WHERE code = %s", *values, code):
            self.database.sql(f"INSERT INTO {self.table} VALUES (%s, %s, %s, '2026-11-22', %s)", code, *values)

    def finish(self):
        self.end.set()
        self.join()
        assert self.problem is None, self.problem


def rows(database, table):
    return {row[0]: row[1:] for row in database.sql(f"SELECT code, name, credit, since, version FROM {table}")}


def in_capitals(row):
    return (row[0].upper(), *row[1:])


def agree(pg, maria):
    customers, clients = rows(pg, "customer"), rows(maria, "client")
    at_home = {code: row for code, row in customers.items() if int(code[1:]) < KEYS // 2}
    abroad = {code: row for code, row in clients.items() if int(code[1:]) >= KEYS // 2}
    return ({**at_home, **abroad} == customers and {code: in_capitals(row) for code, row in at_home.items()} | abroad == clients)


def deliveries(instance):
    with sqlite3.connect(f"file:{instance.folder}/journal.db?mode=ro", uri=True) as journal:
        return journal.execute("SELECT p.name, d.key, d.id FROM delivery d JOIN pipeline p ON p.id = d.pipeline_id").fetchall()


def delivered_back(instance):
    """Deliveries of rows that were only ever changed on the other side."""
    half = KEYS // 2
    return [one for one in deliveries(instance) if (int(one[1][3:8]) >= half) == (one[0] == "from_customer")]


def until(instance, pg, maria, condition, what):
    try:
        wait_until(condition, 60, what, pause=0.3)
    except AssertionError as problem:
        raise AssertionError(f"{problem}\n{instance.verb('status').stdout}\n{instance.log_text()[-2000:]}")


def check_story(instance):
    """Whoever wonders why a change went nowhere is told."""
    with sqlite3.connect(f"file:{instance.folder}/journal.db?mode=ro", uri=True) as journal:
        seq, delivery, table, key = journal.execute(
            "SELECT e.seq, e.delivery_id, t.name, c.key FROM echo e JOIN change c USING (seq) JOIN source_table t ON t.id = c.table_id "
            "ORDER BY seq DESC LIMIT 1").fetchone()
    told = {change["seq"]: change.get("echo_of") for change in instance.json("story", table, *json.loads(key))["changes"]}
    assert told[seq] == delivery, told


def check_revert(instance, pg, maria):
    """The client's row goes back to what it was when we wrote it first."""
    for version in (900001, 900002):
        pg.sql("INSERT INTO customer VALUES ('C99999', 'Rossi', 1, '2026-11-22', %s)" if version == 900001 else
               "UPDATE customer SET version = %s WHERE code = 'C99999'", version)
        until(instance, pg, maria, lambda v=version: rows(maria, "client").get("C99999", (0,))[-1] == v, "our row")
    settled = len(deliveries(instance))
    time.sleep(1)  # the cycle that sees our last write
    assert len(deliveries(instance)) == settled, deliveries(instance)[-5:]
    maria.sql("UPDATE client SET version = 900001 WHERE code = 'C99999'")
    until(instance, pg, maria, lambda: rows(pg, "customer")["C99999"][-1] == 900001, "what the client set back")


def main():
    random = seeded()
    work = Workplace("two-way")
    servers = {which: Servers(work, which) for which in ("postgresql", "mariadb")}
    pg, maria = Database(servers["postgresql"], "postgresql"), Database(servers["mariadb"], "mariadb")
    for database, table in ((pg, "customer"), (maria, "client")):
        database.sql(TABLE.format(table))
    instance = Instance(work, DATAPICKER)
    configure(instance, servers)
    instance.start()
    wait_until(lambda: all(row["state"] == "watching" for row in instance.json("status")["tables"]), 30, "both tables watched")
    people = [Person(pg, "customer", range(KEYS // 2), random), Person(maria, "client", range(KEYS // 2, KEYS), random)]
    for person in people:
        person.start()
    for _ in range(KILLS):
        time.sleep(random.uniform(0.2, 1.2))
        instance.kill()
        instance.start(ready=False)
    for person in people:
        person.finish()
    until(instance, pg, maria, lambda: agree(pg, maria), "both sides agree")
    back = delivered_back(instance)
    assert not back, f"delivered back: {back[:5]}"
    count = len(deliveries(instance))
    time.sleep(1)
    assert len(deliveries(instance)) == count, "something goes on by itself"
    check_story(instance)
    check_revert(instance, pg, maria)
    assert instance.stop() == 0
    print(f"{KILLS} kills, {sum(person.version for person in people)} changes by people, {count} deliveries, none back")


main()
