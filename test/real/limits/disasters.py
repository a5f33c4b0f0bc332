"""Seven disasters on PostgreSQL: what leaves before it is held, what the operator sees, what a release and a reject do, and the day after.

    disasters.py DATAPICKER STUB_SERVER FAULTY_DRIVER

One daemon watches a table for each disaster. Three pipelines with the same limits write each table to objects of their own: what is held of one is released, of one rejected,
and of one nobody decides anything. Judged at the target, against what the source held when it was right. docs/guides/deliver/disasters.md is the table of what is proved here."""
import json
import os
import pathlib
import sqlite3
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Instance, Servers, Stub, Workplace, main, wait_until  # noqa: E402

DATAPICKER, STUB_SERVER, FAULTY_DRIVER = sys.argv[1:4]
PATIENCE = 90
ROWS = 400
LIMITS = "insert: 100, update: 10%, delete: 5%, window: 1h"
WORK = Workplace("disasters")
SERVERS = Servers(WORK, "postgresql")
DATABASE = SERVERS.connect()
FATES = ("released", "rejected", "waiting")
TABLES = ("no_where", "reloaded", "halved", "code_page", "restored", "dripping", "deactivated")


def sql(text):
    cursor = DATABASE.cursor()
    cursor.execute(text)
    return cursor.fetchall() if cursor.description else None


def real_driver():
    """The library behind the driver's name."""
    lines = subprocess.run(["odbcinst", "-q", "-d", "-n", "PostgreSQL Unicode"], check=True, capture_output=True, text=True).stdout.splitlines()
    name = next(line.split("=", 1)[1].strip() for line in lines if line.startswith("Driver="))
    return name if name.startswith("/") else str(next(pathlib.Path("/usr/lib").rglob(pathlib.Path(name).name)))


class Shop:
    def __init__(self):
        for table in TABLES:
            key = "" if table == "halved" else "PRIMARY KEY"
            sql(f"CREATE TABLE {table} (id INTEGER NOT NULL {key}, name VARCHAR(60), price INTEGER, active CHAR(1))")
            self.fill(table)
        self.stub = Stub(WORK, STUB_SERVER, "api", "--mode", "idempotent")
        self.targets, self.read_to, self.calls = {}, 0, 0
        self.order = WORK.folder / "order"
        os.environ.update(FAULTY_DRIVER_REAL=real_driver(), FAULTY_DRIVER_ORDER=str(self.order))
        faulty = ";".join([f"Driver={FAULTY_DRIVER}", *SERVERS.odbc.split(";")[1:]])
        self.instance = Instance(WORK, DATAPICKER, "disasters")
        for name, odbc in (("erp", SERVERS.odbc), ("faulty", faulty)):
            self.instance.write(f"connections/{name}.yaml", f'connection: {name}\nodbc: "{odbc}"\ndialect: postgresql\n')
        self.instance.write("connections/shop.yaml", f"""connection: shop
target: webhook
url: {self.stub.url}
limits: {{ in_flight: 32 }}
repeat_safe: true
idempotency_header: Idempotency-Key
requests:
  upsert: {{ method: PUT, path: "/{{match.id}}", body: fields }}
  delete: {{ method: DELETE, path: "/{{match.id}}", gone: [404] }}
""")
        for table in TABLES:
            self.watch(table)
        self.instance.start()
        for table in TABLES:
            for fate in FATES:
                self.wait_target(table, fate, self.rows(table))

    def watch(self, table):
        connection, how = ("faulty", ", probe: false, segments: false") if table == "halved" else ("erp", "")
        self.instance.write(f"tables/{table}.yaml", f"table: {table}\nconnection: {connection}\nfrom: {table}\nkey: [id]\n"
                            f"capture: {{ mode: diff, every: 200ms{how} }}\ninitial: deliver\n")
        for fate in FATES:
            name = f"{table}_{fate}"
            self.instance.write(f"pipelines/{name}/pipeline.yaml", f"""pipeline: {name}
table: {table}
where: active = 'S'
guard: {{ mass_change: {{ {LIMITS} }} }}
map: {{ name: name, price: price }}
target: {{ connection: shop, object: {name}, match: {{ id: "'{name}/' || id" }} }}
""")

    def fill(self, table, first=1, last=ROWS):
        sql(f"INSERT INTO {table} SELECT i, 'Caffè ' || i, i, 'S' FROM generate_series({first}, {last}) i")

    def rows(self, table):
        return {str(id): {"name": name, "price": price} for id, name, price in sql(f"SELECT id, name, price FROM {table} WHERE active = 'S'")}

    def read_effects(self):
        """What the stub logged since the last time."""
        with open(self.stub.log) as log:
            log.seek(self.read_to)
            while (line := log.readline()).endswith("\n"):
                self.read_to = log.tell()
                effect = json.loads(line)
                if effect["what"] != "effect":
                    continue
                self.calls += 1
                _, owner, id = effect["path"].split("/")
                records = self.targets.setdefault(owner, {})
                if effect["method"] == "DELETE":
                    records.pop(id, None)
                else:
                    records[id] = {**records.get(id, {}), **effect["body"]}

    def target(self, table, fate):
        self.read_effects()
        return dict(self.targets.get(f"{table}_{fate}", {}))

    def left(self, table, fate, right):
        """Records at the target that are no longer what they were when all was right."""
        target = self.target(table, fate)
        return sum(1 for id in right.keys() | target.keys() if target.get(id) != right.get(id))

    def captured(self, table):
        """Updates that the journal has."""
        with sqlite3.connect(f"file:{self.instance.folder}/journal.db?mode=ro", uri=True) as journal:
            return journal.execute("SELECT count(*) FROM change WHERE operation = 'update' AND table_id = (SELECT id FROM source_table WHERE name = ?)", [table]).fetchone()[0]

    def wait_target(self, table, fate, wanted):
        wait_until(lambda: self.target(table, fate) == wanted, PATIENCE, f"{table} {fate} to be as it should")

    def anomalies(self, table, fate):
        return [each for each in self.instance.json_lines("anomalies", "list") if each["pipeline"] == f"{table}_{fate}"]

    def wait_held(self, table, fate, number):
        return wait_until(lambda: [each for each in self.anomalies(table, fate) if each["held"] == number], PATIENCE,
                          f"{number} held of {table} {fate}")[0]

    def decide(self, verb, anomaly):
        done = self.instance.verb("anomalies", verb, anomaly["id"], "--reason", "a test", "--yes")
        assert done.returncode == 0, done


