"""SIGKILL before and after the n-th call of each seam, for each way to read a table, on SQLite.

    seam_kill_test.py DATAPICKER STUB_SERVER SEAM_KILLER [RUNS|all] [diff|watermark|tail …]

A small scene is played again and again from its beginning: a first load of a few rows, then inserts, updates, deletes and a key that comes back, to an API that honours
idempotency keys and to one that can only be looked up. Each time the daemon dies at another call: of the journal's disk, of the source, of the targets'
sockets. While it is dead the source changes; then it is started again. Judged by the source and by what the targets counted themselves: all is there, nothing is
there twice, each idempotency key had one effect, no value went back.

RUNS are spread evenly over all calls that the scene makes; `all` dies at each. SEED says where the first of a sample falls."""
import concurrent.futures
import contextlib
import os
import pathlib
import signal
import sqlite3
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Instance, Stub, Workplace, seeded, wait_until  # noqa: E402
from two_apis import check_effects, check_nothing_left, configure, describe, difference  # noqa: E402

DATAPICKER, STUB_SERVER, SEAM_KILLER = map(os.path.abspath, sys.argv[1:4])
RUNS = sys.argv[4] if len(sys.argv) > 4 else "60"
MODES = sys.argv[5:] or ["diff", "watermark", "tail"]
SEAMS = ("journal_write", "journal_sync", "source_execute", "source_fetch", "target_send", "target_receive")
CAPTURE = {
    "diff": "mode: diff, every: 50ms, chunk_rows: 3",
    "watermark": "mode: watermark, column: version, every: 50ms, full_every: 1s",
    "tail": "mode: tail, log: change_log, every: 50ms, full_every: 12h",
}
PATIENCE = 60
AT_ONCE = 4


class Source:
    """The table, as two_apis asks for it."""

    which, password = "sqlite", "no password"

    def __init__(self, folder):
        self.path = folder / "erp.db"
        self.odbc = f"Driver=SQLite3;Database={self.path};Timeout=10000"
        self.version = 10
        with self.connect() as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("CREATE TABLE customer (code CHAR(10) NOT NULL PRIMARY KEY, name VARCHAR(40), credit INTEGER, version INTEGER NOT NULL)")
            database.executemany("INSERT INTO customer VALUES (?, ?, 0, ?)", [(f"C{i}", f"Customer {i}", i) for i in range(8)])

    @contextlib.contextmanager
    def connect(self):
        with contextlib.closing(sqlite3.connect(self.path, timeout=30)) as database, database:
            yield database

    def change(self):
        """One transaction: two rows change, one comes, one goes, and one goes and comes again."""
        first = self.version + 1
        self.version += 5
        with self.connect() as database:
            database.execute("UPDATE customer SET credit = credit + 1, version = ? WHERE code = 'C0'", [first])
            database.execute("UPDATE customer SET credit = credit + 1, version = ? WHERE code = 'C5'", [first + 1])
            database.execute("DELETE FROM customer WHERE code = (SELECT max(code) FROM customer WHERE code > 'C5')")
            database.execute("INSERT INTO customer VALUES (?, 'New', 0, ?)", [f"D{first}", first + 2])
            if database.execute("DELETE FROM customer WHERE code = 'C2'").rowcount == 0:
                database.execute("INSERT INTO customer VALUES ('C2', 'Back', 0, ?)", [first + 3])

    def rows(self):
        with self.connect() as database:
            rows = database.execute("SELECT code, name, credit, version FROM customer").fetchall()
        return {code: {"code": code, "name": name, "credit": credit, "version": version} for code, name, credit, version in rows}


