"""Kills the daemon with SIGKILL while a database changes, then compares the database with the targets.

    kill_test.py DATAPICKER STUB_SERVER postgresql|mariadb [KEYS [KILLS]] [--acts]

One table, two pipelines: to an API that honours idempotency keys, and to one that can only be looked up. Both fail and cut
connections now and then. At the end, against the source and the targets and not against our own counters: the last value
of each key is at both targets, nothing is missing, nothing is there twice, no target saw a key's values out of order, and each
idempotency key had one effect.

With --acts the journal begins as one of schema version 1, and while the daemon runs and is killed a person reloads, remaps, replays,
backfills, pauses and backs up without end; and whatever ended before a start has grown old by it, so that it is swept away."""
import collections
import re
import sqlite3
import sys
import threading
import time

from harness import ROOT, Instance, Servers, Stub, Workplace, seeded, wait_until

ACTS = "--acts" in sys.argv
NUMBERS = [int(word) for word in sys.argv[4:] if word != "--acts"]
DATAPICKER, STUB_SERVER, WHICH = sys.argv[1:4]
KEYS = NUMBERS[0] if NUMBERS else 5000
KILLS = NUMBERS[1] if len(NUMBERS) > 1 else 25

TABLE = """CREATE TABLE customer (code CHAR(10) NOT NULL PRIMARY KEY, name VARCHAR(40), credit DECIMAL(12,2),
           version BIGINT NOT NULL)"""

LOOKUP_TARGET = """target: lookup_api
about: A test API without idempotency that can be searched
proved: { by: stub }
objects:
  record:
    find:
      request: { method: GET, path: /objects, query: { code: "{match.code}" } }
      items: /items
      id: /id
      more_than_one: dead_letter
      consistent_after: 0s
    create: { request: { method: POST, path: /objects, body: fields }, id: /id, repeat_safe: false }
    update: { request: { method: PATCH, path: "/objects/{remote_id}", body: changed_fields }, repeat_safe: true }
    delete: { request: { method: DELETE, path: "/objects/{remote_id}", gone: [404] }, repeat_safe: true }
"""


def pipeline(name, connection, object_name):
    return f"""pipeline: {name}
table: customer
map:
  code: trim(code)
  name: name
  credit: credit
  version: version
target:
  connection: {connection}
  object: {object_name}
  match: {{ code: trim(code) }}
  on_delete: delete
"""


def configure(instance, servers, keyed, searched):
    dialect = servers.which
    instance.secret("erp", servers.password)
    odbc = servers.odbc.replace(servers.password, "${secret:erp}")
    instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{odbc}"\ndialect: {dialect}\n')
    instance.write("connections/keyed.yaml", f"""connection: keyed
target: webhook
url: {keyed.url}
limits: {{ in_flight: 32 }}
repeat_safe: true
idempotency_header: Idempotency-Key
requests:
  upsert: {{ method: PUT, path: "/customers/{{match.code}}", body: fields }}
  delete: {{ method: DELETE, path: "/customers/{{match.code}}", gone: [404] }}
""")
    instance.write("targets/lookup_api.yaml", LOOKUP_TARGET)
    instance.write("connections/searched.yaml",
                   f"connection: searched\ntarget: lookup_api\nurl: {searched.url}\nlimits: {{ in_flight: 32 }}\n")
    instance.write("tables/customer.yaml", """table: customer
connection: erp
from: customer
key: [code]
capture: { mode: diff, every: 200ms, chunk_rows: 500 }
initial: deliver
""")
    instance.write("pipelines/to_keyed/pipeline.yaml", pipeline("to_keyed", "keyed", "customers"))
    instance.write("pipelines/to_searched/pipeline.yaml", pipeline("to_searched", "searched", "record"))


class Writer(threading.Thread):
    """Inserts, updates and deletes random keys in small transactions until it is told to end."""

    def __init__(self, servers, random):
        super().__init__(daemon=True)
        self.connection = servers.connect()
        self.random = random
        self.end = threading.Event()
        self.version = KEYS
        self.problem = None
        self.commits = 0

    def run(self):
        try:
            while not self.end.is_set():
                self.change_a_few()
                time.sleep(0.002)
        except Exception as problem:  # shown by the main thread
            self.problem = problem

    def change_a_few(self):
        with self.connection.cursor() as cursor:
            cursor.execute("BEGIN")
            for _ in range(self.random.randint(1, 12)):
                self.change_one(cursor, f"C{self.random.randrange(KEYS):06}")
            cursor.execute("COMMIT")
        self.commits += 1

    def change_one(self, cursor, code):
        self.version += 1
        if self.random.random() < 0.1:
            cursor.execute("DELETE FROM customer WHERE code = %s", (code,))
            return
        cursor.execute("UPDATE customer SET credit = %s, version = %s WHERE code = %s",
                       (f"{self.version / 100:.2f}", self.version, code))
        if cursor.rowcount == 0:
            cursor.execute("INSERT INTO customer VALUES (%s, %s, %s, %s)",
                           (code, f"Customer {code}", f"{self.version / 100:.2f}", self.version))


