"""`mode: tail, by: versions` on a real MariaDB: system-versioned tables, compared at the end with the source and a target.

    versions.py DATAPICKER STUB_SERVER [KILLS [ROWS]]

One table's period holds times in columns of its own, one's is not declared, one's holds ids of transactions. Transactions are rolled back, commit late, change
keys, and one changes ROWS rows; the daemon is killed again and again, and the server goes away."""
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "targets"))
from rows import Writer, open_database  # noqa: E402
from compared import checked, configure, journaled, killed_while_written, wait_equal  # noqa: E402
from harness import Instance, Stub, Workplace, seeded, wait_until  # noqa: E402

DATAPICKER, STUB_SERVER = sys.argv[1:3]
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 4
MANY = int(sys.argv[4]) if len(sys.argv) > 4 else 5_000
KEYS = 200


class Keys(Writer):
    """Changes keys, too, and takes some of it back. The columns are named: those of the period have no value that is given."""

    def change_one(self, code):
        self.version += 1
        credit = f"{self.version / 100:.2f}"
        chance = self.random.random()
        if chance < 0.1:
            self.database.sql("BEGIN")
            self.database.sql("UPDATE customer SET credit = %s, version = -1 WHERE code = %s", credit, code)
            self.database.sql("ROLLBACK")
        elif chance < 0.2:
            new = f"C{self.random.randrange(self.keys):05}"
            if not self.database.sql("SELECT code FROM customer WHERE code = %s", new):
                self.database.sql("UPDATE customer SET code = %s, version = %s WHERE code = %s", new, self.version, code)
        elif chance < 0.3:
            self.database.sql("DELETE FROM customer WHERE code = %s", code)
        elif not self.database.sql("UPDATE customer SET credit = %s, version = %s WHERE code = %s", credit, self.version, code):
            self.database.sql("INSERT INTO customer (code, name, credit, version) VALUES (%s, %s, %s, %s)", code, f"D'Oro {code} €", credit, self.version)


def tables(database):
    database.sql("CREATE TABLE customer (code CHAR(10) NOT NULL PRIMARY KEY, name VARCHAR(40), credit DECIMAL(12,2), version BIGINT,"
                 " since TIMESTAMP(6) GENERATED ALWAYS AS ROW START, until TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, until),"
                 " INDEX (since), INDEX (until)) WITH SYSTEM VERSIONING")
    database.sql("CREATE TABLE many (id INTEGER NOT NULL PRIMARY KEY, n BIGINT) WITH SYSTEM VERSIONING")
    database.sql("CREATE TABLE line (doc INTEGER NOT NULL, pos DECIMAL(6,2) NOT NULL, day DATE NOT NULL, tag VARBINARY(20) NOT NULL, note VARCHAR(40),"
                 " a BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, b BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (a, b),"
                 " PRIMARY KEY (doc, pos, day, tag)) WITH SYSTEM VERSIONING")
    database.sql("CREATE TABLE plain (id INTEGER NOT NULL PRIMARY KEY)")
    for i in range(KEYS):
        database.sql("INSERT INTO customer (code, name, credit, version) VALUES (%s, %s, %s, %s)", f"C{i:05}", f"Customer {i}", f"{i}.50", i)
    for i in range(30):
        database.sql("INSERT INTO line (doc, pos, day, tag, note) VALUES (%s, %s, %s, %s, %s)", i % 7 - 3, f"{i}.5", f"2026-01-{i % 28 + 1:02}",
                     bytes([i, 0, 255 - i]), f"n{i}")


def declare(instance, table, key, more=""):
    instance.write(f"tables/{table}.yaml", f"table: {table}\nconnection: erp\nfrom: {table}\nkey: {key}\n"
                   f"capture: {{ mode: tail, by: versions, every: 300ms, chunk_rows: 50, full_every: 12h }}\n{more}"
                   f"initial: {'baseline' if table == 'many' else 'deliver'}\n")


def wanted(database):
    rows = {}
    for code, name, credit, version in database.sql("SELECT code, name, credit, version FROM customer"):
        rows[f"c/{code.rstrip()}"] = {"id": f"c/{code.rstrip()}", "name": name, "credit": credit and str(credit), "version": version}
    for doc, pos, day, note in database.sql("SELECT doc, pos, day, note FROM line"):
        rows[f"l/{doc}/{pos}/{day}"] = {"id": f"l/{doc}/{pos}/{day}", "note": note}
    return rows


def check_all(instance, database):
    """What is missing is told: a table without versions, the right to read the registry of commits."""
    declare(instance, "plain", "[id]")
    checked(instance, "keeps no versions")
    (instance.folder / "tables/plain.yaml").unlink()
    checked(instance, "GRANT SELECT ON mysql.transaction_registry")
    database.servers.as_root("GRANT SELECT ON mysql.transaction_registry TO '{user}'@'%'")
    instance.write("pipelines/whole/pipeline.yaml", "pipeline: whole\ntable: customer\nowner: rows\ndeliver: together\nguard: { mass_change: off }\n"
                   "map: { id: \"'w/' || code\" }\ntarget: { connection: shop, object: record, match: { id: \"'w/' || code\" } }\n")
    refused = instance.verb("check", "--json")
    assert refused.returncode == 2 and "together.untold" in refused.stdout and "its history tells times" in refused.stdout, refused.stdout + refused.stderr
    shutil.rmtree(instance.folder / "pipelines/whole")
    done = instance.verb("check")
    assert done.returncode == 0, done.stdout + done.stderr


