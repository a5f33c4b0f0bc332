"""Rows get other keys on a real database, and their records at a target stay the same ones; judged by what the target's rows hold beside ours.

    key_changes.py DATAPICKER postgresql|mariadb|sqlite [KILLS]

Three tables with the same rows: read by diff, by diff without anything that tells a moved row, and by a change log. `by_code` addresses records by the
key itself, `by_vat` by a number that stays. Each record at the target bears a mark that only the target knows: who keeps it is the same record."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "targets"))
from rows import Database, SqliteFile, open_database  # noqa: E402
from harness import Instance, Workplace, seeded, wait_until  # noqa: E402

DATAPICKER, WHICH = sys.argv[1:3]
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 4
PATIENCE = 120
ROWS = 200
# A chunk is of one moment, and one that begins behind it of another: keys change to lower ones, or they may go in one cycle and come in the next.
TABLES = {"diff": "mode: diff", "plain": "mode: diff", "tail": "mode: tail, log: change_log"}
TOLD = ["diff", "tail"]  # that have an `unchanged_identity`


def configure(instance, odbc, copies_odbc):
    instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{odbc}"\ndialect: {WHICH}\n')
    instance.write("connections/copy.yaml", f'connection: copy\ntarget: odbc\nodbc: "{copies_odbc}"\ndialect: {WHICH}\n')
    for table, mode in TABLES.items():
        identity = "" if table == "plain" else "unchanged_identity: [vat]\n"
        instance.write(f"tables/{table}.yaml", f"table: {table}\nconnection: erp\nfrom: t_{table}\nkey: [code]\n{identity}"
                       f"capture: {{ {mode}, every: 100ms }}\ninitial: deliver\n")
        for match in ("code", "vat"):
            name, fields = f"{table}_by_{match}", "name: name, vat: vat" if match == "code" else "name: name, code: code"
            instance.write(f"pipelines/{name}/pipeline.yaml", f"pipeline: {name}\ntable: {table}\nmap: {{ {fields} }}\n"
                           f"target: {{ connection: copy, object: {name}, match: {{ {match}: {match} }} }}\n")


def make_tables(database):
    for table in TABLES:
        database.sql(f"CREATE TABLE t_{table} (code VARCHAR(16) NOT NULL PRIMARY KEY, vat VARCHAR(11), name VARCHAR(40))")
        for match in ("code", "vat"):
            database.copies.sql(f"CREATE TABLE {table}_by_{match} (code VARCHAR(16), vat VARCHAR(11), name VARCHAR(40), mark VARCHAR(20), PRIMARY KEY ({match}))")
        for number in range(ROWS):
            database.sql(f"INSERT INTO t_{table} VALUES (%s, %s, %s)", f"C{number:03}", f"{10000000000 + number}", f"name {number}")


def held(database, table):
    return sorted(tuple(row) for row in database.sql(f"SELECT code, vat, name FROM {table}"))


def wait_equal(database, instance, what):
    def difference():
        return [f"{table}_by_{match}" for table in TABLES for match in ("code", "vat") if held(database.copies, f"{table}_by_{match}") != held(database, f"t_{table}")]
    try:
        wait_until(lambda: not difference(), PATIENCE, what, pause=0.1)
    except AssertionError as problem:
        copy = difference()[0]
        source, target = held(database, "t_" + copy.split("_")[0]), held(database.copies, copy)
        raise AssertionError(f"{problem}: {difference()}: missing {[row for row in source if row not in target][:3]} extra "
                             f"{[row for row in target if row not in source][:3]}\n{instance.verb('status').stdout}\n{instance.log_text()[-3000:]}")


def marks(database, table):
    return {row[0]: row[1] for row in database.copies.sql(f"SELECT vat, mark FROM {table}")}


def rekey(database, renames, tables=tuple(TABLES)):
    for table in tables:
        for before, after in renames:
            assert database.sql(f"UPDATE t_{table} SET code = %s WHERE code = %s", after, before) == 1


def marked(database):
    """Each record of now gets its mark; returns them by table of the target."""
    names = [f"{table}_by_{match}" for table in TABLES for match in ("code", "vat")]
    for name in names:
        database.copies.sql(f"UPDATE {name} SET mark = vat")
    return {name: marks(database, name) for name in names}


def under_the_daemon(database, instance):
    before = marked(database)
    for table in TABLES:  # some are on their way when their key changes
        database.sql(f"UPDATE t_{table} SET name = 'on its way' WHERE code IN ('C001', 'C002', 'C005')")
    rekey(database, [("C001", "A001"), ("C002", "A002"), ("C059", "C0591")])
    for table in TABLES:  # one that moves and changes, one that goes, one that comes
        database.sql(f"UPDATE t_{table} SET code = 'A003', name = 'moved' WHERE code = 'C003'")
        database.sql(f"DELETE FROM t_{table} WHERE code = 'C004'")
        database.sql(f"INSERT INTO t_{table} VALUES ('N000', '20000000000', 'new')")
    wait_equal(database, instance, "keys that changed under the daemon")
    for copy, were in before.items():
        now = marks(database, copy)
        lost = sorted(vat for vat, mark in now.items() if mark is None and vat != "20000000000")
        # Nothing tells that a row moved: its record is another one where the key is what it is known by.
        assert lost == ([f"{10000000000 + number}" for number in (1, 2, 3, 59)] if copy == "plain_by_code" else []), (copy, lost)
        assert all(mark in (None, were.get(vat)) for vat, mark in now.items()), copy
    for table in TABLES:
        told = [line for line in instance.verb("changes", table, "--limit", "1000", "--json").stdout.splitlines() if '"key":["A003"]' in line]
        assert len(told) == 1 and ('"update"' in told[0]) == (table in TOLD), (table, told)


def answered(database, instance):
    """Of a record that was just getting another key when the daemon died nobody knows whether it has it: a person looks. How many there were."""
    uncertain = [letter for letter in instance.json_lines("dead-letters", "list", "--limit", "1000") if letter["state"] == "uncertain"]
    there = {pipeline: {row[0] for row in database.copies.sql(f"SELECT code FROM {pipeline}")} for pipeline in {letter["pipeline"] for letter in uncertain}}
    for has_it in (True, False):
        chosen = [str(letter["id"]) for letter in uncertain if has_it == (letter["key"][0] in there[letter["pipeline"]])]
        if chosen:  # some may have ended meanwhile, and are refused
            instance.verb("dead-letters", "retry", *chosen, "--delivered" if has_it else "--not-delivered", "--reason", "looked at")
    working = [pipeline for pipeline in instance.json("status")["pipelines"] if pipeline["deliveries"].get("pending", 0) or pipeline["deliveries"].get("in_flight", 0)]
    return len(uncertain) + len(working)


def while_nobody_watches(database, instance, random):
    """Most keys change at once, which a guard that counts deletes would hold, and each row is changed just before; the daemon is killed wherever it is."""
    before = marked(database)
    moved = 0
    for kill in range(KILLS):
        codes = [row[0] for row in database.sql("SELECT code FROM t_diff")]
        chosen = random.sample(codes, 150 if kill % 2 == 0 else 20)
        for table in TOLD:
            database.sql(f"UPDATE t_{table} SET name = 'round {kill}'")
        time.sleep(random.choice([0, 0.05, 0.2]))
        instance.kill()
        rekey(database, [(code, f"R{kill:02}{code[-5:]}{number}"[:16]) for number, code in enumerate(chosen)], TOLD)
        moved += len(chosen)
        instance.start(ready=False)
        time.sleep(random.uniform(0.1, 0.6))
    wait_until(lambda: not answered(database, instance), PATIENCE, "the end of what was under way", pause=0.5)
    wait_equal(database, instance, f"after {KILLS} kills")
    for table in TOLD:
        for copy in (f"{table}_by_code", f"{table}_by_vat"):
            assert marks(database, copy) == before[copy], [vat for vat, mark in before[copy].items() if marks(database, copy).get(vat) != mark][:5]
    return moved


def main():
    random = seeded()
    work = Workplace("moves")
    database = open_database(work, WHICH)
    # Two writers of one file wait for each other.
    database.copies = Database(SqliteFile(work, "copies.db"), WHICH) if WHICH == "sqlite" else database
    instance = Instance(work, DATAPICKER)
    make_tables(database)
    configure(instance, database.servers.odbc, database.copies.servers.odbc)
    done = instance.verb("change-log", "install", "erp", "--apply")
    assert done.returncode == 0, done.stdout + done.stderr
    instance.start()
    wait_equal(database, instance, "the first reading")
    under_the_daemon(database, instance)
    moved = while_nobody_watches(database, instance, random)
    assert instance.stop() == 0
    print(f"{WHICH}: {moved} keys changed in each of two tables, {KILLS} kills: every record is the same one")


main()