class Person(threading.Thread):
    """Has the running daemon act, one act after another; a kill in the middle of one is as it may be."""

    ACTS = ("reload", "remap", "replay", "backfill", "backup", "pause", "resume")

    def __init__(self, instance, random):
        super().__init__(daemon=True)
        self.instance = instance
        self.random = random
        self.end = threading.Event()
        self.up = threading.Event()
        self.acting = threading.Lock()
        self.done = collections.Counter()
        self.backups = 0

    def run(self):
        while not self.end.is_set():
            with self.acting:
                if self.up.wait(0.1):
                    self.act()
            time.sleep(0.01)

    def act(self):
        pipeline = self.random.choice(["to_keyed", "to_searched"])
        self.backups += 1
        act = self.random.choice([
            ["reload"],
            ["remap", pipeline, "--force", "--yes"],
            ["replay", pipeline, "--since", "3s", "--yes"],
            ["backfill", "customer", "--where", f"version % 50 = {self.random.randrange(50)}", "--yes"],
            ["backup", self.instance.folder / f"backup-{self.backups}.db"],
            ["pause", "pipeline", pipeline],
            ["resume", "pipeline", pipeline]])
        self.done[act[0], self.instance.verb(*act).returncode] += 1

    def kill_daemon(self):
        """Also in the middle of an act. A daemon starts only when the act is over: with none running, it would hold the journal."""
        self.up.clear()
        self.instance.kill()
        self.instance.folder.joinpath("journal.db.sock").unlink(missing_ok=True)
        with self.acting:
            pass

    def finish(self):
        self.end.set()
        self.join()
        for copy in self.instance.folder.glob("backup-*.db"):
            with sqlite3.connect(f"file:{copy}?mode=ro", uri=True) as journal:
                assert journal.execute("PRAGMA integrity_check").fetchone() == ("ok",), copy


def old_journal(instance):
    """A journal as the first version of the program left it."""
    with sqlite3.connect(instance.folder / "journal.db") as journal:
        journal.executescript((ROOT / "test/golden/journal/schema_v1.sql").read_text())
        journal.execute("PRAGMA journal_mode = WAL")
        journal.execute("INSERT INTO journal VALUES (?, 1, '0.1.0')", ("0" * 32,))
    journal.close()


def grow_old(instance):
    """Two days pass for all that stands in the journal; retention is one day."""
    path = instance.folder / "journal.db"
    with sqlite3.connect(path) as journal:
        if journal.execute("PRAGMA user_version").fetchone()[0] < 2:
            return
        days = 2 * 24 * 3_600_000
        journal.execute("UPDATE change SET captured_ms = captured_ms - ?", (days,))
        journal.execute("UPDATE delivery SET created_ms = created_ms - ?, updated_ms = updated_ms - ?", (days, days))
    journal.close()


def swept(instance):
    return sum(int(number) for number in re.findall(r"journal.swept removed=(\d+)", instance.log_text()))


def rows_of(servers):
    connection = servers.connect()
    with connection.cursor() as cursor:
        cursor.execute("SELECT code, name, credit, version FROM customer")
        rows = {code.strip(): {"code": code.strip(), "name": name, "credit": str(credit), "version": version}
                for code, name, credit, version in cursor.fetchall()}
    connection.close()
    return rows


def fill(servers):
    connection = servers.connect()
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
        cursor.executemany("INSERT INTO customer VALUES (%s, %s, %s, %s)",
                           [(f"C{i:06}", f"Customer C{i:06}", f"{i}.50", i) for i in range(KEYS)])
    connection.close()


def records_of(effects):
    """What the target holds, folded from its effects: by code, a list of records."""
    by_id = {}
    for effect in effects:
        if effect["what"] != "effect":
            continue
        record = effect.get("id") or effect["path"]
        if effect["method"] == "DELETE":
            by_id.pop(record, None)
        else:
            by_id[record] = {**by_id.get(record, {}), **(effect["body"] or {})}
    by_code = collections.defaultdict(list)
    for record in by_id.values():
        by_code[record["code"]].append(record)
    return by_code


