"""Hours of ordinary work with one fault after another: does anything grow, or come back more slowly than it did?

    soak.py DATAPICKER STUB_SERVER SEAM_KILLER MINUTES [postgresql|mariadb]

A table changes without end, two pipelines follow it to an API that honours idempotency keys and to one that can only be looked up. In turns the database is killed, the targets
hang, the network to them is slow and cuts, the journal's disk is full, and now and then the daemon is killed. After each fault the daemon has to catch up; then it is
measured: anonymous memory, descriptors, threads, the write-ahead log, how long catching up took. Nothing of it may grow from the first third of a life to its last. At the end source and
targets are equal, nothing is double, all is in order."""
import contextlib
import os
import pathlib
import signal
import sqlite3
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Instance, Servers, Stub, Workplace, seeded, wait_until  # noqa: E402
from two_apis import Writer, check_effects, check_nothing_left, configure, fill, until_equal  # noqa: E402

DATAPICKER, STUB_SERVER, SEAM_KILLER = map(os.path.abspath, sys.argv[1:4])
MINUTES = float(sys.argv[4])
WHICH = sys.argv[5] if len(sys.argv) > 5 else "postgresql"
KEYS = 2_000
FAULT_S = 8
CATCH_UP_S = 180
WAL_MB_MAX = 72  # journal_size_limit is 64 MiB
KILL_EVERY = 5  # rounds: long enough a life to see something grow


class SteadyWriter(Writer):
    """Goes on when the database comes back. A commit whose answer was lost is there or not: the source is the truth."""

    def __init__(self, servers, random, keys):
        super().__init__(servers, random, keys)
        self.servers = servers

    def run(self):
        while not self.end.is_set():
            try:
                self.change_a_few()
            except Exception:
                with contextlib.suppress(Exception):
                    self.connection = self.servers.connect()
            time.sleep(0.03)


