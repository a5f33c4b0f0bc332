"""`mode: tail` on a real database: a change log filled by triggers, compared at the end with the source and a target.

    tail.py DATAPICKER STUB_SERVER postgresql|mariadb|sqlite [KILLS]

Three tables share one log: one with a padded text key, one whose key is made of a number, a decimal, a date and bytes. Transactions commit late, are
large, change keys and empty a table; the daemon is killed again and again meanwhile, and the database goes away. At the end the target holds what the
source holds, every change after the first reading says when it was made (and by whom, in which transaction, where the database knows), and the log is
empty."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "targets"))
from rows import Writer, open_database  # noqa: E402
from compared import configure, held, journaled, killed_while_written, wait_equal  # noqa: E402
from harness import Instance, Stub, Workplace, seeded, wait_until  # noqa: E402

DATAPICKER, STUB_SERVER, WHICH = sys.argv[1:4]
KILLS = int(sys.argv[4]) if len(sys.argv) > 4 else 10
KEYS = 400
MANY = 20_000
BYTES = {"postgresql": "BYTEA", "mariadb": "VARBINARY(20)", "sqlite": "BLOB"}[WHICH]
ODD = ["a|b", "a~b", "a~|0", "D'Oro", 'q"q', "back\\sl", "€uro", "%s|~1"]


class Keys(Writer):
    """Changes keys, too."""

    def change_one(self, code):
        if self.random.random() < 0.15:
            new = f"C{self.random.randrange(self.keys):05}"
            if not self.database.sql("SELECT code FROM customer WHERE code = %s", new):
                self.version += 1
                self.database.sql("UPDATE customer SET code = %s, version = %s WHERE code = %s", new, self.version, code)
                return
        super().change_one(code)


def tables(database):
    database.sql("CREATE TABLE customer (code CHAR(10) NOT NULL PRIMARY KEY, name VARCHAR(40), credit DECIMAL(12,2), version BIGINT)")
    database.sql(f"CREATE TABLE line (doc INTEGER NOT NULL, pos DECIMAL(6,2) NOT NULL, day DATE NOT NULL, tag {BYTES} NOT NULL, note VARCHAR(40),"
                 " PRIMARY KEY (doc, pos, day, tag))")
    database.sql("CREATE TABLE many (id INTEGER NOT NULL PRIMARY KEY, n BIGINT)")
    for i in range(KEYS):
        database.sql("INSERT INTO customer VALUES (%s, %s, %s, %s)", f"C{i:05}", f"Customer {i}", f"{i}.50", i)
    for i in range(40):
        database.sql("INSERT INTO line VALUES (%s, %s, %s, %s, %s)", i % 7 - 3, f"{i}.5", f"2026-01-{i % 28 + 1:02}", bytes([i, 0, 255 - i]), f"n{i}")


def configure_all(instance, odbc, stub):
    configure(instance, odbc, WHICH, stub, [
        ("customers", "customer", "'c/' || code", "name: name, credit: credit, version: version"),
        ("lines", "line", "'l/' || doc || '/' || pos || '/' || day", "note: note")], readers=2)
    for table, key in (("customer", "[code]"), ("line", "[doc, pos, day, tag]"), ("many", "[id]")):
        declare(instance, table, key, "chunk_rows: 20" if table == "customer" else "full_every: 2s" if table == "many" else "full_every: 12h")


def declare(instance, table, key, more):
    instance.write(f"tables/{table}.yaml", f"table: {table}\nconnection: erp\nfrom: {table}\nkey: {key}\n"
                   f"capture: {{ mode: tail, log: change_log, every: 50ms, {more} }}\ninitial: {'baseline' if table == 'many' else 'deliver'}\n")


def wanted(database):
    rows = {}
    for code, name, credit, version in database.sql("SELECT code, name, credit, version FROM customer"):
        rows[f"c/{code.rstrip()}"] = {"id": f"c/{code.rstrip()}", "name": name, "credit": plain(credit), "version": version}
    for doc, pos, day, note in database.sql("SELECT doc, pos, day, note FROM line"):
        rows[f"l/{doc}/{plain(pos)}/{day}"] = {"id": f"l/{doc}/{plain(pos)}/{day}", "note": note}
    return rows


def plain(number):
    """SQLite keeps decimals as floats."""
    return f"{number:g}" if WHICH == "sqlite" else str(number)


def shown(row):
    return {**row, "credit": plain(float(row["credit"]))} if WHICH == "sqlite" and row.get("credit") is not None else row


def equal(database, stub, instance, what):
    wait_equal(lambda: wanted(database), stub, instance, what, shown)


def log_rows(database):
    return database.sql("SELECT count(*) FROM change_log")[0][0]


def install(instance):
    """Before it a check says what is missing; printing it changes nothing; applying it twice is as once."""
    checked = instance.verb("check", "--json")
    assert checked.returncode == 2 and "table.change_log" in checked.stdout, checked.stdout + checked.stderr
    printed = instance.verb("change-log", "install", "erp", "--print")
    assert printed.returncode == 0 and "fails the statement of the" in printed.stdout, printed.stdout + printed.stderr
    assert instance.verb("check", "--json").returncode == 2
    for _ in range(2):
        done = instance.json("change-log", "install", "erp", "--apply")
        assert done["applied"] and sorted(done["tables"]) == ["customer", "line", "many"], done
    checked = instance.verb("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def single_changes(database, stub, instance):
    for i, odd in enumerate(ODD):
        database.sql("INSERT INTO customer VALUES (%s, %s, %s, %s)", odd, "odd", "1.00", 9000 + i)
    database.sql("UPDATE customer SET name = %s WHERE code = %s", "changed", "C00001")
    database.sql("DELETE FROM customer WHERE code = %s", "C00002")
    database.sql("UPDATE customer SET code = %s WHERE code = %s", "moved", "C00003")
    database.sql("UPDATE line SET note = 'x' WHERE doc = -3")
    database.sql("UPDATE line SET day = %s, pos = 99.25 WHERE doc = 0 AND note = 'n3'", "2025-12-31")
    database.sql("DELETE FROM line WHERE doc = 2")
    equal(database, stub, instance, "single changes")
    for odd in ODD[:4]:
        database.sql("DELETE FROM customer WHERE code = %s", odd)
    equal(database, stub, instance, "odd keys deleted")


def late_commit(database, stub, instance):
    """The entry with the lower number becomes visible last."""
    if WHICH == "sqlite":
        return
    # Rows of its own: the writer deletes and moves any of the others.
    for code in ("LATE", "EARLY"):
        database.sql("INSERT INTO customer VALUES (%s, 'there', '1.00', 0)", code)
    late = database.another()
    late.sql("BEGIN")
    late.sql("UPDATE customer SET name = 'late' WHERE code = %s", "LATE")
    database.sql("UPDATE customer SET name = 'early' WHERE code = %s", "EARLY")
    wait_until(lambda: held(stub).get("c/EARLY", {}).get("name") == "early", 30, "the commit that came first")
    late.sql("COMMIT")
    equal(database, stub, instance, "the transaction that committed late")


def emptied(database, stub, instance):
    if WHICH == "postgresql":
        database.sql("TRUNCATE line")
        equal(database, stub, instance, "TRUNCATE")


def one_large_transaction(database, instance):
    other = database.another()
    other.sql("BEGIN")
    for start in range(0, MANY, 500):
        other.sql("INSERT INTO many VALUES " + ", ".join(f"({i}, 7)" for i in range(start, start + 500)))
    assert journaled(instance, 7) == 0
    other.sql("COMMIT")
    wait_until(lambda: journaled(instance, 7) == MANY, 60, f"{MANY} rows of one transaction", pause=0.2)
    other.sql("UPDATE many SET n = 8")
    wait_until(lambda: journaled(instance, 8) == MANY, 60, f"{MANY} updates of one transaction", pause=0.2)


def unseen_by_triggers(database, instance):
    """MariaDB's TRUNCATE fires none: the full reading finds it, and says so."""
    if WHICH != "mariadb":
        return
    # Entries that wait are taken for what a full reading finds: it counts at least, never too much.
    wait_until(lambda: log_rows(database) == 0, 60, "an empty log before it")
    database.sql("TRUNCATE many")
    wait_until(lambda: journaled(instance, 8) == 0, 60, "the emptied table")
    wait_until(lambda: "capture.drift table=many" in instance.log_text(), 60, "what was healed to be told")
    database.sql("INSERT INTO many VALUES (1, 8), (2, 8)")
    wait_until(lambda: journaled(instance, 8) == 2, 60, "rows after it")


