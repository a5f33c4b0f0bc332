"""Every kind of key through capture on a real database: inserts, updates, deletes, changed keys, a kill, changes while nobody watches.

    keys.py DATAPICKER postgresql|mariadb|sqlite

Each row has a number of its own beside its key, so that what the target holds says which rows were told apart. Then come keys that are none: NULL,
two rows with one key, and rows without any key."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "targets"))
from rows import open_database  # noqa: E402
from harness import Instance, Workplace, wait_until  # noqa: E402

DATAPICKER, WHICH = sys.argv[1:3]
PATIENCE = 60
BYTES = {"postgresql": "BYTEA", "mariadb": "VARBINARY(16)", "sqlite": "BLOB"}[WHICH]
UUID = {"postgresql": "UUID", "mariadb": "UUID", "sqlite": "CHAR(36)"}[WHICH]
ANY_CASE = {"postgresql": "VARCHAR(20) COLLATE any_case", "mariadb": "VARCHAR(20) COLLATE utf8mb4_general_ci", "sqlite": "VARCHAR(20) COLLATE NOCASE"}[WHICH]
BY_BYTES = {"postgresql": "VARCHAR(20) COLLATE \"C\"", "mariadb": "VARCHAR(20) COLLATE utf8mb4_nopad_bin", "sqlite": "VARCHAR(20)"}[WHICH]
PADDED = "CHAR({}) COLLATE utf8mb4_bin" if WHICH == "mariadb" else "CHAR({})"

# Columns of each key, its values, and the one that becomes another.
KEYS = {
    "padded": ([PADDED.format(10)], [("A",), ("AB",), (" B",), ("a",), ("Z9",), ("Ünï",), ("A B",)], ("AB", "ABC")),
    "any_case": ([ANY_CASE], [("alpha",), ("BETA",), ("Gamma",), ("delta",), ("ÈPSILON",)], ("BETA", "beta")),
    "texts": ([BY_BYTES], [("alpha",), ("ALPHA",), ("a|b",), ("a'b",), ('a"b',), ("a\\b",), ("",), (" ",), ("%s",), ("€",)], ("ALPHA", "Alpha")),
    "composite": (["INTEGER", PADDED.format(6), "DATE"], [(-1, "A", "2026-01-02"), (-1, "A", "2026-01-01"), (0, "A", "2026-01-01"), (-1, "AB", "2026-01-01"),
                                                   (10, "", "1999-12-31"), (2, "A", "2026-01-01")], ((0, "A", "2026-01-01"), (0, "B", "2026-01-01"))),
    "bytes": ([BYTES], [(b"\x00",), (b"\x00\x00",), (b"\xff\xfe",), (b"ab",), (b"AB",), (b"",), (b"a\x00b",)], (b"ab", b"a\x00c")),
    "numbers": (["BIGINT"], [(-9223372036854775808,), (-10,), (-9,), (0,), (9,), (10,), (9223372036854775807,)], (-9, -11)),
    "decimals": (["DECIMAL(18,3)"], [("-1.5",), ("-0.001",), ("0",), ("1.5",), ("10",), ("9.999",), ("123456789012.125",)], ("1.5", "1.501")),
    "uuids": ([UUID], [("00000000-0000-0000-0000-000000000001",), ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6",), ("ffffffff-ffff-ffff-ffff-ffffffffffff",),
                       ("0e984725-c51c-4bf4-9960-e1c80e27aba0",)], ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "f81d4fae-7dec-11d0-a765-00a0c91e6bf7")),
    "times": ([{"postgresql": "TIMESTAMP(6)", "mariadb": "DATETIME(6)", "sqlite": "TIMESTAMP"}[WHICH]],
              [("2026-01-01 00:00:00",), ("2026-01-01 00:00:00.000001",), ("1999-12-31 23:59:59.5",), ("2026-03-29 02:30:00",)],
              ("1999-12-31 23:59:59.5", "1999-12-31 23:59:59.25")),
}


def parts(kind):
    return [f"k{number}" for number in range(len(KEYS[kind][0]))]


def shown(column, spelt):
    """An expression of the pipeline that tells the key's parts apart as text."""
    return f"'=' || hex({column})" if spelt == BYTES else f"'=' || {column}"