class Soak:
    def __init__(self):
        self.random = seeded()
        self.work = Workplace("soak")
        self.servers = Servers(self.work, WHICH)
        self.stubs = {"keyed": Stub(self.work, STUB_SERVER, "keyed", "--mode", "idempotent"),
                      "searched": Stub(self.work, STUB_SERVER, "searched", "--mode", "lookup")}
        self.instance = Instance(self.work, DATAPICKER)
        configure(self.instance, self.servers, self.stubs["keyed"], self.stubs["searched"])
        for name in ("keyed", "searched"):
            path = f"connections/{name}.yaml"
            self.instance.write(path, (self.instance.folder / path).read_text() + "timeout: 3s\n")
        self.journal = self.instance.folder / "journal.db"
        self.full = self.work.folder / "the disk is full"
        fill(self.servers, KEYS)
        self.writer = SteadyWriter(self.servers, self.random, KEYS)
        self.began = time.monotonic()
        self.lives = []

    def start(self):
        self.instance.start(environment={"LD_PRELOAD": SEAM_KILLER, "SEAM_KILLER_JOURNAL": str(self.journal), "SEAM_KILLER_FULL": str(self.full)})
        self.lives.append([])

    @contextlib.contextmanager
    def database_away(self):
        self.servers.unplug()
        yield
        self.servers.plug_in()

    @contextlib.contextmanager
    def targets_away(self):
        """They neither answer nor refuse."""
        for stub in self.stubs.values():
            stub.process.send_signal(signal.SIGSTOP)
        yield
        for stub in self.stubs.values():
            stub.process.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def slow_network(self):
        for stub in self.stubs.values():
            stub.control(latency_ms=300, cut_rate=0.05, fail_rate=0.05)
        yield
        for stub in self.stubs.values():
            stub.control(latency_ms=0, cut_rate=0, fail_rate=0)

    @contextlib.contextmanager
    def full_disk(self):
        self.full.touch()
        yield
        self.full.unlink()

    @contextlib.contextmanager
    def killed(self):
        self.instance.kill()
        self.start()
        yield

    def ask(self, question):
        with contextlib.closing(sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True, timeout=30)) as journal:
            return journal.execute(question).fetchone()[0]

    def lag(self):
        """Changes that no pipeline has mapped yet, and deliveries that have not ended."""
        mapped = self.ask("SELECT coalesce((SELECT max(seq) FROM change) - (SELECT min(position) FROM pipeline), 0)")
        return mapped + self.ask("SELECT count(*) FROM delivery WHERE (state = 'pending' OR state = 'held' OR state = 'in_flight' OR state = 'uncertain')")

    def behind(self):
        """What the source has that the journal has not: its newest version."""
        with contextlib.closing(self.servers.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT max(version) FROM customer")
            newest = cursor.fetchone()[0]
        return newest - (self.ask("SELECT max(json_extract(after, '$.version')) FROM (SELECT after FROM change ORDER BY seq DESC LIMIT 50)") or 0)

    def measure(self, caught_up_s):
        process = pathlib.Path(f"/proc/{self.instance.process.pid}")
        rollup = (process / "smaps_rollup").read_text()
        wal = pathlib.Path(f"{self.journal}-wal")
        return {"anonymous_mb": next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Anonymous:")) / 1024,
                "descriptors": len(list((process / "fd").iterdir())), "threads": len(list((process / "task").iterdir())),
                "wal_mb": wal.stat().st_size / 1e6 if wal.exists() else 0, "journal_mb": self.journal.stat().st_size / 1e6, "lag": self.lag(), "caught_up_s": caught_up_s}

    def suffer(self, name, fault):
        with fault():
            time.sleep(FAULT_S)
        ended = time.monotonic()
        wait_until(lambda: not self.instance.ended() and self.lag() < 200 and self.behind() < 500, CATCH_UP_S, f"the daemon to catch up after {name}", pause=0.2)
        measured = self.measure(time.monotonic() - ended)
        self.lives[-1].append(measured)
        numbers = ", ".join(f"{what} {value:.1f}" if isinstance(value, float) else f"{what} {value}" for what, value in measured.items())
        print(f"{(time.monotonic() - self.began) / 60:6.1f} min  {name:14} {numbers}", flush=True)

    def run(self):
        self.start()
        self.writer.start()
        faults = [("database away", self.database_away), ("targets away", self.targets_away), ("slow network", self.slow_network), ("full disk", self.full_disk)]
        rounds = 0
        while time.monotonic() - self.began < MINUTES * 60:
            rounds += 1
            order = self.random.sample(faults, len(faults))
            for name, fault in order + ([("killed", self.killed)] if rounds % KILL_EVERY == 0 else []):
                self.suffer(name, fault)
        self.writer.end.set()
        self.writer.join()
        until_equal(self.servers, self.instance, self.stubs)
        check_effects(self.stubs)
        assert self.instance.stop() == 0
        check_nothing_left(self.instance)
        print(f"{rounds} rounds, {self.writer.commits} commits, {self.ask('SELECT count(*) FROM change')} changes: all there, none double, in order")

    def require_flat(self):
        """The last third of each life against its first; lives of a few faults tell nothing. The first round fills caches and pools."""
        looked_at = 0
        for life in self.lives:
            settled = life[4:]
            third = len(settled) // 3
            if third < 2:
                continue
            looked_at += 1
            for what, share, room in (("anonymous_mb", 1.15, 8), ("descriptors", 1, 6), ("threads", 1, 4), ("caught_up_s", 2, 15)):
                first, last = (statistics.median(each[what] for each in part) for part in (settled[:third], settled[-third:]))
                print(f"{what}: {first:.1f} in the first third, {last:.1f} in the last")
                assert last <= first * share + room, f"{what} grows: {[round(each[what], 1) for each in life]}"
        assert max(each["wal_mb"] for life in self.lives for each in life) <= WAL_MB_MAX, "the write-ahead log grows"
        assert looked_at, "too short to see anything grow: give it ten minutes"


soak = Soak()
soak.run()
soak.require_flat()