def too_long_a_log(database, instance):
    """While nobody reads, the log grows beyond its limit: it is emptied, and all rows are read."""
    for number in range(1_000):
        database.sql("UPDATE many SET n = %s WHERE id < 3", 10 + number)
    declare(instance, "many", "[id]", "log_rows_max: 1000")
    entries = database.sql("SELECT count(*) FROM change_log WHERE table_name = 'many'")[0][0]
    assert entries > 1_000, entries
    instance.start()
    wait_until(lambda: journaled(instance, 1009) >= 1, 60, "what the long log was about")
    assert "capture.change_log_given_up table=many" in instance.log_text()


def check_provenance(instance, after):
    """Only what the first reading found comes from nobody."""
    assert instance.json_lines("changes", "customer", "--limit", "20")  # as published; checking each of thousands takes minutes
    lines = instance.verb("changes", "customer", "--limit", "100000", "--json").stdout.splitlines()
    changes = [each for each in map(json.loads, lines) if each["seq"] > after]
    told = [each for each in changes if each["source_ms"] is not None]
    assert len(told) > 100 and len(told) == len(changes), (len(told), len(changes), [each for each in changes if each["source_ms"] is None][:2])
    assert all(abs(each["source_ms"] - each["captured_ms"]) < 600_000 for each in told)
    if WHICH != "sqlite":
        assert all(each["source_user"].startswith("datapicker") for each in told)
    if WHICH == "postgresql":
        assert all(each["source_transaction"].isdigit() for each in told)
    return len(told)