class Keys:
    def __init__(self):
        self.work = Workplace("keys")
        self.database = open_database(self.work, WHICH)
        self.instance = Instance(self.work, DATAPICKER)
        self.instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{self.database.servers.odbc}"\ndialect: {WHICH}\n')
        if WHICH == "postgresql":
            self.database.sql("CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
        self.number = 0
        self.rows = {}
        for kind, (columns, values, _) in KEYS.items():
            spelt = ", ".join(f"{name} {column} NOT NULL" for name, column in zip(parts(kind), columns))
            self.database.sql(f"CREATE TABLE {kind} ({spelt}, id INTEGER, v VARCHAR(20), PRIMARY KEY ({', '.join(parts(kind))}))")
            self.declare(kind, f"[{', '.join(parts(kind))}]", {name: shown(name, column) for name, column in zip(parts(kind), columns)})
            for value in values:
                self.insert(kind, value)

    def declare(self, table, key, match, more=""):
        self.instance.write(f"tables/{table}.yaml", f"table: {table}\nconnection: erp\nfrom: {table}\nkey: {key}\n{more}"
                            "capture: { mode: diff, every: 100ms, chunk_rows: 3 }\ninitial: deliver\n")
        self.instance.write(f"connections/to_{table}.yaml", f"connection: to_{table}\ntarget: file\npath: {self.work.folder}/{table}.jsonl\n")
        matched = ", ".join(f'{name}: "{expression}"' for name, expression in match.items())
        self.instance.write(f"pipelines/{table}/pipeline.yaml", f"pipeline: {table}\ntable: {table}\nmap: {{ id: id, v: v }}\n"
                            f"target: {{ connection: to_{table}, object: records, match: {{ {matched} }} }}\n")

    def insert(self, kind, value):
        self.number += 1
        self.database.sql(f"INSERT INTO {kind} VALUES ({', '.join(['%s'] * (len(value) + 2))})", *value, self.number, "new")

    def where(self, kind):
        return " AND ".join(f"{name} = %s" for name in parts(kind))

    def update(self, kind, value, text):
        assert self.database.sql(f"UPDATE {kind} SET v = %s WHERE {self.where(kind)}", text, *value) == 1, (kind, value)

    def delete(self, kind, value):
        assert self.database.sql(f"DELETE FROM {kind} WHERE {self.where(kind)}", *value) == 1, (kind, value)

    def rekey(self, kind, before, after):
        new = ", ".join(f"{name} = %s" for name in parts(kind))
        assert self.database.sql(f"UPDATE {kind} SET {new} WHERE {self.where(kind)}", *after, *before) == 1, (kind, before)

    def held(self, table):
        """What the target holds: the fields by the record, in the order in which they came."""
        path, records = self.work.folder / f"{table}.jsonl", {}
        for line in path.read_text().splitlines() if path.exists() else []:
            body = json.loads(line)
            match = json.dumps(body["match"], sort_keys=True)
            records.pop(match, None)
            if body["op"] != "delete":
                records[match] = body["fields"]
        return records

    def difference(self, table):
        source = sorted((row[0], row[1]) for row in self.database.sql(f"SELECT id, v FROM {table}"))
        target = sorted((fields["id"], fields["v"]) for fields in self.held(table).values())
        return None if source == target else f"{table}: missing {[row for row in source if row not in target]} extra {[row for row in target if row not in source]}"

    def wait_equal(self, what, tables=KEYS):
        try:
            wait_until(lambda: not any(self.difference(table) for table in tables), PATIENCE, what, pause=0.1)
        except AssertionError as problem:
            told = [self.difference(table) for table in tables if self.difference(table)]
            raise AssertionError(f"{problem}: {told}\n{self.instance.verb('status').stdout}\n{self.instance.log_text()[-3000:]}")

    def operations(self, table):
        lines = self.instance.verb("changes", table, "--limit", 10000, "--json").stdout.splitlines()
        return [json.loads(line)["operation"] for line in lines]

    def state(self, table):
        return next(each for each in self.instance.json("status")["tables"] if each["name"] == table)


def every_kind(keys):
    keys.instance.start()
    keys.wait_equal("the first reading")
    for kind, (_, values, (before, after)) in KEYS.items():
        keys.update(kind, values[0], "changed")
        keys.delete(kind, values[-1])
        keys.rekey(kind, *((value if isinstance(value, tuple) else (value,)) for value in (before, after)))
    keys.wait_equal("changes, deletes and changed keys")
    for kind, (_, values, _) in KEYS.items():
        keys.insert(kind, values[-1])
    keys.wait_equal("rows that are there again")
    keys.instance.kill()
    for kind, (_, values, (before, after)) in KEYS.items():
        keys.update(kind, values[0], "while nobody watches")
        keys.delete(kind, values[-1])
        keys.rekey(kind, *((value if isinstance(value, tuple) else (value,)) for value in (after, before)))
    keys.instance.start()
    keys.wait_equal("what changed while nobody watched")
    for kind, (_, values, _) in KEYS.items():
        told = keys.operations(kind)
        # Each row once; the one whose key changed goes and comes, twice.
        wanted = {"snapshot": len(values), "update": 2, "insert": 1 + 2, "delete": 2 + 2}
        assert {each: told.count(each) for each in wanted} == wanted, (kind, told)


def keys_beside_their_match(keys):
    """The record is found by another column than the key: a row that gets another key keeps its record, and takes it along when it goes."""
    database, table = keys.database, ["renumbered"]
    database.sql("CREATE TABLE renumbered (k INTEGER NOT NULL PRIMARY KEY, code VARCHAR(10), id INTEGER, v VARCHAR(20))")
    for number in range(20):
        database.sql("INSERT INTO renumbered VALUES (%s, %s, %s, %s)", number, f"C{number}", number, "new")
    keys.declare("renumbered", "[k]", {"code": "code"})
    assert keys.instance.verb("reload").returncode == 0
    keys.wait_equal("rows whose record is found by another column", table)
    database.sql("UPDATE renumbered SET k = k + 100, v = 'moved' WHERE k < 10")
    keys.wait_equal("rows with another key", table)
    wait_until(lambda: keys.operations("renumbered").count("delete") == 10, PATIENCE, "the old keys to be gone")
    story = keys.instance.verb("story", "renumbered", 3).stdout
    assert "another row stands for the record now" in story, story
    keys.wait_equal("once the old keys are gone", table)
    database.sql("DELETE FROM renumbered WHERE k > 104")
    keys.wait_equal("and without some of them", table)


def keys_that_are_none(keys):
    """A row without a key, or two with the same, stop their table with their names; nothing is overwritten, and the table goes on without them."""
    for table, values in (("doubled", (("7", 1), ("8", 2))), ("nulled", (("7", 1), ("8", 2)))):
        keys.database.sql(f"CREATE TABLE {table} (k VARCHAR(10), id INTEGER, v VARCHAR(20))")
        for key, number in values:
            keys.database.sql(f"INSERT INTO {table} VALUES (%s, %s, %s)", key, number, "first")
        keys.declare(table, "[k]", {"k": "k"})
    done = keys.instance.verb("reload")
    assert done.returncode == 0, done.stdout + done.stderr
    keys.wait_equal("the tables without a primary key", ["doubled", "nulled"])
    before = {table: keys.held(table) for table in ("doubled", "nulled")}
    keys.database.sql("INSERT INTO doubled VALUES (%s, %s, %s)", "8", 3, "second")
    keys.database.sql("INSERT INTO nulled VALUES (%s, %s, %s)", None, 3, "second")
    for table, told in (("doubled", 'two rows have [\\"8\\"]'), ("nulled", "NULL")):
        wait_until(lambda: keys.state(table)["state"] == "paused", PATIENCE, f"{table} to stop")
        reason = json.dumps(keys.state(table)["reason"])
        assert told in reason, reason
        assert keys.held(table) == before[table], "nothing is overwritten"
    assert keys.state("numbers")["state"] in ("watching", "reading")
    checked = keys.instance.verb("check")
    assert "table.key_not_unique" in checked.stdout + checked.stderr and "table.key_null" in checked.stdout + checked.stderr, checked.stdout + checked.stderr
    keys.database.sql("DELETE FROM doubled WHERE id = 3")
    keys.database.sql("DELETE FROM nulled WHERE id = 3")
    keys.database.sql("UPDATE doubled SET v = 'again'")
    keys.database.sql("UPDATE nulled SET v = 'again'")
    assert keys.instance.stop() == 0
    keys.instance.start()
    keys.wait_equal("the tables whose keys are right again", ["doubled", "nulled"])


def delete_one(database, table, number):
    """One of several equal rows."""
    if WHICH == "mariadb":
        return database.sql(f"DELETE FROM {table} WHERE id = {number} LIMIT 1")
    row = {"postgresql": "ctid", "sqlite": "rowid"}[WHICH]
    return database.sql(f"DELETE FROM {table} WHERE {row} = (SELECT {row} FROM {table} WHERE id = {number} LIMIT 1)")


def rows_without_a_key(keys):
    """Rows are told apart by all they hold, equal ones by a number. `coded` has a value of its own in each row, which stands for its record."""
    database, tables = keys.database, ("loose", "coded")
    for table in tables:
        database.sql(f"CREATE TABLE {table} (id INTEGER, v VARCHAR(20), amount DECIMAL(9,2), b {BYTES})")
    for number in range(40):
        database.sql("INSERT INTO coded VALUES (%s, %s, %s, %s)", number, "first", number, None)
        for _ in range(1 + number % 3):
            database.sql("INSERT INTO loose VALUES (%s, %s, %s, %s)", number, "first", None if number % 2 else number, bytes([number]))
    keys.declare("loose", "none", {"d": "row_digest", "n": "row_number"})
    keys.declare("coded", "none", {"id": "'=' || id"})
    checked = keys.instance.verb("check")
    warned = [line for line in (checked.stdout + checked.stderr).splitlines() if "match_may_be_shared" in line or "may have one match value" in line]
    assert checked.returncode == 0 and warned and all("coded" in line for line in warned), checked.stdout + checked.stderr
    done = keys.instance.verb("reload")
    assert done.returncode == 0, done.stdout + done.stderr
    keys.wait_equal("the first reading of rows without a key", tables)

    def change(text):
        for table in tables:
            database.sql(f"UPDATE {table} SET v = %s WHERE id IN (5, 7, 8)", text)
            assert delete_one(database, table, 11) == 1
        database.sql("INSERT INTO loose SELECT * FROM loose WHERE id IN (14, 15)")
        database.sql("INSERT INTO coded VALUES (%s, %s, %s, %s)", 11, text, None, b"")

    change("changed")
    keys.wait_equal("rows without a key that changed, went and came", tables)
    keys.instance.kill()
    change("while nobody watches")
    keys.instance.start()
    keys.wait_equal("what changed of them while nobody watched", tables)
    before = {table: keys.operations(table) for table in tables}
    for table in tables:
        assert set(before[table]) == {"snapshot", "insert", "delete"}, before[table]
        database.sql(f"ALTER TABLE {table} ADD COLUMN more VARCHAR(20) DEFAULT 'x'")
        wait_until(lambda: keys.state(table)["state"] == "paused", PATIENCE, f"{table} to stop")
        assert "column more was added" in keys.state(table)["reason"], keys.state(table)
    keys.declare("loose", "none", {"d": "row_digest", "n": "row_number"}, "exclude: [more]\n")
    keys.declare("coded", "none", {"id": "'=' || id"}, "exclude: [more]\n")
    assert keys.instance.verb("reload").returncode == 0
    for table in tables:
        database.sql(f"DELETE FROM {table} WHERE id = 20")
    keys.wait_equal("without the new column", tables)
    assert before == {table: keys.operations(table)[:len(before[table])] for table in tables}
    assert all(len(keys.operations(table)) - len(before[table]) == (3 if table == "loose" else 1) for table in tables)


def main():
    keys = Keys()
    for step in (every_kind, keys_beside_their_match, keys_that_are_none, rows_without_a_key):
        step(keys)
        print(f"ok {step.__name__}", flush=True)


main()