def check_order(effects, name):
    """Versions of one code never go back: a version is given once, in commit order."""
    code_of, latest = {}, {}
    for effect in effects:
        if effect["what"] != "effect" or not effect["body"]:
            continue
        record = effect.get("id") or effect["path"]
        code = code_of.setdefault(record, effect["body"].get("code"))
        version = effect["body"].get("version")
        if version is None:
            continue
        assert version >= latest.get(code, -1), f"{name}: {code} went from {latest[code]} back to {version}"
        latest[code] = version


def check_keys(effects, name):
    seen = collections.Counter(effect["key"] for effect in effects if effect["what"] == "effect" and effect["key"])
    twice = [key for key, times in seen.items() if times > 1]
    assert not twice, f"{name}: idempotency keys with more than one effect: {twice[:5]}"
    conflicts = [effect for effect in effects if effect["what"] == "conflict"]
    assert not conflicts, f"{name}: one key came with another body: {conflicts[:3]}"


def difference(rows, stub):
    held = records_of(stub.effects())
    missing = [code for code in rows if code not in held]
    extra = [code for code in held if code not in rows]
    double = [code for code, records in held.items() if len(records) > 1]
    stale = [code for code, row in rows.items() if code in held and held[code][-1] != row]
    return {"missing": missing, "extra": extra, "double": double, "stale": stale}


def describe(differences):
    return {name: {what: (len(codes), codes[:5]) for what, codes in parts.items() if codes}
            for name, parts in differences.items()}


def kill_again_and_again(instance, random, person=None):
    for _ in range(KILLS):
        if person:
            grow_old(instance)
        instance.start(ready=False)
        if person:
            wait_until(lambda: instance.ended() or (instance.folder / "journal.db.sock").exists(), 60, "the socket")
            person.up.set()
        time.sleep(random.uniform(0.05, 3 if person else 1.5))
        person.kill_daemon() if person else instance.kill()


def main():
    random = seeded()
    work = Workplace("kill")
    servers = Servers(work, WHICH)
    seed = str(random.randrange(1_000_000))
    keyed = Stub(work, STUB_SERVER, "keyed", "--mode", "idempotent", "--fail-rate", "0.01", "--cut-rate", "0.01", "--seed", seed)
    searched = Stub(work, STUB_SERVER, "searched", "--mode", "lookup", "--fail-rate", "0.01", "--cut-rate", "0.01", "--seed", seed)
    instance = Instance(work, DATAPICKER)
    configure(instance, servers, keyed, searched)
    fill(servers)
    writer = Writer(servers, random)
    writer.start()
    person = None
    if ACTS:
        old_journal(instance)
        instance.write("datapicker.yaml", "instance: test\njournal: { path: journal.db, retention: { days: 1 } }\n")
        person = Person(instance, random)
        person.start()
    kill_again_and_again(instance, random, person)
    writer.end.set()
    writer.join()
    assert writer.problem is None, writer.problem
    keyed.control(fail_rate=0, cut_rate=0)
    searched.control(fail_rate=0, cut_rate=0)
    rows = rows_of(servers)
    instance.start()
    if person:
        person.up.set()
        wait_until(lambda: all(person.done[act, 0] for act in Person.ACTS), 240,
                   f"each act to come through once: {person.done}")
        wait_until(lambda: swept(instance), 30, "a sweep")
        person.finish()
        for name in ("to_keyed", "to_searched"):
            assert instance.verb("resume", "pipeline", name).returncode == 0
    stubs = {"keyed": keyed, "searched": searched}
    try:
        wait_until(lambda: not any(describe({name: difference(rows, stub) for name, stub in stubs.items()}).values()), 240,
                   "source and targets equal", pause=1)
    except AssertionError:
        found = describe({name: difference(rows, stub) for name, stub in stubs.items()})
        raise AssertionError(f"{found}\n{instance.verb('status').stdout}"
                             f"{instance.verb('dead-letters', 'list', '--limit', '10').stdout}\n{instance.log_text()[-3000:]}")
    for name, stub in stubs.items():
        effects = stub.effects()
        check_order(effects, name)
        check_keys(effects, name)
    assert instance.stop() == 0
    left = [state for row in instance.json("status")["pipelines"] for state in row["deliveries"]]
    assert not left, f"something is left over: {left}"
    effects = {name: len(stub.effects()) for name, stub in stubs.items()}
    if person:
        print(f"acts {sum(person.done.values())}, swept {swept(instance)}")
    print(f"{WHICH}: {KILLS} kills, {writer.commits} commits, {len(rows)} rows at the end, effects {effects}: "
          "all there, none double, in order")


main()