SHOP = Shop()


def disaster(table, strike, held, seen, repair, most_left=0):
    """`seen`: what the anomaly says, and what would happen to how many records, as `anomalies show` tells it. Where something left (`most_left`), taking it back is held, too."""
    right = SHOP.rows(table)
    strike()
    wrong = SHOP.rows(table)
    anomalies = {fate: SHOP.wait_held(table, fate, held) for fate in FATES}
    left = {fate: SHOP.left(table, fate, right) for fate in FATES}
    assert max(left.values()) <= most_left, left
    text, effects, fields = seen
    shown = SHOP.instance.json("anomalies", "show", anomalies["released"]["id"])
    assert text in shown["text"] and shown["effects"] == effects and shown["fields"] == fields, shown
    before = {fate: SHOP.target(table, fate) for fate in FATES}

    SHOP.decide("release", anomalies["released"])
    SHOP.decide("reject", anomalies["rejected"])
    SHOP.wait_target(table, "released", wrong)
    assert SHOP.target(table, "rejected") == before["rejected"] and SHOP.target(table, "waiting") == before["waiting"]

    repair()
    for fate in ("rejected", "waiting"):
        if most_left:
            SHOP.decide("release", SHOP.wait_held(table, fate, left[fate]))
        SHOP.wait_target(table, fate, SHOP.rows(table))
    wait_until(lambda: not SHOP.anomalies(table, "rejected") + SHOP.anomalies(table, "waiting"), PATIENCE, f"nothing of {table} to be held")
    # Where the disaster was let go, its repair is one more mass change.
    again = wait_until(lambda: SHOP.anomalies(table, "released") or SHOP.target(table, "released") == SHOP.rows(table), PATIENCE, "the repair to be seen")
    if isinstance(again, list):
        SHOP.decide("release", again[0])
    sql(f"UPDATE {table} SET name = 'The day after' WHERE id = 77")
    for fate in FATES:
        SHOP.wait_target(table, fate, SHOP.rows(table))
        assert not SHOP.anomalies(table, fate)
    return left


def an_update_without_where():
    disaster("no_where", lambda: sql("UPDATE no_where SET price = 0"), ROWS,
             ("400 records would be changed: 100 % of the 400 at the target", {"update": ROWS}, {"price": ROWS}),
             lambda: sql("UPDATE no_where SET price = id"))


def a_nightly_job_that_truncates_and_loads_again():
    disaster("reloaded", lambda: sql("TRUNCATE reloaded"), ROWS,
             ("400 records would be taken away: all that are at the target", {"delete": ROWS}, {}),
             lambda: (SHOP.fill("reloaded", 1, ROWS - 5), sql("UPDATE reloaded SET price = price + 1 WHERE id <= 3"), SHOP.fill("reloaded", ROWS + 1, ROWS + 2),
                      sql(f"INSERT INTO reloaded SELECT i, 'Caffè ' || i, i, 'S' FROM generate_series({ROWS - 4}, {ROWS}) i")))


