"""The daemon under a service manager: a socket of this test stands where systemd's would be.

    service.py DATAPICKER [TEST…]"""
import os
import re
import signal
import socket
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.request

from harness import Instance, Workplace, free_port, main, wait_until

DATAPICKER = sys.argv[1]
WATCHDOG_SECONDS = 4
PATIENCE = 60


class ServiceManager:
    """Listens as systemd does; every message with the time it came."""

    def __init__(self, work):
        self.path = str(work.folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.messages = []
        threading.Thread(target=self.listen, daemon=True).start()
        work.closers.append(self.socket.close)

    def listen(self):
        while True:
            try:
                text = self.socket.recv(4096).decode()
            except OSError:
                return
            self.messages.append((time.monotonic(), text))

    def start(self, instance):
        os.environ.update(NOTIFY_SOCKET=self.path, WATCHDOG_USEC=str(WATCHDOG_SECONDS * 1_000_000))
        instance.start()

    def times(self, line):
        return [when for when, text in self.messages if line in text.split("\n")]

    def last_alive(self):
        return max(self.times("WATCHDOG=1"), default=0)


class Service:
    def __init__(self, name):
        self.work = Workplace(name)
        self.manager = ServiceManager(self.work)
        self.database = self.work.folder / "erp.db"
        with sqlite3.connect(self.database) as connection:
            connection.execute("CREATE TABLE customer (code CHAR(6) PRIMARY KEY, name TEXT)")
            connection.execute("INSERT INTO customer VALUES ('C1', 'Rossi')")
        connection.close()
        self.instance = Instance(self.work, DATAPICKER, name)
        self.port = free_port()
        self.instance.write("datapicker.yaml",
                            f"instance: {name}\njournal: {{ path: journal.db }}\nmetrics: 127.0.0.1:{self.port}\n")
        self.instance.write("connections/erp.yaml", "connection: erp\ndialect: sqlite\n"
                            f'odbc: "Driver=SQLite3;Database={self.database};Timeout=30000"\n')
        self.instance.write("connections/lines.yaml", f"connection: lines\ntarget: file\npath: {self.work.folder}/lines.jsonl\n")
        self.instance.write("tables/customer.yaml", "table: customer\nconnection: erp\nfrom: customer\nkey: [code]\n"
                            "capture: { mode: diff, every: 100ms }\ninitial: deliver\n")
        self.instance.write("pipelines/to_lines/pipeline.yaml", "pipeline: to_lines\ntable: customer\nmap: { name: name }\n"
                            "target: { connection: lines, object: customers, match: { code: code } }\n")
        self.manager.start(self.instance)

    def health(self):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health").read().decode()
        except urllib.error.HTTPError as refused:
            return f"{refused.code} {refused.read().decode()}"

    def lock(self, path):
        """Another program that holds the write lock of a database; `close` gives it back."""
        connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        connection.execute("BEGIN EXCLUSIVE" if path == self.database else "BEGIN IMMEDIATE")
        return connection


def ready_status_and_end_are_told():
    service = Service("service")
    manager = service.manager
    wait_until(lambda: manager.times("READY=1"), PATIENCE, "READY=1")
    wait_until(lambda: manager.times("WATCHDOG=1"), PATIENCE, "WATCHDOG=1")
    assert any("STATUS=1 table, 1 pipeline, 1 target" in text for _, text in manager.messages), manager.messages
    assert not manager.times("STOPPING=1")
    assert service.instance.stop() == 0
    wait_until(lambda: manager.times("STOPPING=1"), PATIENCE, "STOPPING=1")
    assert manager.times("READY=1")[0] <= manager.times("STOPPING=1")[0]


def a_journal_writer_that_hangs_stops_the_watchdog():
    """The process lives, reads its source and answers on its socket, but nothing can be journaled any more."""
    service = Service("stalled")
    manager = service.manager
    wait_until(lambda: len(manager.times("WATCHDOG=1")) >= 2, PATIENCE, "the engine to be well")
    holder = service.lock(service.instance.folder / "journal.db")
    locked = time.monotonic()
    wait_until(lambda: "stage.silent" in service.instance.log_text(), PATIENCE, "a stage to fall silent")
    # As long as systemd would wait before it kills.
    wait_until(lambda: time.monotonic() - manager.last_alive() > WATCHDOG_SECONDS, PATIENCE, "no WATCHDOG=1 for the whole interval")
    assert manager.last_alive() - locked < WATCHDOG_SECONDS, "WATCHDOG=1 was told long after the writer had stopped"
    assert re.search(r"stage\.silent stage=journal", service.instance.log_text()), service.instance.log_text()
    assert service.health().startswith("503 no answer from: journal"), service.health()
    assert not service.instance.ended()
    holder.close()
    wait_until(lambda: time.monotonic() - manager.last_alive() < 1, PATIENCE, "WATCHDOG=1 to come again")
    assert service.health() == "ok\n"
    assert service.instance.stop() == 0


def a_reader_that_waits_for_its_source_does_not():
    service = Service("slow-source")
    manager = service.manager
    wait_until(lambda: "capture.snapshot" in service.instance.log_text(), PATIENCE, "the first read")
    holder = service.lock(service.database)
    locked = time.monotonic()
    wait_until(lambda: manager.last_alive() - locked > 1.5 * WATCHDOG_SECONDS, PATIENCE, "WATCHDOG=1 to go on")
    assert "stage.silent" not in service.instance.log_text()
    holder.close()
    assert service.instance.stop() == 0


def sigterm_is_heard_while_a_reload_waits_for_its_source():
    service = Service("reload")
    manager = service.manager
    wait_until(lambda: "capture.snapshot" in service.instance.log_text(), PATIENCE, "the first read")
    holder = service.lock(service.database)
    os.kill(service.instance.process.pid, signal.SIGHUP)
    os.kill(service.instance.process.pid, signal.SIGTERM)
    wait_until(lambda: manager.times("STOPPING=1"), PATIENCE / 4, "STOPPING=1 while the source answers nobody")
    holder.close()
    assert service.instance.process.wait(timeout=PATIENCE) == 0


if __name__ == "__main__":
    main([ready_status_and_end_are_told, sigterm_is_heard_while_a_reload_waits_for_its_source, a_journal_writer_that_hangs_stops_the_watchdog,
          a_reader_that_waits_for_its_source_does_not], sys.argv[2:])
