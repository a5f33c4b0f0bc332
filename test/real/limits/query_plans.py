"""Every statement that the engine asks its journal, and how SQLite finds the answer: none may read a table that grows from one end to the other.

    query_plans.py DATAPICKER STUB_SERVER STATEMENT_LOG_LIBRARY UNIT_TEST…        --show prints every plan

The statements are those that the given unit tests make the engine prepare, and the daemon and the verbs in the tests of operating, acting, alerting and reviewing. Each is explained twice: over an empty journal, as the daemon's are (nothing there runs
ANALYZE), and over one with data and statistics. Indexes of what is not finished are no exception: a hundred thousand deliveries may be held. What is allowed stands below
with its reason."""
import concurrent.futures
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
SHOW = "--show" in sys.argv
DATAPICKER, STUB_SERVER, LIBRARY, *UNIT_TESTS = [os.path.abspath(word) for word in sys.argv[1:] if word != "--show"]
REAL_TESTS = ("operating.py", "acting.py", "alerts.py", "limits/review.py")
# Grow with what is captured and sent, or with the rows of the sources.
GROWING = {"change", "delivery", "attempt", "last_sent", "remote_id", "row_image", "look_up", "record_move", "echo", "delivery_report", "inbound_message",
           "conversation", "decision", "audit", "fed_change", "row_place", "cycle", "transaction_tie", "bundle", "anomaly", "rejection", "effect_hour", "effect_count"}
# What a statement holds, and why it may.
ALLOWED = {
    "DELETE FROM anomaly WHERE state <> 'open'": "the sweep: an anomaly is a person's, there are few",
    "DELETE FROM conversation WHERE heard_ms <": "the sweep: one row a person who ever wrote, once an hour",
    "DELETE FROM remote_id WHERE (connection, object, match) IN": "`forget`: a person is erased from everywhere, and waits for it",
    "FROM audit ORDER BY id": "`forget`, which erases a person from what was asked for; or from the end, ended by LIMIT",
    "SELECT EXISTS (SELECT 1 FROM record_move)": "ends at the first row",
    "SELECT EXISTS (SELECT 1 FROM rejection)": "ends at the first row",
    "SELECT a.step, d.object, d.match, d.fields, coalesce(a.ended_ms": "begins behind the newest attempt that is too old, looked for from the end",
    "SELECT count(DISTINCT key) FROM delivery NOT INDEXED": "begins behind the newest delivery that is too old, looked for from the end",
    "UPDATE delivery SET state = ?1, updated_ms = ?2 WHERE state = 'held' AND reason = ?3": "all that is held, once, when a person resumes a restored instance",
    "INDEXED BY delivery_dead WHERE ?1 AND state = 'dead'": "`dead-letters list`: all that waits for a person",
    "SELECT d.pipeline_id, 'dead', count(*) FROM delivery AS d INDEXED BY delivery_dead": "what waits for a person, counted for alerts in its own small index",
    "FROM anomaly INDEXED BY anomaly_open WHERE state = 'open'": "all that is open, which is asked for",
    "FROM anomaly ORDER BY id DESC LIMIT": "from the end, ended by LIMIT",
    "SELECT captured_ms FROM change WHERE captured_ms <= ?1 ORDER BY seq LIMIT 1": "ends at the first that is not from a clock that was ahead",
    "UPDATE anomaly SET text = replace(": "`forget`: there are few, and a person waits for it",
    "SELECT count(*) FROM": "`check --journal`, which reads all",
    # What tests ask through the engine's own connection.
    "SELECT count(*), (SELECT copied_ms IS NOT NULL FROM journal) FROM change": "a test's",
    "SELECT hex(digest) FROM row_image": "a test's",
    "SELECT json_extract(after, '$.FIDO')": "a test's",
    "FROM cycle WHERE table_id = ?1 ORDER BY id DESC LIMIT": "a test's",
}
ROWS = 5_000


def statements_of(command, folder):
    """What a test makes the engine prepare."""
    log = pathlib.Path(folder) / f"{len(os.listdir(folder))}-{pathlib.Path(command[0]).name}-{pathlib.Path(command[1]).name}.sql"
    log.touch()
    log.chmod(0o666)  # some tests look as another user
    said = log.with_suffix(".txt")
    with open(said, "wb") as output:
        done = subprocess.run(command, env={**os.environ, "LD_PRELOAD": LIBRARY, "STATEMENT_LOG": str(log)}, stdout=output, stderr=output)
    assert done.returncode == 0, f"{command}: {said.read_text()[-3000:]}"
    return log.read_text().splitlines()


