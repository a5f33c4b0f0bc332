"""A driver that hangs and does not hear SQLCancel, under the real daemon: its calls are left behind, everything else goes on, and the daemon ends when it is told to.

    hanging_driver.py DATAPICKER STUB_SERVER FAULTY_DRIVER

Two SQLite databases: `faulty` is read through the driver that hangs on cue, `sound` through SQLite's own. Judged at the target, by `status`, by /metrics and by how the process ends."""
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Instance, Stub, Workplace, free_port, main, wait_until  # noqa: E402

DATAPICKER, STUB_SERVER, FAULTY_DRIVER = sys.argv[1:4]
PATIENCE = 60
MOST_LEFT = 4


def real_driver():
    """The library behind the driver's name."""
    lines = subprocess.run(["odbcinst", "-q", "-d", "-n", "SQLite3"], check=True, capture_output=True, text=True).stdout.splitlines()
    name = next(line.split("=", 1)[1].strip() for line in lines if line.startswith("Driver="))
    return name if name.startswith("/") else str(next(pathlib.Path("/usr/lib").rglob(pathlib.Path(name).name)))


class Scene:
    def __init__(self):
        self.work = Workplace("hanging")
        self.order = self.work.folder / "order"
        os.environ.update(FAULTY_DRIVER_REAL=real_driver(), FAULTY_DRIVER_ORDER=str(self.order))
        self.stub = Stub(self.work, STUB_SERVER, "api", "--mode", "idempotent")
        self.instance = Instance(self.work, DATAPICKER, "hanging")
        self.metrics = free_port()
        self.instance.write("datapicker.yaml", f"instance: hanging\njournal: {{ path: journal.db }}\nmetrics: 127.0.0.1:{self.metrics}\n")
        self.instance.write("connections/shop.yaml", f"""connection: shop
target: webhook
url: {self.stub.url}
repeat_safe: true
idempotency_header: Idempotency-Key
requests:
  upsert: {{ method: PUT, path: "/{{match.id}}", body: fields }}
  delete: {{ method: DELETE, path: "/{{match.id}}", gone: [404] }}
""")
        for name, driver in (("faulty", FAULTY_DRIVER), ("sound", "SQLite3")):
            self.watch(name, driver)
        self.instance.start()
        for name in ("faulty", "sound"):
            self.wait_arrived(name, 0)

    def watch(self, name, driver):
        with self.database(name) as database:
            database.execute("CREATE TABLE customers (id INTEGER NOT NULL PRIMARY KEY, version INTEGER)")
            database.executemany("INSERT INTO customers VALUES (?, 0)", [[id] for id in range(50)])
        self.instance.write(f"connections/{name}.yaml", f'connection: {name}\nodbc: "Driver={driver};Database={self.work.folder}/{name}.db"\n'
                            "dialect: sqlite\nconnect_timeout: 1s\nquery_timeout: 1s\n")
        self.instance.write(f"tables/{name}.yaml", f"table: {name}\nconnection: {name}\nfrom: customers\nkey: [id]\n"
                            "capture: { mode: diff, every: 100ms, probe: false }\ninitial: deliver\n")
        self.instance.write(f"pipelines/{name}/pipeline.yaml", f"pipeline: {name}\ntable: {name}\nmap: {{ version: version }}\n"
                            f"guard: {{ mass_change: off }}\n"
                            f"target: {{ connection: shop, object: {name}, match: {{ id: \"'{name}/' || id\" }} }}\n")

    def database(self, name):
        return sqlite3.connect(self.work.folder / f"{name}.db")

    def change(self, name, version):
        with self.database(name) as database:
            database.execute("UPDATE customers SET version = ?", [version])

    def arrived(self, name):
        """The version of each record at the target."""
        records = {}
        for effect in self.stub.effects():
            if effect["what"] == "effect" and effect["path"].startswith(f"/{name}/"):
                records[effect["path"]] = effect["body"]["version"]
        return records

    def wait_arrived(self, name, version):
        wait_until(lambda: set(self.arrived(name).values()) == {version} and len(self.arrived(name)) == 50, PATIENCE, f"version {version} of {name} at the target")

    def hang(self, call):
        """The next such call of the driver hears nothing any more."""
        self.order.write_text(f"{call} 1 deaf")
        wait_until(lambda: not self.order.exists(), PATIENCE, f"the driver to hang in {call}")

    def left_behind(self):
        text = urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics").read().decode()
        found = re.search(r'datapicker_calls_left_behind\{connection="faulty"\} (\d+)', text)
        return int(found[1]) if found else 0

    def table(self, name):
        return next(table for table in self.instance.json("status")["tables"] if table["name"] == name)


def calls_are_left_behind_and_everything_goes_on():
    scene = Scene()
    for number, call in enumerate(["fetch", "execute"], 1):
        scene.hang(call)
        scene.change("sound", number)
        scene.change("faulty", number)
        scene.wait_arrived("sound", number)
        wait_until(lambda number=number: scene.left_behind() == number, PATIENCE, f"{number} calls to be left behind")
        scene.wait_arrived("faulty", number)
    assert "did not come back within" in scene.instance.log_text()
    ended_in_time(scene)


def at_four_the_connection_makes_no_more_calls_and_says_so():
    scene = Scene()
    for number in range(1, MOST_LEFT + 1):
        scene.hang("execute")
        wait_until(lambda number=number: scene.left_behind() == number, PATIENCE, f"{number} calls to be left behind")
    wait_until(lambda: "4 calls of its driver never came back" in scene.table("faulty")["reason"], PATIENCE, "status to say so")
    assert scene.table("faulty")["state"] == "unreachable", scene.table("faulty")
    scene.change("faulty", 1)
    scene.change("sound", 1)
    scene.wait_arrived("sound", 1)
    assert scene.left_behind() == MOST_LEFT
    ended_in_time(scene)
    scene.instance.start()
    scene.wait_arrived("faulty", 1)
    assert scene.instance.stop() == 0


def sigterm_ends_the_daemon_while_a_call_hangs():
    scene = Scene()
    scene.instance.write("connections/faulty.yaml", (scene.instance.folder / "connections/faulty.yaml").read_text().replace("query_timeout: 1s", "query_timeout: 10m"))
    assert scene.instance.verb("reload").returncode == 0
    scene.hang("fetch")
    scene.change("sound", 1)
    scene.wait_arrived("sound", 1)
    ended_in_time(scene)
    assert scene.instance.verb("check", "--journal").returncode == 0


def ended_in_time(scene):
    """systemd kills it after 60 seconds: no hang may bring it near."""
    began = time.monotonic()
    scene.instance.process.send_signal(signal.SIGTERM)
    assert scene.instance.process.wait(timeout=PATIENCE) == 0
    took = time.monotonic() - began
    print(f"  ended {took:.1f} s after SIGTERM", flush=True)
    assert "daemon.stopped" in scene.instance.log_text()


main([calls_are_left_behind_and_everything_goes_on, at_four_the_connection_makes_no_more_calls_and_says_so, sigterm_ends_the_daemon_while_a_call_hangs], sys.argv[4:])
