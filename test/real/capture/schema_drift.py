"""Columns come, go, change their type, name, width and place while the daemon runs and while it is dead; judged by what targets got.

    schema_drift.py DATAPICKER postgresql|mariadb|sqlite

A table for each capture mode, and one whose rows were never sent. Two pipelines over each: one maps the credit, one the name. All write lines of
JSON, one a record that was sent."""
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "targets"))
from rows import open_database  # noqa: E402
from harness import Instance, Workplace, wait_until  # noqa: E402

DATAPICKER, WHICH = sys.argv[1:3]
PATIENCE = 60
ROWS = 120
MODES = {"by_diff": "mode: diff", "by_watermark": "mode: watermark, column: num, full_every: 6h",
         "by_tail": "mode: tail, log: change_log, full_every: 6h", "unsent": "mode: diff"}
SENT = [table for table in MODES if table != "unsent"]


class Shop:
    def __init__(self):
        self.work = Workplace("drift")
        self.database = open_database(self.work, WHICH)
        self.instance = Instance(self.work, DATAPICKER)
        self.number = 0
        self.instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{self.database.servers.odbc}"\ndialect: {WHICH}\n')
        for table, mode in MODES.items():
            initial = "baseline" if table == "unsent" else "deliver"
            self.instance.write(f"tables/{table}.yaml", f"table: {table}\nconnection: erp\nfrom: {table}\nkey: [code]\n"
                                f"capture: {{ {mode}, every: 100ms, chunk_rows: 50 }}\ninitial: {initial}\n")
            for what in ("credit", "name"):
                pipeline = f"{what}_{table}"
                self.instance.write(f"connections/{pipeline}.yaml",
                                    f"connection: {pipeline}\ntarget: file\npath: {self.work.folder}/{pipeline}.jsonl\n")
                self.map(pipeline, what)
            self.database.sql(f"CREATE TABLE {table} (code INTEGER NOT NULL PRIMARY KEY, name VARCHAR(60), credit DECIMAL(12,2), memo VARCHAR(60),"
                              " num BIGINT)")
            self.database.sql(f"INSERT INTO {table} VALUES " + ", ".join(f"({code}, 'name {code}', {code}.5, 'memo', 0)" for code in range(ROWS)))
        self.install()

    def install(self):
        done = self.instance.verb("change-log", "install", "erp", "--apply")
        assert done.returncode == 0, done.stdout + done.stderr

    def map(self, pipeline, *fields):
        what, _, table = pipeline.partition("_")
        mapped = ", ".join(f"{field}: {field}" for field in fields)
        self.instance.write(f"pipelines/{pipeline}/pipeline.yaml", f"pipeline: {pipeline}\ntable: {table}\nmap: {{ {mapped} }}\n"
                            f"target: {{ connection: {pipeline}, object: customers, match: {{ code: code }} }}\n")

    def update(self, table, code, assignment):
        self.number += 1
        self.database.sql(f"UPDATE {table} SET {assignment}, num = {self.number} WHERE code = {code}")

    def sent(self, pipeline):
        """What was sent, by the row's code: the fields of each line, one after another."""
        path, got = self.work.folder / f"{pipeline}.jsonl", {}
        for line in path.read_text().splitlines() if path.exists() else []:
            body = json.loads(line)
            got.setdefault(int(body["match"]["code"]), []).append(body["fields"])
        return got

    def newest(self, pipeline, code, field):
        """The field as it was last sent; a number without the zeros at its end, since SQLite keeps none."""
        values = [fields[field] for fields in self.sent(pipeline).get(code, []) if field in fields]
        return str(values[-1]).rstrip("0").rstrip(".") if values and field == "credit" else values[-1] if values else None

    def state(self, pipeline):
        return next(each for each in self.instance.json("status")["pipelines"] if each["name"] == pipeline)

    def wait_states(self, what, state):
        def reached():
            states = {each["name"]: each for each in self.instance.json("status")["pipelines"]}
            return all(states[f"{what}_{table}"]["state"] == state for table in SENT) and states
        return wait_until(reached, PATIENCE, f"{what}: {state}")

    def wait_settled(self):
        """Everything that is in the journal was mapped and sent."""
        def settled():
            for each in self.instance.json("status")["pipelines"]:
                waiting = sum(count for state, count in each["deliveries"].items() if state in ("pending", "held", "in_flight", "uncertain"))
                if each["state"] == "running" and (each["behind"] or each["reason"] or waiting):
                    return False
            return True
        wait_until(settled, PATIENCE, "all to be sent")

    def alter(self, change, told):
        """Alters the tables and waits until the daemon has read them with their new columns."""
        offset = self.instance.log_path.stat().st_size
        for table in MODES:
            change(table) if callable(change) else self.database.sql(f"ALTER TABLE {table} {change}")
        self.wait_told(offset, told)

    def wait_told(self, offset, told):
        wait_until(lambda: all(f"capture.columns_changed table={table} " in (log := self.instance.log_since(offset).decode()) and told in log
                               for table in MODES), PATIENCE, told)
        assert not self.instance.ended()

    def rebuild(self, table, column, kind):
        """SQLite changes no type: the table is made anew, its triggers with it."""
        columns = {name: (kind if name == column else declared, rest) for _, name, declared, *rest in self.database.sql(f"PRAGMA table_info({table})")}
        spelt = ", ".join(f"{name} {declared}{' NOT NULL PRIMARY KEY' if rest[2] else ''}" for name, (declared, rest) in columns.items())
        for statement in ("BEGIN", f"CREATE TABLE anew ({spelt})", f"INSERT INTO anew SELECT * FROM {table}", f"DROP TABLE {table}",
                          f"ALTER TABLE anew RENAME TO {table}", "COMMIT"):
            self.database.sql(statement)
        self.install()

    def retype(self, table, column, kind):
        if WHICH == "sqlite":
            return self.rebuild(table, column, kind)
        self.database.sql(f"ALTER TABLE {table} " + {"postgresql": f"ALTER COLUMN {column} TYPE {kind} USING {column}::{kind}",
                                                     "mariadb": f"MODIFY {column} {kind}"}[WHICH])

    def rename(self, code, name):
        for table in SENT:
            self.update(table, code, f"name = '{name}'")
        for table in SENT:
            wait_until(lambda: self.newest(f"name_{table}", code, "name") == name, PATIENCE, f"{table}: the name {name}")


