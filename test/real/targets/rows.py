"""A table `customer` in a real database, and a thread that changes it without end."""
import pathlib
import sqlite3
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Servers  # noqa: E402

CUSTOMER = "CREATE TABLE customer (code VARCHAR(10) NOT NULL PRIMARY KEY, name VARCHAR(40), credit DECIMAL(12,2), version BIGINT)"


class SqliteFile:
    """The part of `Servers` that this test needs, for a database without a server."""

    def __init__(self, work, name="erp.db"):
        self.path = work.folder / name
        self.odbc = f"Driver=SQLite3;Database={self.path};JournalMode=WAL"
        sqlite3.connect(self.path).close()

    def connect(self):
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=30)
        connection.execute("PRAGMA journal_mode = WAL")
        return connection


class Database:
    def __init__(self, servers, which):
        self.servers, self.which = servers, which
        self.connection = servers.connect()

    def sql(self, text, *values):
        cursor = self.connection.cursor()
        cursor.execute(text.replace("%s", "?") if self.which == "sqlite" else text, values)
        return cursor.fetchall() if cursor.description else cursor.rowcount

    def reconnect(self):
        self.connection = self.servers.connect()

    def another(self):
        return Database(self.servers, self.which)


def open_database(work, which):
    return Database(SqliteFile(work) if which == "sqlite" else Servers(work, which), which)


def fill(database, keys):
    database.sql(CUSTOMER)
    for i in range(keys):
        database.sql("INSERT INTO customer VALUES (%s, %s, %s, %s)", f"C{i:05}", f"Customer {i}", f"{i}.50", i)


class Writer(threading.Thread):
    """Inserts, updates and deletes random rows of `customer` over a connection of its own until it is told to end."""

    def __init__(self, database, random, keys):
        super().__init__(daemon=True)
        self.database, self.random, self.keys = database.another(), random, keys
        self.end = threading.Event()
        self.version = keys
        self.problem = None

    def run(self):
        try:
            while not self.end.is_set():
                for _ in range(self.random.randint(1, 8)):
                    self.change_one(f"C{self.random.randrange(self.keys):05}")
                time.sleep(0.003)
        except Exception as problem:  # shown by the main thread
            self.problem = problem

    def change_one(self, code):
        self.version += 1
        if self.random.random() < 0.1:
            self.database.sql("DELETE FROM customer WHERE code = %s", code)
        elif not self.database.sql("UPDATE customer SET credit = %s, version = %s WHERE code = %s", f"{self.version / 100:.2f}",
                                   self.version, code):
            self.database.sql("INSERT INTO customer VALUES (%s, %s, %s, %s)", code, f"D'Oro \"{code}\" €",
                              f"{self.version / 100:.2f}", self.version)

    def finish(self):
        self.end.set()
        self.join()
        assert self.problem is None, self.problem