class Scene:
    def __init__(self, mode):
        self.work = Workplace(f"seam-{mode}")
        self.source = Source(self.work.folder)
        self.stubs = {"keyed": Stub(self.work, STUB_SERVER, "keyed", "--mode", "idempotent"),
                      "searched": Stub(self.work, STUB_SERVER, "searched", "--mode", "lookup")}
        self.instance = Instance(self.work, DATAPICKER)
        configure(self.instance, self.source, self.stubs["keyed"], self.stubs["searched"])
        self.instance.write("tables/customer.yaml", f"table: customer\nconnection: erp\nfrom: customer\nkey: [code]\n"
                            f"capture: {{ {CAPTURE[mode]} }}\ninitial: deliver\n")
        if mode == "tail":
            done = self.instance.verb("change-log", "install", "erp", "--apply")
            assert done.returncode == 0, done
        self.counts_file = self.work.folder / "counts"

    def start(self, order=""):
        """Counts begin anew."""
        self.counts_file.write_bytes(bytes(8 * len(SEAMS)))
        environment = {"LD_PRELOAD": SEAM_KILLER, "SEAM_KILLER": order, "SEAM_KILLER_COUNTS": str(self.counts_file),
                       "SEAM_KILLER_JOURNAL": str(self.instance.folder / "journal.db"),
                       "SEAM_KILLER_PORTS": ",".join(str(stub.port) for stub in self.stubs.values())}
        self.instance.start(ready=False, environment=environment)

    def counts(self):
        return dict(zip(SEAMS, struct.unpack(f"{len(SEAMS)}q", self.counts_file.read_bytes())))

    def unlike(self):
        rows = self.source.rows()
        return describe({name: difference(rows, stub) for name, stub in self.stubs.items() if any(difference(rows, stub).values())})

    def play(self):
        """The first load, then three transactions, each when the one before has arrived. Ends early when the daemon does."""
        for _ in range(3):
            wait_until(lambda: self.instance.ended() or not self.unlike(), PATIENCE, "the targets to follow", pause=0.02)
            self.source.change()
        wait_until(lambda: self.instance.ended() or not self.unlike(), PATIENCE, "the targets to follow", pause=0.02)

    def finish(self, what):
        """A daemon that nobody kills brings all in order."""
        try:
            wait_until(lambda: not self.unlike(), PATIENCE, f"source and targets equal after {what}", pause=0.02)
            wait_until(lambda: not self.open_deliveries(), PATIENCE, f"nothing to be open after {what}", pause=0.02)
            assert self.instance.stop() == 0, what
            check_effects(self.stubs)
            check_nothing_left(self.instance)
        except AssertionError as failure:
            raise AssertionError(f"{what}: {failure}\n{self.unlike()}\n{self.instance.log_text()[-3000:]}")
        self.work.close()

    def open_deliveries(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.instance.folder}/journal.db?mode=ro", uri=True)) as journal:
            return journal.execute("SELECT count(*) FROM delivery WHERE state IN ('pending', 'in_flight', 'uncertain')").fetchone()[0]


def calls_of(mode):
    """How many calls of each seam the whole scene makes."""
    scene = Scene(mode)
    scene.start()
    scene.play()
    counts = scene.counts()
    scene.finish(f"{mode} without a kill")
    return counts


def dies_at(mode, seam, number, when):
    """False: all was over before there were as many calls."""
    what = f"{mode}: SIGKILL {when} {seam} {number}"
    scene = Scene(mode)
    scene.start(f"{seam}/{number}/{when}")
    scene.play()
    code = scene.instance.process.poll() if scene.instance.ended() else scene.instance.stop()
    assert code in (0, -signal.SIGKILL), f"{what}: {code}\n{scene.instance.log_text()[-3000:]}"
    scene.source.change()
    scene.start()
    scene.finish(what)
    return code != 0


def sample(counts, random):
    """(mode, seam, number, when) for as many runs as were asked for, the same share for each seam of each mode."""
    every = [(mode, seam, when) for mode in MODES for seam in SEAMS for when in ("before", "after")]
    for mode, seam, when in every:
        calls = counts[mode][seam]
        assert calls > 0, f"{mode} makes no call of {seam}: the seam is no longer where it was"
        runs = calls if RUNS == "all" else max(1, int(RUNS) // len(every))
        step = calls / runs
        offset = 0 if RUNS == "all" else random.random() * step
        for run in range(runs):
            yield mode, seam, min(calls, int(offset + run * step) + 1), when


def main():
    random = seeded()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as threads:
        counts = dict(zip(MODES, threads.map(calls_of, MODES)))
        for mode in MODES:
            print(mode, counts[mode], flush=True)
        runs = list(sample(counts, random))
        died = 0
        for done, dead in enumerate(threads.map(lambda run: dies_at(*run), runs), 1):
            died += dead
            if done % 500 == 0:
                print(f"{done} of {len(runs)}", flush=True)
    print(f"{len(runs)} runs, {died} deaths: all there, none double, in order")
    assert died > len(runs) // 2, "most runs ended before the call they were to die at"


main()