def columns_nobody_maps_come_and_go_without_a_word(shop):
    before = {pipeline: shop.sent(pipeline) for pipeline in (f"{what}_{table}" for what in ("credit", "name") for table in MODES)}
    shop.alter("ADD COLUMN email VARCHAR(60) DEFAULT 'x@example.org'", "column email was added")
    assert "column email was added" in shop.instance.json("status")["tables"][0]["reason"]
    shop.rename(1, "with it")
    shop.alter(lambda table: shop.retype(table, "memo", "VARBINARY(60)" if WHICH == "mariadb" else "BYTEA" if WHICH == "postgresql" else "BLOB"),
               "column memo was text and is binary")
    shop.alter("RENAME COLUMN memo TO remark", "column memo is missing")
    if WHICH == "mariadb":
        for table in MODES:
            shop.database.sql(f"ALTER TABLE {table} MODIFY email VARCHAR(90) FIRST")
    shop.rename(1, "renamed")
    shop.alter("DROP COLUMN remark", "column remark is missing")
    shop.rename(1, "without it")
    shop.wait_settled()
    for pipeline, was in before.items():
        now = shop.sent(pipeline)
        news = {code: now[code][len(was.get(code, [])):] for code in now if now[code] != was.get(code)}
        told = [fields["name"] for fields in news.pop(1, [])]
        assert told == (["with it", "renamed", "without it"] if pipeline in [f"name_{table}" for table in SENT] else []), (pipeline, told)
        assert not news, (pipeline, news)


def a_number_with_more_digits_is_the_same_number(shop):
    if WHICH == "sqlite":  # keeps no digits behind the last one that counts
        return
    before = {table: shop.sent(f"credit_{table}") for table in MODES}
    shop.alter(lambda table: shop.retype(table, "credit", "DECIMAL(14,4)"), "column credit had 2 digits behind its point and has 4")
    shop.rename(2, "with more digits")
    shop.wait_settled()
    for table in MODES:
        now = shop.sent(f"credit_{table}")
        assert {code for code in now if now[code] != before[table][code]} <= {2}, (table, "only who changed is written anew")
    shop.alter(lambda table: shop.retype(table, "credit", "DECIMAL(12,2)"), "column credit had 4 digits behind its point and has 2")


def a_missing_column_holds_who_maps_it_until_it_is_back(shop):
    shop.alter("DROP COLUMN credit", "column credit is missing")
    held = shop.wait_states("credit", "stopped")
    assert "credit" in held["credit_by_diff"]["reason"] and held["name_by_diff"]["state"] == "running", held
    shop.rename(3, "while it is away")
    shop.instance.kill()
    shop.instance.start()
    shop.wait_states("credit", "stopped")
    shop.rename(3, "after a start")
    credits = {table: shop.sent(f"credit_{table}") for table in MODES}
    names = {table: shop.sent(f"name_{table}") for table in MODES}
    shop.alter("ADD COLUMN credit DECIMAL(12,2) DEFAULT 9", "column credit was added")
    for table in SENT:
        wait_until(lambda: all(shop.newest(f"credit_{table}", code, "credit") == "9" for code in range(ROWS)), PATIENCE, f"{table}: what it is now")
        # The row that changed meanwhile is sent by its change, if that is mapped later.
        wait_until(lambda: re.search(f"pipeline.columns_filled pipeline=credit_{table} columns=credit records={ROWS} sent=({ROWS - 1}|{ROWS})\\b",
                                     shop.instance.log_text()),
                   PATIENCE, f"{table}: the count")
        assert f"pipeline.columns_came pipeline=credit_{table} columns=credit records={ROWS}" in shop.instance.log_text()
    shop.wait_settled()
    for table in SENT:
        once = shop.sent(f"credit_{table}")
        # The one that was on its way by its change may go twice: it is written by native upsert.
        assert all(len(once[code]) == len(credits[table][code]) + 1 for code in once if code != 3), f"{table}: once for each record"
    assert names == {table: shop.sent(f"name_{table}") for table in MODES}, "who does not map it hears nothing"
    assert not shop.sent("credit_unsent"), "what was never sent stays so"


