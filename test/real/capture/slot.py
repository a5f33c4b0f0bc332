"""`mode: tail, by: slot` on a real PostgreSQL: a logical slot, compared at the end with the source and a target.

    slot.py DATAPICKER STUB_SERVER [KILLS [ROWS]]

Three tables share one slot. Transactions are rolled back, commit late, change keys, empty two tables at once, and one changes ROWS rows; the daemon is killed
again and again, the server goes away; the slot is dropped under the daemon, loses what it had not told, and is given up. The target holds what the source
holds after each of them, and what changed says in which transaction and when."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "targets"))
from rows import Writer, open_database  # noqa: E402
from compared import checked, configure, held, journaled, killed_while_written, wait_equal  # noqa: E402
from harness import Instance, Stub, Workplace, seeded, wait_until  # noqa: E402

DATAPICKER, STUB_SERVER = sys.argv[1:3]
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 5
MANY = int(sys.argv[4]) if len(sys.argv) > 4 else 10_000
KEYS = 300


class Keys(Writer):
    """Changes keys, too, and takes some of it back."""

    def change_one(self, code):
        chance = self.random.random()
        if chance < 0.1:
            self.database.sql("BEGIN")
            super().change_one(code)
            self.database.sql("ROLLBACK")
        elif chance < 0.2:
            new = f"C{self.random.randrange(self.keys):05}"
            if not self.database.sql("SELECT code FROM customer WHERE code = %s", new):
                self.version += 1
                self.database.sql("UPDATE customer SET code = %s, version = %s WHERE code = %s", new, self.version, code)
        else:
            super().change_one(code)


def administrator(database):
    import psycopg2
    servers = database.servers
    text = (servers.folder / "env").read_text()
    folder = text.split("DATAPICKER_TEST_PG_SOCKET_DIR=")[1].split()[0]
    connection = psycopg2.connect(host=folder, port=servers.port, user="postgres", dbname=servers.database)
    connection.autocommit = True

    def sql(statement):
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None
    return sql


def tables(database):
    database.sql("CREATE TABLE customer (code CHAR(10) NOT NULL PRIMARY KEY, name VARCHAR(40), credit DECIMAL(12,2), version BIGINT)")
    database.sql('CREATE TABLE "Order Line" (doc INTEGER NOT NULL, pos DECIMAL(6,2) NOT NULL, day DATE NOT NULL, tag BYTEA NOT NULL, at TIMESTAMPTZ NOT NULL,'
                 " paid BOOLEAN NOT NULL, note VARCHAR(40), PRIMARY KEY (doc, pos, day, tag, at, paid))")
    database.sql("CREATE TABLE many (id INTEGER NOT NULL PRIMARY KEY, n BIGINT)")
    database.sql("CREATE TABLE unnamed (a INTEGER NOT NULL, n BIGINT)")
    for i in range(KEYS):
        database.sql("INSERT INTO customer VALUES (%s, %s, %s, %s)", f"C{i:05}", f"Customer {i}", f"{i}.50", i)
    for i in range(30):
        line(database, i)


def line(database, i):
    database.sql('INSERT INTO "Order Line" VALUES (%s, %s, %s, %s, %s, %s, %s)', i % 7 - 3, f"{i}.5", f"2026-01-{i % 28 + 1:02}", bytes([i, 0, 255 - i]),
                 f"2026-01-01 00:00:{i:02}.5+02", i % 2 == 0, f"n{i}")


def declare(instance, table, source, key, more=""):
    instance.write(f"tables/{table}.yaml", f"table: {table}\nconnection: erp\nfrom: '{source}'\nkey: {key}\n"
                   f"capture: {{ mode: tail, by: slot, log: dp_test, every: 50ms, chunk_rows: 50, full_every: 12h{more} }}\n"
                   f"initial: {'baseline' if table == 'many' else 'deliver'}\n")


def configure_all(instance, odbc, stub):
    configure(instance, odbc, "postgresql", stub, [
        ("customers", "customer", "'c/' || code", "name: name, credit: credit, version: version"),
        ("lines", "line", "'l/' || doc || '/' || pos || '/' || day", "note: note")])
    declare(instance, "customer", "customer", "[code]")
    declare(instance, "line", '"Order Line"', "[doc, pos, day, tag, at, paid]")
    declare(instance, "many", "many", "[id]")


def wanted(database):
    rows = {}
    for code, name, credit, version in database.sql("SELECT code, name, credit, version FROM customer"):
        rows[f"c/{code.rstrip()}"] = {"id": f"c/{code.rstrip()}", "name": name, "credit": str(credit), "version": version}
    for doc, pos, day, note in database.sql('SELECT doc, pos, day, note FROM "Order Line"'):
        rows[f"l/{doc}/{pos}/{day}"] = {"id": f"l/{doc}/{pos}/{day}", "note": note}
    return rows


def install(instance, admin):
    """A check says one thing after the other that is missing; printing changes nothing; applying twice is as once."""
    checked(instance, "is not there")
    printed = instance.verb("change-log", "install", "erp")
    assert printed.returncode == 0 and "pg_create_logical_replication_slot('dp_test'" in printed.stdout, printed.stdout + printed.stderr
    assert not admin("SELECT 1 FROM pg_replication_slots")
    for _ in range(2):
        done = instance.json("change-log", "install", "erp", "--apply")
        assert done["applied"] and sorted(done["tables"]) == ["customer", "line", "many"], done
    checked(instance, "max_slot_wal_keep_size")
    admin("ALTER SYSTEM SET max_slot_wal_keep_size = '10GB'")
    admin("SELECT pg_reload_conf()")
    wait_until(lambda: instance.verb("check").returncode == 0, 20, "a check without findings")
    declare(instance, "unnamed", "unnamed", "[a]")
    checked(instance, "REPLICA IDENTITY FULL")
    (instance.folder / "tables/unnamed.yaml").unlink()


def single_changes(database, stub, instance):
    for i, odd in enumerate(["a|b", "a~b", "D'Oro", 'q"q', "back\\sl", "€uro", "x]:y", "null"]):
        database.sql("INSERT INTO customer VALUES (%s, %s, %s, %s)", odd, "odd: TRUNCATE: (no", "1.00", 9000 + i)
    database.sql("UPDATE customer SET name = %s WHERE code = %s", "changed", "C00001")
    database.sql("DELETE FROM customer WHERE code = %s", "C00002")
    database.sql("UPDATE customer SET code = %s WHERE code = %s", "moved", "C00003")
    database.sql('UPDATE "Order Line" SET note = \'x\' WHERE doc = -3')
    database.sql('UPDATE "Order Line" SET day = %s, paid = NOT paid, tag = %s WHERE note = %s', "2025-12-31", b"\\x'", "n3")
    database.sql('DELETE FROM "Order Line" WHERE doc = 2')
    wait_equal(lambda: wanted(database), stub, instance, "single changes")
    database.sql("DELETE FROM customer WHERE code IN ('a|b', 'back\\sl', 'null')")
    wait_equal(lambda: wanted(database), stub, instance, "odd keys deleted")


def long_transaction(database, stub, instance):
    """It began first and commits last; half of it is taken back."""
    for code in ("LATE", "EARLY", "HALF"):
        database.sql("INSERT INTO customer VALUES (%s, 'waits', 1, 1)", code)
    late = database.another()
    late.sql("BEGIN")
    late.sql("UPDATE customer SET name = 'late' WHERE code = %s", "LATE")
    late.sql("SAVEPOINT half")
    late.sql("UPDATE customer SET name = 'never' WHERE code = %s", "HALF")
    late.sql("ROLLBACK TO half")
    database.sql("UPDATE customer SET name = 'early' WHERE code = %s", "EARLY")
    wait_until(lambda: held(stub).get("c/EARLY", {}).get("name") == "early", 30, "the commit that came first")
    late.sql("COMMIT")
    wait_equal(lambda: wanted(database), stub, instance, "the transaction that committed late")


def emptied(database, stub, instance):
    database.sql('TRUNCATE unnamed, "Order Line"')
    wait_equal(lambda: wanted(database), stub, instance, "TRUNCATE of two tables")
    for i in range(5):
        line(database, i)
    database.sql('BEGIN; ALTER TABLE "Order Line" RENAME TO old_line; CREATE TABLE "Order Line" (LIKE old_line INCLUDING ALL); COMMIT')
    line(database, 7)
    wait_equal(lambda: wanted(database), stub, instance, "another table behind the name")


def one_large_transaction(database, instance):
    database.sql(f"INSERT INTO many SELECT i, 7 FROM generate_series(1, {MANY}) i")
    wait_until(lambda: journaled(instance, 7) == MANY, 300, f"{MANY} rows of one transaction", pause=0.2)
    database.sql("UPDATE many SET n = 8")
    wait_until(lambda: journaled(instance, 8) == MANY, 300, f"{MANY} updates of one transaction", pause=0.2)


def told(instance, words):
    return sum("capture.change_log_lost" in line and words in line for line in instance.log_text().splitlines())


def dropped_under_the_daemon(database, stub, instance, admin):
    database.sql("UPDATE customer SET name = 'before' WHERE code < %s", "C00020")
    wait_until(lambda: try_drop(admin), 30, "the slot to be dropped", pause=0.01)
    database.sql("UPDATE customer SET name = 'after' WHERE code < %s", "C00040")
    wait_equal(lambda: wanted(database), stub, instance, "after the slot was dropped")
    assert told(instance, "it is not there"), instance.log_text()[-3000:]
    wait_until(lambda: admin("SELECT 1 FROM pg_replication_slots WHERE slot_name = 'dp_test'"), 10, "a new slot")


def try_drop(admin):
    import psycopg2
    try:
        admin("SELECT pg_drop_replication_slot('dp_test')")
    except psycopg2.errors.ObjectInUse:
        return False
    return True


def lost(database, stub, instance, admin):
    """The server throws away what nobody read for too long."""
    instance.kill()
    admin("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'")
    admin("SELECT pg_reload_conf()")
    database.sql("DELETE FROM customer WHERE code < %s", "C00030")
    move_on(database, admin)
    wait_until(lambda: admin("SELECT wal_status FROM pg_replication_slots") == [("lost",)] or move_on(database, admin), 60, "the slot to be lost")
    admin("ALTER SYSTEM SET max_slot_wal_keep_size = '10GB'")
    admin("SELECT pg_reload_conf()")
    instance.start()
    wait_equal(lambda: wanted(database), stub, instance, "after the server threw away what the slot had not told")
    assert told(instance, "max_slot_wal_keep_size") == 1, instance.log_text()[-3000:]


def move_on(database, admin):
    for i in range(5):
        database.sql("INSERT INTO unnamed VALUES (%s, 1)", i)
        admin("SELECT pg_switch_wal()")
    admin("CHECKPOINT")


def given_up(database, stub, instance, admin):
    instance.kill()
    database.sql("UPDATE customer SET name = 'while nobody read' WHERE code < %s", "C00050")
    move_on(database, admin)
    for table, source, key in (("customer", "customer", "[code]"), ("line", '"Order Line"', "[doc, pos, day, tag, at, paid]"), ("many", "many", "[id]")):
        declare(instance, table, source, key, ", log_bytes_max: 20MB")
    instance.start()
    wait_equal(lambda: wanted(database), stub, instance, "after the slot was given up")
    assert told(instance, "log_bytes_max") == 1, instance.log_text()[-3000:]


def check_provenance(instance, after):
    lines = instance.verb("changes", "customer", "--limit", "100000", "--json").stdout.splitlines()
    changes = [each for each in map(json.loads, lines) if each["seq"] > after]
    bare = [each for each in changes if each["source_ms"] is None or not each["source_transaction"].isdigit()]
    assert len(changes) > 10 and not bare, (len(changes), bare[:2])
    assert all(abs(each["source_ms"] - each["captured_ms"]) < 600_000 for each in changes)
    return len(changes)


def main():
    random = seeded()
    work = Workplace("slot")
    database = open_database(work, "postgresql")
    admin = administrator(database)
    stub = Stub(work, STUB_SERVER, "shop", "--mode", "idempotent")
    instance = Instance(work, DATAPICKER)
    configure_all(instance, database.servers.odbc, stub)
    tables(database)
    install(instance, admin)
    writer = Keys(database, random, KEYS)
    writer.start()
    instance.start()
    wait_until(lambda: instance.log_text().count("capture.snapshot ") == 3, 60, "the first readings, while rows change")
    writer.finish()
    wait_equal(lambda: wanted(database), stub, instance, "the first reading")
    first = instance.json_lines("changes", "--limit", "1")[0]["seq"]
    single_changes(database, stub, instance)
    long_transaction(database, stub, instance)
    origins = check_provenance(instance, first)
    emptied(database, stub, instance)
    one_large_transaction(database, instance)
    assert not told(instance, ""), instance.log_text()[-3000:]
    instance.kill()
    edits = writer.version
    writer = Keys(database, random, KEYS)
    writer.version = edits  # a version is given once
    killed_while_written(instance, writer, random, KILLS)
    wait_equal(lambda: wanted(database), stub, instance, f"after {KILLS} kills")
    assert not told(instance, ""), instance.log_text()[-3000:]
    dropped_under_the_daemon(database, stub, instance, admin)
    lost(database, stub, instance, admin)
    given_up(database, stub, instance, admin)
    database.servers.unplug()
    database.servers.plug_in()
    database.reconnect()
    database.sql("UPDATE customer SET name = 'back' WHERE code < %s", "C00100")
    wait_equal(lambda: wanted(database), stub, instance, "after the server came back")
    assert instance.stop() == 0
    for _ in range(2):
        done = instance.verb("change-log", "uninstall", "erp", "--apply")
        assert done.returncode == 0, done.stdout + done.stderr
    checked(instance, "is not there")
    print(f"{KILLS} kills, {writer.version - KEYS} edits, {origins} changes with their origin, {2 * MANY} rows in large transactions: target and source equal")


main()
