"""Databases that cannot be had here, played by our own ODBC driver (test/support/scripted_driver): what they hold, and what their functions say of it.

A model is written by the vendor's documentation, not by the SQL that Datapicker sends: it publishes tables and functions with their rows, and the
driver answers by the names that a statement mentions and the values it binds."""
import json
import os
import threading


class Table:
    def __init__(self, name, columns, key):
        self.name, self.columns, self.key = name, columns, key
        self.rows = {}

    def relation(self):
        return {"of": [self.name], "table": True, "key": [self.key], "columns": self.columns,
                "rows": [[row.get(column) for column in self.columns] for row in self.rows.values()]}


class Database:
    """Changes are made by `transaction`, and seen by the next statement."""

    dbms, names = "Scripted", "mixed"

    def __init__(self, work, driver, table):
        self.table = table
        self.path = work.folder / "database.json"
        self.odbc = f"Driver={driver};Script={self.path}"
        self.lock = threading.RLock()
        self.extra = []  # relations of one test

    def publish(self):
        script = {"dbms": self.dbms, "names": self.names, "relations": [self.table.relation(), *self.relations(), *self.extra]}
        draft = self.path.with_suffix(".draft")
        draft.write_text(json.dumps(script))
        os.replace(draft, self.path)

    def relations(self):
        return []

    def away(self):
        """The server cannot be reached until the next `publish`."""
        self.path.unlink()