def uninstall(database, instance):
    for _ in range(2):
        done = instance.verb("change-log", "uninstall", "erp", "--apply")
        assert done.returncode == 0, done.stdout + done.stderr
    database.sql("UPDATE customer SET name = 'free' WHERE code = %s", "C00001")
    checked = instance.verb("check", "--json")
    assert checked.returncode == 2 and "table.change_log" in checked.stdout


def main():
    random = seeded()
    work = Workplace("tail")
    database = open_database(work, WHICH)
    stub = Stub(work, STUB_SERVER, "shop", "--mode", "idempotent")
    instance = Instance(work, DATAPICKER)
    configure_all(instance, database.servers.odbc, stub)
    tables(database)
    install(instance)
    writer = Keys(database, random, KEYS)
    writer.start()
    instance.start()
    wait_until(lambda: instance.log_text().count("capture.snapshot ") == 3, 60, "the first readings, while rows change")
    writer.finish()
    equal(database, stub, instance, "the first reading")
    wait_until(lambda: log_rows(database) == 0, 30, "an empty log after the first reading")
    first = instance.json_lines("changes", "--limit", "1")[0]["seq"]
    single_changes(database, stub, instance)
    late_commit(database, stub, instance)
    emptied(database, stub, instance)
    one_large_transaction(database, instance)
    unseen_by_triggers(database, instance)
    instance.kill()
    too_long_a_log(database, instance)
    instance.kill()
    edits = writer.version
    writer = Keys(database, random, KEYS)
    writer.version = edits  # a version is given once
    killed_while_written(instance, writer, random, KILLS)
    equal(database, stub, instance, f"after {KILLS} kills")
    if WHICH != "sqlite":
        database.servers.unplug()
        database.servers.plug_in()
        database.reconnect()
        database.sql("UPDATE customer SET name = 'back' WHERE code < %s", "C00100")
        equal(database, stub, instance, "after the server came back")
    wait_until(lambda: log_rows(database) == 0, 30, f"an empty log, not {log_rows(database)} entries")
    told = check_provenance(instance, first)
    assert instance.stop() == 0
    uninstall(database, instance)
    print(f"{WHICH}: {KILLS} kills, {writer.version - KEYS} edits, {told} changes with their origin, {2 * MANY} rows in large transactions: target and source equal, log empty")


main()