def all_statements():
    # A killed process and a month of cycles ask nothing new.
    commands = [[sys.executable, str(ROOT / "test/real" / test), DATAPICKER, STUB_SERVER] for test in REAL_TESTS]
    commands += [[test, "-tce=*killed*,*month*"] for test in UNIT_TESTS]
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(3) as threads:
        os.chmod(folder, 0o755)
        return sorted({line for lines in threads.map(lambda command: statements_of(command, folder), commands) for line in lines})


def empty_journal():
    journal = sqlite3.connect(":memory:", isolation_level=None)
    for part in ("capture", "delivery", "review"):
        journal.executescript((ROOT / f"engine/journal/schema/{part}.sql").read_text())
    return journal


def full_journal():
    """Rows in every growing table, of which few are open, and statistics."""
    journal = empty_journal()
    for table in sorted(GROWING):
        columns = journal.execute(f"SELECT name, type, pk FROM pragma_table_info('{table}')").fetchall()
        names = ", ".join(name for name, *_ in columns)
        values = ", ".join(value_of(table, *column) for column in columns)
        journal.execute(f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) INSERT INTO {table} ({names}) SELECT {values} FROM n")
    journal.execute("ANALYZE")
    return journal


def value_of(table, name, kind, key):
    if name == "state":
        return "CASE WHEN i % 100 = 0 THEN 'open' ELSE 'closed' END" if table in ("anomaly", "cycle") else "CASE WHEN i % 100 = 0 THEN 'pending' ELSE 'delivered' END"
    if name in ("table_id", "pipeline_id", "layout_id", "parent_id"):
        return "i" if key == 1 and kind == "INTEGER" and table not in ("last_sent", "look_up", "record_move", "rejection", "row_place", "effect_hour", "effect_count") else "i % 7"
    if name in ("outdated", "live"):
        return "i % 100 = 0"
    return {"INTEGER": "i", "TEXT": f"printf('{name} %d', i)", "BLOB": f"CAST(printf('{name} %d', i) AS BLOB)"}[kind]


def plan_of(journal, statement):
    """None: it is not about the journal; the mapping's sandbox asks of tables of its own."""
    try:
        return [row[3] for row in journal.execute("EXPLAIN QUERY PLAN " + statement, parameters(statement))]
    except sqlite3.OperationalError as error:
        if re.match(r"no such (table|column|function)|near \"EXPLAIN\"", str(error)):
            return None
        raise


def parameters(statement):
    """As many as SQLite counts; their values change no plan."""
    numbered = [int(number) for number in re.findall(r"\?(\d+)", statement)]
    return [None] * max([*numbered, len(re.findall(r"\?", statement)) if not numbered else 0, 0])


def table_of(name, statement):
    if name in GROWING:
        return name
    named = re.search(rf"(?:FROM|JOIN|,)\s+(\w+)\s+(?:AS\s+)?{name}\b", statement)
    return named[1] if named else name


def scans(plan, statement):
    """Steps that read a growing table, or a whole index of it, from one end to the other."""
    for step in plan:
        found = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX \w+)?$", step)
        if found and table_of(found[1], statement) in GROWING:
            yield step


def main():
    statements = all_statements()
    asked, problems, used = 0, [], set()
    for kind, journal in (("as the daemon has it", empty_journal()), ("with statistics", full_journal())):
        for statement in statements:
            plan = plan_of(journal, statement)
            if plan is None:
                continue
            asked += 1
            if SHOW:
                print(f"{statement}\n    {kind}: {'; '.join(plan)}")
            reason = next((part for part in ALLOWED if part in statement), None)
            whole = list(scans(plan, statement))
            if whole and reason:
                used.add(reason)
            elif whole:
                problems.append(f"{kind}: {'; '.join(whole)}\n    {statement}")
    print(f"{len(statements)} statements, {asked} plans, {len(used)} of them allowed to read all")
    assert asked > 400, "too few statements were seen: does the library still see them?"
    assert not problems, "\n" + "\n".join(problems)
    assert used == set(ALLOWED), f"no longer needed: {set(ALLOWED) - used}"


main()