def a_driver_that_returns_half_the_rows_without_an_error():
    """What is not seen is looked for by its key before it is taken for deleted: nothing is held, since nothing is missing."""
    SHOP.read_effects()
    right, calls = SHOP.rows("halved"), SHOP.calls
    for nth in (1, 2, 1, 2):
        offset = SHOP.instance.log_path.stat().st_size
        SHOP.order.write_text(f"fetch {nth} end")
        wait_until(lambda: not SHOP.order.exists(), PATIENCE, "the driver to take its order")
    wait_until(lambda: b"capture.rows_overlooked" in SHOP.instance.log_path.read_bytes(), PATIENCE, f"the log to say so: {SHOP.instance.log_since(offset)[-500:]}")
    sql("UPDATE halved SET name = 'Seen' WHERE id = 5")
    for fate in FATES:
        SHOP.wait_target("halved", fate, {**right, "5": {"name": "Seen", "price": 5}})
        assert not SHOP.anomalies("halved", fate)
    assert SHOP.calls == calls + len(FATES), "nothing but the one change was sent"
    # Rows that are really not to be had, as by a right that was taken away, are deletes for whoever reads.
    sql("CREATE POLICY half ON halved USING (id % 2 = 0)")
    disaster("halved", lambda: sql("ALTER TABLE halved ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"), ROWS // 2,
             ("200 records would be taken away: 50 % of the 400 at the target", {"delete": ROWS // 2}, {}),
             lambda: sql("ALTER TABLE halved DISABLE ROW LEVEL SECURITY"))


def a_code_page_that_alters_every_name():
    disaster("code_page", lambda: sql("UPDATE code_page SET name = convert_from(convert_to(name, 'UTF8'), 'LATIN1')"), ROWS,
             ("400 records would be changed", {"update": ROWS}, {"name": ROWS}),
             lambda: sql("UPDATE code_page SET name = convert_from(convert_to(name, 'LATIN1'), 'UTF8')"))


def a_restore_of_last_weeks_backup():
    """Since then 60 rows came, 150 changed, 10 were deleted; the disaster takes all of that back in one transaction."""
    table = "restored"
    right = SHOP.rows(table)
    sql(f"CREATE TABLE this_week AS SELECT * FROM {table}")
    restore = f"""BEGIN; DELETE FROM {table} WHERE id <= 60; UPDATE {table} SET price = price - 7 WHERE id BETWEEN 101 AND 250;
                  INSERT INTO {table} SELECT i, 'Gone since', i, 'S' FROM generate_series(9001, 9010) i; COMMIT"""
    disaster(table, lambda: sql(restore), 60 + 150 + 10,
             ("150 records would be changed", {"create": 10, "update": 150, "delete": 60}, {"price": 150}),
             lambda: sql(f"BEGIN; DELETE FROM {table}; INSERT INTO {table} SELECT * FROM this_week; COMMIT"))
    assert len(right) == ROWS


def two_percent_at_a_time():
    """What is within the limit leaves, since nobody could tell it from a day's work; the rest of the hour is held. A minute is one cycle here."""
    steps, of_step = 20, 8
    first = 6 * of_step  # up to 10 % of 400, and never fewer than `ignore_below`

    def drip():
        for step in range(steps):
            sql(f"UPDATE dripping SET price = 0 WHERE id BETWEEN {step * of_step + 1} AND {(step + 1) * of_step}")
            wait_until(lambda: SHOP.captured("dripping") == (step + 1) * of_step, PATIENCE, f"step {step} to be read", pause=0.01)
    disaster("dripping", drip, steps * of_step - first,
             ("with those of the last 1 h", {"update": steps * of_step - first}, {"price": steps * of_step - first}),
             lambda: sql("UPDATE dripping SET price = id WHERE price = 0"), most_left=first)


def a_bulk_deactivation_that_where_turns_into_deletes():
    disaster("deactivated", lambda: sql("UPDATE deactivated SET active = 'N' WHERE id % 5 < 3"), ROWS * 3 // 5,
             ("240 records would be taken away: 60 % of the 400 at the target", {"delete": ROWS * 3 // 5}, {}),
             lambda: sql("UPDATE deactivated SET active = 'S'"))


main([an_update_without_where, a_nightly_job_that_truncates_and_loads_again, a_driver_that_returns_half_the_rows_without_an_error, a_code_page_that_alters_every_name,
      a_restore_of_last_weeks_backup, two_percent_at_a_time, a_bulk_deactivation_that_where_turns_into_deletes], sys.argv[4:])
assert SHOP.instance.stop() == 0
