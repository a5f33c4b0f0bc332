"""Kills the daemon with SIGKILL while a database changes, then compares the database with the targets.

    kill_test.py DATAPICKER STUB_SERVER postgresql|mariadb [KEYS [KILLS]] [--acts]

One table, two pipelines: to an API that honours idempotency keys, and to one that can only be looked up. Both fail and cut
connections now and then. At the end, against the source and the targets and not against our own counters: the last value
of each key is at both targets, nothing is missing, nothing is there twice, no target saw a key's values out of order, and each
idempotency key had one effect.

With --acts the journal begins as one of schema version 1, and while the daemon runs and is killed a person reloads, remaps, replays,
backfills, pauses and backs up without end; and whatever ended before a start has grown old by it, so that it is swept away."""
import collections
import pathlib
import re
import sqlite3
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import ROOT, Instance, Servers, Stub, Workplace, seeded, wait_until  # noqa: E402
from two_apis import Writer, check_effects, check_nothing_left, configure, fill, until_equal  # noqa: E402

ACTS = "--acts" in sys.argv
NUMBERS = [int(word) for word in sys.argv[4:] if word != "--acts"]
DATAPICKER, STUB_SERVER, WHICH = sys.argv[1:4]
KEYS = NUMBERS[0] if NUMBERS else 5000
KILLS = NUMBERS[1] if len(NUMBERS) > 1 else 25


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
    fill(servers, KEYS)
    writer = Writer(servers, random, KEYS)
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
    rows = until_equal(servers, instance, stubs)
    check_effects(stubs)
    assert instance.stop() == 0
    check_nothing_left(instance)
    effects = {name: len(stub.effects()) for name, stub in stubs.items()}
    if person:
        print(f"acts {sum(person.done.values())}, swept {swept(instance)}")
    print(f"{WHICH}: {KILLS} kills, {writer.commits} commits, {len(rows)} rows at the end, effects {effects}: "
          "all there, none double, in order")


main()
