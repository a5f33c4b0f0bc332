"""`backfill --from --to` on a real database: a range of keys is read again between the cycles, while changes stream and the daemon is killed.

    key_range.py DATAPICKER STUB_SERVER postgresql|mariadb|sqlite [ROWS] [KILLS]

Nothing was sent at first (`initial: baseline`). At the end the target holds every row of the range as it is at the source, of the others those that
changed meanwhile, and no row of the range was lost to a kill: each went on where the journal said."""
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "targets"))
from rows import open_database  # noqa: E402
from compared import configure, held  # noqa: E402
from harness import Instance, Stub, Workplace, seeded, wait_until  # noqa: E402

DATAPICKER, STUB_SERVER, WHICH = sys.argv[1:4]
ROWS = int(sys.argv[4]) if len(sys.argv) > 4 else 4_000
KILLS = int(sys.argv[5]) if len(sys.argv) > 5 else 4
FIRST, LAST = ROWS // 10, ROWS * 9 // 10


def code(number):
    return f"C{number:07}"


class Writing:
    """Changes rows, in the range and outside, until it is told to stop."""

    def __init__(self, database, random):
        self.database, self.random, self.version = database, random, ROWS
        self.changed, self.stopping = set(), threading.Event()
        self.thread = threading.Thread(target=self.write)

    def write(self):
        while not self.stopping.is_set():
            self.version += 1
            number = self.random.randrange(1, ROWS)  # the first is left to who waits for it
            self.database.sql("UPDATE customer SET version = %s WHERE code = %s", self.version, code(number))
            self.changed.add(code(number))
            time.sleep(0.01)

    def finish(self):
        self.stopping.set()
        self.thread.join()


def begin(instance):
    refused = instance.verb("backfill", "customer", "--from", code(1), "--end", "--yes")
    assert refused.returncode == 2 and "no range" in refused.stderr, refused
    begun = instance.json("backfill", "customer", "--from", code(FIRST), "--to", code(LAST), "--yes")
    assert begun["from"] == [code(FIRST)] and begun["rows"] == 0 and begun["pipelines"] == ["customers"], begun
    again = instance.verb("backfill", "customer", "--from", code(1), "--yes")
    assert again.returncode == 2 and "already" in again.stderr, again


def standing(instance):
    return instance.json("status")["tables"][0]["backfill"]


def ended(instance):
    now = standing(instance)
    return now if now["ended_ms"] is not None else None


def main():
    random = seeded()
    work = Workplace(f"key-range-{WHICH}")
    database = open_database(work, WHICH)
    database.sql("CREATE TABLE customer (code VARCHAR(10) NOT NULL PRIMARY KEY, version BIGINT)")
    for start in range(0, ROWS, 500):
        database.sql("INSERT INTO customer VALUES " + ", ".join(f"('{code(i)}', {i})" for i in range(start, min(start + 500, ROWS))))
    stub = Stub(work, STUB_SERVER, "shop")
    instance = Instance(work, DATAPICKER)
    configure(instance, database.servers.odbc, WHICH, stub, [("customers", "customer", "code", "version: version")])
    instance.write("tables/customer.yaml", "table: customer\nconnection: erp\nfrom: customer\nkey: [code]\n"
                   "capture: { mode: tail, log: change_log, every: 50ms, chunk_rows: 5, full_every: 12h }\ninitial: baseline\n")
    done = instance.verb("change-log", "install", "erp", "--apply")
    assert done.returncode == 0, done.stdout + done.stderr
    instance.start()
    wait_until(lambda: instance.json("status")["tables"][0]["state"] == "watching", 60, "the first reading")
    assert not held(stub)

    writing = Writing(database.another(), random)
    writing.thread.start()
    begin(instance)
    instance.kill()  # at once: it cannot be done by now
    interrupted, streamed, at = int(standing(instance)["ended_ms"] is None), 0, None
    instance.start()
    for turn in range(KILLS):
        # A change outside of the range arrives while the range is read.
        database.sql("UPDATE customer SET version = %s WHERE code = %s", -turn - 1, code(0))
        wait_until(lambda: held(stub).get(code(0), {}).get("version") == -turn - 1, 60, "a change outside of the range")
        streamed += standing(instance)["ended_ms"] is None
        time.sleep(random.uniform(0, 0.3))
        before = standing(instance)
        instance.kill()
        assert (before["at"] or [""]) >= (at or [""]), f"it went back from {at} to {before['at']}"
        at = standing(instance)["at"]  # the journal knows it while the daemon is down
        instance.start()
        interrupted += before["ended_ms"] is None
    now = wait_until(lambda: ended(instance), 120, "the end of the range", pause=0.2)
    writing.finish()
    assert now["reason"] == "" and now["rows"] == LAST - FIRST + 1 and now["failed"] == 0, now
    assert interrupted > 0, "no kill came before the end: the range is too small"

    def equal():
        rows = {key: version for key, version in database.sql("SELECT code, version FROM customer")}
        target = {key: row["version"] for key, row in held(stub).items()}
        wanted = {code(i) for i in range(FIRST, LAST + 1)} | writing.changed | {code(0)}
        return target == {key: int(rows[key]) for key in wanted} or None
    wait_until(equal, 60, "the target", pause=0.3)
    # Without an end it goes to the table's last key; and a person may end it.
    instance.json("backfill", "customer", "--from", code(LAST), "--yes")
    now = wait_until(lambda: ended(instance), 60, "the second range", pause=0.2)
    assert now["rows"] == ROWS - LAST, now
    instance.json("backfill", "customer", "--to", code(ROWS), "--yes")
    stopped = instance.verb("backfill", "customer", "--end", "--yes", "--json")
    assert stopped.returncode == 0 or "no range" in stopped.stderr, stopped
    assert instance.stop() == 0
    print(f"{LAST - FIRST + 1} rows of a range read again through {KILLS + 1} kills ({interrupted} before its end), {writing.version - ROWS} changes, {streamed} seen to "
          "arrive before it: equal")


main()