def a_column_under_another_name_comes_back_with_what_it_held(shop):
    assert shop.instance.stop() == 0
    credits = {table: shop.sent(f"credit_{table}") for table in MODES}
    for table in MODES:
        shop.database.sql(f"ALTER TABLE {table} RENAME COLUMN credit TO fido")
    shop.instance.start()
    shop.wait_states("credit", "stopped")
    for table in SENT:
        shop.update(table, 5, "fido = 55")
    shop.alter("RENAME COLUMN fido TO credit", "column credit was added")
    for table in SENT:
        wait_until(lambda: shop.newest(f"credit_{table}", 5, "credit") == "55", PATIENCE, f"{table}: what it became")
    shop.wait_settled()
    for table in SENT:
        now = shop.sent(f"credit_{table}")
        assert {code for code in now if now[code] != credits[table][code]} == {5}, f"{table}: what is equal is not sent again"


def another_type_holds_who_maps_it_over_a_kill_until_it_is_back(shop):
    offset = shop.instance.log_path.stat().st_size
    for table in MODES:
        shop.retype(table, "credit", "VARCHAR(20)")
    wait_until(lambda: b"column credit was decimal and is text" in shop.instance.log_since(offset), PATIENCE, "the new type")
    shop.instance.kill()  # somewhere in the reading of the rows
    shop.instance.start()
    for table in SENT:
        shop.update(table, 4, "credit = '11.00'")
    shop.rename(4, "of another type")
    held = shop.wait_states("credit", "stopped")
    assert "column credit was decimal and is text" in held["credit_by_diff"]["reason"], held
    assert shop.newest("credit_by_diff", 4, "credit") == "9"
    shop.alter(lambda table: shop.retype(table, "credit", "DECIMAL(12,2)"), "column credit was text and is decimal")
    for table in SENT:
        wait_until(lambda: shop.newest(f"credit_{table}", 4, "credit") == "11", PATIENCE, f"{table}: what changed meanwhile")
    shop.wait_settled()


def a_column_that_is_mapped_before_it_was_read_is_one_backfill(shop):
    assert shop.instance.stop() == 0
    for table in MODES:
        shop.database.sql(f"ALTER TABLE {table} ADD COLUMN city VARCHAR(40) DEFAULT 'Bergamo'")
        shop.map(f"name_{table}", "name", "city")
    shop.instance.start()
    for table in SENT:
        wait_until(lambda: all(shop.newest(f"name_{table}", code, "city") == "Bergamo" for code in range(ROWS)), PATIENCE, f"{table}: the backfill")
    shop.wait_settled()
    assert not shop.sent("name_unsent"), "what was never sent stays so"
    shop.database.sql("UPDATE unsent SET name = 'its first change' WHERE code = 7")
    wait_until(lambda: shop.sent("name_unsent"), PATIENCE, "its first change")
    shop.wait_settled()
    assert shop.sent("name_unsent") == {7: [{"name": "its first change", "city": "Bergamo"}]}, "sends all fields"


def in_one_life():
    shop = Shop()
    shop.instance.start()
    wait_until(lambda: all(len(shop.sent(f"{what}_{table}")) == ROWS for what in ("credit", "name") for table in SENT), PATIENCE, "the first load")
    try:
        for step in (columns_nobody_maps_come_and_go_without_a_word, a_number_with_more_digits_is_the_same_number,
                     a_missing_column_holds_who_maps_it_until_it_is_back, a_column_under_another_name_comes_back_with_what_it_held,
                     another_type_holds_who_maps_it_over_a_kill_until_it_is_back, a_column_that_is_mapped_before_it_was_read_is_one_backfill):
            step(shop)
            print(f"ok {step.__name__}", flush=True)
    except (AssertionError, KeyError) as problem:
        raise AssertionError(f"{problem!r}\n{shop.instance.verb('status').stdout}{shop.instance.log_text()[-4000:]}")


in_one_life()
