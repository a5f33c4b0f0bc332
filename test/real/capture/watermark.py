"""`mode: watermark` on a real database, compared with a copy that only sees what was captured.

    watermark.py DATAPICKER postgresql|mariadb|sqlite [KILLS]

Four tables hold the same rows: read by a time without a zone, by a number, by both, and by an instant or a day. Rows change as
applications change them: stamped, in transactions that stay open past their stamp, with numbers committed in another order. The
daemon is killed with SIGKILL in between, the server goes away and comes back. Then come the changes that no watermark sees.
Compared are the tables; a border table that gets a row for each change shows what was told twice."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "targets"))
from rows import open_database  # noqa: E402
from harness import Instance, Workplace, seeded, wait_until  # noqa: E402

DATAPICKER, WHICH = sys.argv[1:3]
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 6
KEYS = 300
SILENT = 10  # keys below are stamped once
TABLES = {"by_time": "[ts]", "by_number": "[num]", "by_both": "[ts, num]", "by_other": "[other]"}
# Without a default MariaDB would stamp its first TIMESTAMP at every update by itself.
STAMP = {"postgresql": "TIMESTAMP(3)", "mariadb": "DATETIME(3)", "sqlite": "TIMESTAMP"}[WHICH]
OTHER = {"postgresql": "TIMESTAMPTZ", "mariadb": "TIMESTAMP(6) DEFAULT '2000-01-01 00:00:00'", "sqlite": "DATE"}[WHICH]
NOW = {"postgresql": "clock_timestamp()", "mariadb": "SYSDATE(6)", "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')"}[WHICH]
OTHER_NOW = "date('now')" if WHICH == "sqlite" else NOW
BORDER_KEY = {"postgresql": "id BIGSERIAL PRIMARY KEY", "mariadb": "id BIGINT AUTO_INCREMENT PRIMARY KEY",
              "sqlite": "id INTEGER PRIMARY KEY AUTOINCREMENT"}[WHICH]
# The number of a row comes from a counter that grows with each change, as a trigger or a rowversion would give it.
COLUMNS = f"k INT NOT NULL PRIMARY KEY, a VARCHAR(40), num DECIMAL(18,0) NOT NULL, ts {STAMP} NOT NULL, other {OTHER} NOT NULL"


class Application:
    """What writes the tables; every row is stamped by the database."""

    def __init__(self, database, random):
        self.database, self.random, self.number = database, random, 1_000_000

    def put(self, table, k, text, database=None, number=None):
        database = database or self.database
        if number is None:
            self.number += 1
            number = self.number
        if not database.sql(f"UPDATE {table} SET a = %s, num = %s, ts = {NOW}, other = {OTHER_NOW} WHERE k = %s", text, number, k):
            database.sql(f"INSERT INTO {table} VALUES (%s, %s, %s, {NOW}, {OTHER_NOW})", k, text, number)

    def edit(self, rows):
        for _ in range(rows):
            for table in TABLES:
                self.put(table, self.random.randrange(SILENT, KEYS + 50), f"v{self.number}")

    def late(self, meanwhile):
        """A transaction that takes stamps and numbers, and commits when others have long passed it."""
        slow = self.database.another()
        slow.sql("START TRANSACTION" if WHICH != "sqlite" else "BEGIN")
        for table in TABLES:
            self.put(table, KEYS + 60, f"late {self.number}", slow)
            self.put(table, KEYS + 61, f"late {self.number}", slow)
        meanwhile()
        slow.sql("COMMIT")


def configure(instance, odbc, overlap="overlap: 10m", full_every="6h"):
    instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{odbc}"\ndialect: {WHICH}\n')
    instance.write("connections/copy.yaml", f'connection: copy\ntarget: odbc\nodbc: "{odbc}"\ndialect: {WHICH}\n'
                   "tables:\n  border: { mode: append, idempotency_column: dp_key, operation_column: op }\n")
    for table, columns in TABLES.items():
        instance.write(f"tables/{table}.yaml", f"table: {table}\nconnection: erp\nfrom: {table}\nkey: [k]\n"
                       f"capture: {{ mode: watermark, column: {columns}, {overlap}, every: 100ms, full_every: {full_every}, chunk_rows: 50 }}\n"
                       "initial: deliver\n")
        instance.write(f"pipelines/{table}/pipeline.yaml", f"pipeline: {table}\ntable: {table}\nmap: {{ a: a, num: num }}\n"
                       f"target: {{ connection: copy, object: copy_{table}, match: {{ k: k }} }}\n")
    instance.write("pipelines/told/pipeline.yaml", "pipeline: told\ntable: by_both\nmap: { a: a, num: num }\n"
                   "target: { connection: copy, object: border, match: { k: k } }\n")


def rows_of(database, table):
    return sorted((row[0], row[1], int(row[2])) for row in database.sql(f"SELECT k, a, num FROM {table}"))


def difference(database):
    told = []
    for table in TABLES:
        source, copy = set(rows_of(database, table)), set(rows_of(database, f"copy_{table}"))
        if source != copy:
            told.append(f"{table}: missing {sorted(source - copy)[:3]} extra {sorted(copy - source)[:3]}")
    return "; ".join(told)


def until_equal(instance, database, what):
    try:
        wait_until(lambda: not difference(database), 60, what, pause=0.1)
    except AssertionError as problem:
        raise AssertionError(f"{problem}: {difference(database)}\n{instance.verb('status').stdout}\n{instance.log_text()[-3000:]}")


def check_told(database):
    """One record for each change, in order, none twice: what they leave behind is the table."""
    doubled = database.sql("SELECT dp_key, COUNT(*) FROM border GROUP BY dp_key HAVING COUNT(*) > 1")
    assert not doubled, doubled[:5]
    state, last = {}, {}
    for k, text, number, op in database.sql("SELECT k, a, num, op FROM border ORDER BY id"):
        assert op == "delete" or last.get(k) != (text, number), f"{k} was told twice as {text}"
        last[k] = (text, number)
        state.pop(k, None) if op == "delete" else state.update({k: (text, int(number))})
    assert state == {row[0]: row[1:] for row in rows_of(database, "by_both")}


def check_refusals(instance, database):
    """Columns that cannot be a watermark are told with their line, those that can be one badly with a warning."""
    database.sql("CREATE TABLE odd (k INT NOT NULL PRIMARY KEY, words VARCHAR(20), f FLOAT, maybe BIGINT)")
    database.sql("INSERT INTO odd (k) VALUES (1)")
    for column, told in (("words", "table.watermark_type"), ("f", "table.watermark_type"), ("wrods", "did you mean 'words'?"),
                         ("maybe", "table.watermark_null"), ("maybe", "table.watermark_not_indexed")):
        instance.write("tables/odd.yaml", f"table: odd\nconnection: erp\nfrom: odd\nkey: [k]\ncapture: {{ mode: watermark, column: {column} }}\n")
        text = instance.verb("check").stderr + instance.verb("check").stdout
        assert told in text and "tables/odd.yaml:5:37" in text, text
    (instance.folder / "tables/odd.yaml").unlink()


def check_outage(instance, database, application):
    if WHICH == "sqlite":
        return
    database.servers.unplug()
    time.sleep(0.5)
    database.servers.plug_in()
    database.reconnect()
    application.edit(30)
    until_equal(instance, database, "equal after the outage")


def few_rows_read(table):
    return table["last_cycle_rows"] is not None and table["last_cycle_rows"] <= 1


def check_what_no_watermark_sees(instance, database, application, odbc):
    """Healed by the reading of all rows, which tells that it had to."""
    for table in TABLES:
        application.put(table, KEYS + 61, "the highest number")
    assert instance.stop() == 0
    configure(instance, odbc, "overlap: 1s, overlap_ids: 0", "2s")
    instance.start()
    # Until the overlap has left the rows behind: of numbers the highest stays. A column that holds only days has today's in it.
    quiet = TABLES.keys() - ({"by_other"} if WHICH == "sqlite" else set())
    wait_until(lambda: all(few_rows_read(table) for table in instance.json("status")["tables"] if table["name"] in quiet), 30, "quiet")
    for table in TABLES:
        database.sql(f"UPDATE {table} SET a = 'silent' WHERE k IN (1, 2)")
        database.sql(f"DELETE FROM {table} WHERE k = 3")
    until_equal(instance, database, "equal after a reading of all rows")
    for table in quiet:
        told = f"capture.drift table={table} mode=watermark inserts=0 updates=2 "
        wait_until(lambda told=told: told in instance.log_text(), 30, told)


def main():
    random = seeded()
    work = Workplace("watermark")
    database = open_database(work, WHICH)
    application = Application(database, random)
    database.sql(f"CREATE TABLE border ({BORDER_KEY}, k INT, a VARCHAR(40), num BIGINT, op VARCHAR(10), dp_key VARCHAR(100))")
    for table in TABLES:
        database.sql(f"CREATE TABLE {table} ({COLUMNS})")
        database.sql(f"CREATE TABLE copy_{table} (k INT NOT NULL PRIMARY KEY, a VARCHAR(40), num BIGINT)")
        for column in ("ts", "num", "other"):
            database.sql(f"CREATE INDEX {table}_{column} ON {table} ({column})")
        for k in [*range(KEYS), KEYS + 60, KEYS + 61]:
            application.put(table, k, f"row {k}")
    instance = Instance(work, DATAPICKER)
    configure(instance, database.servers.odbc)
    checked = instance.verb("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    check_refusals(instance, database)
    for _ in range(KILLS):
        instance.start(ready=False)
        meanwhile = random.uniform(0.1, 0.6)
        if WHICH == "sqlite":  # one writer at a time: nothing commits behind another
            application.edit(random.randint(1, 40))
            time.sleep(meanwhile)
        else:
            application.late(lambda: (application.edit(random.randint(1, 40)), time.sleep(meanwhile)))
        instance.kill()
    instance.start()
    until_equal(instance, database, "source and copies equal")
    check_outage(instance, database, application)
    until_equal(instance, database, "equal")
    check_told(database)
    check_what_no_watermark_sees(instance, database, application, database.servers.odbc)
    assert instance.stop() == 0
    print(f"{WHICH}: {KILLS} kills, {application.number - 1_000_000} changes, {database.sql('SELECT COUNT(*) FROM border')[0][0]} told: equal, none double")


main()