def single_changes(database, equal):
    for i, odd in enumerate(["a|b", "a~b", "D'Oro", 'q"q', "back\\sl", "€uro"]):
        database.sql("INSERT INTO customer (code, name, credit, version) VALUES (%s, 'odd', 1, %s)", odd, 9000 + i)
    database.sql("UPDATE customer SET name = 'changed' WHERE code = 'C00001'")
    database.sql("DELETE FROM customer WHERE code = 'C00002'")
    database.sql("UPDATE customer SET code = 'moved' WHERE code = 'C00003'")
    database.sql("UPDATE line SET note = 'x' WHERE doc = -3")
    database.sql("UPDATE line SET day = '2025-12-31', pos = 99.25 WHERE note = 'n3'")
    database.sql("DELETE FROM line WHERE doc = 2")
    equal("single changes")
    database.sql("DELETE FROM customer WHERE code IN ('a|b', 'q\"q')")
    database.sql("DELETE FROM line WHERE doc = 1")
    equal("deletes")


def long_transaction(database, equal):
    """Its rows have the time of their statements, before those of others that are long delivered."""
    for code in ("LATE", "EARLY", "HALF"):
        database.sql("INSERT INTO customer (code, name) VALUES (%s, 'waits')", code)
    late = database.another()
    late.sql("BEGIN")
    late.sql("UPDATE customer SET name = 'late' WHERE code = 'LATE'")
    late.sql("UPDATE line SET note = 'late' WHERE doc = 0")
    late.sql("SAVEPOINT half")
    late.sql("UPDATE customer SET name = 'never' WHERE code = 'HALF'")
    late.sql("ROLLBACK TO half")
    for round_ in range(3):
        database.sql("UPDATE customer SET name = %s WHERE code = 'EARLY'", f"early {round_}")
        database.sql("UPDATE line SET note = %s WHERE doc = 3", f"early {round_}")
        equal(f"commits that came first, {round_}")
    late.sql("COMMIT")
    equal("the transaction that committed late")


def one_large_transaction(database, instance):
    database.sql(f"INSERT INTO many SELECT seq, 7 FROM seq_1_to_{MANY}")
    wait_until(lambda: journaled(instance, 7) == MANY, 300, f"{MANY} rows of one transaction", pause=0.2)
    database.sql("UPDATE many SET n = 8")
    wait_until(lambda: journaled(instance, 8) == MANY, 300, f"{MANY} updates of one transaction", pause=0.2)


def check_provenance(instance):
    for table in ("customer", "line"):
        changes = [each for each in instance.json_lines("changes", table, "--limit", "5")]
        assert changes and all(abs(each["source_ms"] - each["captured_ms"]) < 600_000 for each in changes), changes
        assert table == "customer" or all(each["source_transaction"].isdigit() for each in changes), changes


def main():
    random = seeded()
    work = Workplace("versions")
    database = open_database(work, "mariadb")
    stub = Stub(work, STUB_SERVER, "shop", "--mode", "idempotent")
    instance = Instance(work, DATAPICKER)
    configure(instance, database.servers.odbc, "mariadb", stub, [
        ("customers", "customer", "'c/' || code", "name: name, credit: credit, version: version"),
        ("lines", "line", "'l/' || doc || '/' || pos || '/' || day", "note: note")])
    tables(database)
    # The columns of a period are not read: they change with every row.
    declare(instance, "customer", "[code]", "exclude: [since, until]\n")
    declare(instance, "line", "[doc, pos, day, tag]", "exclude: [a, b]\n")
    declare(instance, "many", "[id]")
    check_all(instance, database)

    def equal(what):
        wait_equal(lambda: wanted(database), stub, instance, what)

    writer = Keys(database, random, KEYS)
    writer.start()
    instance.start()
    wait_until(lambda: instance.log_text().count("capture.snapshot ") == 3, 60, "the first readings, while rows change")
    writer.finish()
    equal("the first reading")
    single_changes(database, equal)
    check_provenance(instance)
    long_transaction(database, equal)
    one_large_transaction(database, instance)
    instance.kill()
    edits = writer.version
    writer = Keys(database, random, KEYS)
    writer.version = edits  # a version is given once
    killed_while_written(instance, writer, random, KILLS)
    equal(f"after {KILLS} kills")
    database.servers.unplug()
    database.servers.plug_in()
    database.reconnect()
    database.sql("UPDATE customer SET name = 'back' WHERE code < 'C00100'")
    equal("after the server came back")
    assert "capture.change_log_lost" not in instance.log_text() and "capture.drift" not in instance.log_text(), instance.log_text()[-3000:]
    assert instance.stop() == 0
    print(f"{KILLS} kills, {writer.version - KEYS} edits, {2 * MANY} rows in large transactions: target and source equal")


main()
