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


class SqlServer(Database):
    """Change tracking: a version for each commit, of each key the last change, forgotten below the least valid version."""

    dbms = "Microsoft SQL Server"

    def __init__(self, work, driver, table):
        super().__init__(work, driver, table)
        self.version = self.min_valid = 0
        self.tracked = {}
        self.enabled = self.snapshot = True

    def transaction(self, changes, context=None):
        """`changes`: (key, row), or (key, None) for a delete; committed at once."""
        with self.lock:
            self.version += 1
            for key, row in changes:
                operation = "D" if row is None else "U" if key in self.table.rows else "I"
                if row is None:
                    self.table.rows.pop(key, None)
                else:
                    self.table.rows[key] = row
                self.tracked[key] = [key, self.version, operation, context]
            self.publish()

    def clean_up(self):
        """Retention has passed: what was tracked until now is gone."""
        with self.lock:
            self.tracked.clear()
            self.min_valid = self.version
            self.publish()

    def truncate(self):
        with self.lock:
            self.table.rows.clear()
            self.tracked.clear()
            self.version += 1
            self.min_valid = self.version
            self.publish()

    def relations(self):
        key = self.table.key
        number = {"CHANGE_TRACKING_CURRENT_VERSION": "bigint", "CHANGE_TRACKING_MIN_VALID_VERSION": "bigint"}
        return [
            {"of": ["CHANGETABLE", self.table.name], "arguments": {self.table.name: "SYS_CHANGE_VERSION >"}, "rows": list(self.tracked.values()),
             "columns": {key: self.table.columns[key], "SYS_CHANGE_VERSION": "bigint", "SYS_CHANGE_OPERATION": "char(1)", "SYS_CHANGE_CONTEXT": "varchar(128)"}},
            {"of": list(number), "columns": number, "rows": [[self.version, self.min_valid if self.enabled else None]]},
            {"of": ["sys.change_tracking_tables", "OBJECT_ID"], "columns": {"object_id": "integer"}, "rows": [[1]] if self.enabled else []},
            {"of": ["sys.databases"], "columns": {"snapshot_isolation_state": "integer"}, "rows": [[1]] if self.snapshot else []}]


class Oracle(Database):
    """Flashback: each version of a row with the SCNs and the transaction that made it, as far back as undo reaches."""

    dbms, names = "Oracle", "upper"

    def __init__(self, work, driver, table):
        super().__init__(work, driver, table)
        self.scn = 10_000_000_000
        self.undo_from = 0
        self.versions = []

    def transaction(self, changes):
        with self.lock:
            self.scn += 3
            for key, row in changes:
                operation = "D" if row is None else "U" if key in self.table.rows else "I"
                if row is None:
                    self.table.rows.pop(key, None)
                else:
                    self.table.rows[key] = row
                self.versions.append([key, self.scn, None, f"{self.scn:016X}", operation, 1_700_000_000_000 + self.scn % 1_000_000])
            self.publish()

    def idle(self):
        """Other tables are written."""
        with self.lock:
            self.scn += 5
            self.publish()

    def forget_undo(self):
        with self.lock:
            self.undo_from = self.scn
            self.versions.clear()
            self.publish()

    def relations(self):
        key = self.table.key
        lost = {"state": "HY000", "native": 30052, "message": "ORA-30052: invalid lower limit snapshot expression", "when": ["SCN", "<", self.undo_from]}
        return [
            {"of": ["VERSIONS", self.table.name], "arguments": {"SCN": "VERSIONS_STARTSCN between"}, "rows": self.versions, "fails": lost,
             "columns": {key: self.table.columns[key], "VERSIONS_STARTSCN": "decimal(38,0)", "VERSIONS_ENDSCN": "decimal(38,0)", "VERSIONS_XID": "varchar(16)",
                         "VERSIONS_OPERATION": "char(1)", "VERSIONS_STARTTIME": "bigint"}},
            {"of": ["DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER"], "columns": {"GET_SYSTEM_CHANGE_NUMBER": "varchar(40)"}, "rows": [[self.scn]]}]


class IbmI(Database):
    """A journaled file: entries of all transactions in the order they were written, before their commit, in receivers; rows by relative record number.

    Readers see what is committed. A transaction that is taken back leaves its entries, and others that compensate them."""

    dbms, names = "DB2/400 SQL", "upper"
    library, file, journal_library, journal = "GESTLIB", "ANACLI", "JRNLIB", "GESTJRN"

    def __init__(self, work, driver, table):
        super().__init__(work, driver, table)
        self.places = {}   # key: relative record number
        self.free = []     # of deleted rows, used again
        self.last_place = 0
        self.receivers = [{"name": "RCV0001", "status": "ATTACHED", "first": 1, "last": 1}]
        self.entries = [["RCV0001", 1, "J", "PR", 0, 0, None]]
        self.open = {}     # cycle: what it will have done
        self.journaled = True

    def write(self, code, kind, place=0, cycle=0, of_file=True):
        attached = self.receivers[-1]
        attached["last"] += 1
        self.entries.append([attached["name"], attached["last"], code, kind, place, cycle, self.file if of_file else None])
        return attached["last"]

    def begin(self):
        with self.lock:
            cycle = self.write("C", "SC", of_file=False)
            self.entries[-1][5] = cycle
            self.open[cycle] = []
            self.publish()
            return cycle

    def change(self, key, row, cycle=0):
        """Writes a row, or deletes it; without a cycle for good."""
        with self.lock:
            there = key in self.places
            if row is None and not there:
                return
            used_again = bool(self.free)
            if not there:
                self.place(key)
            place = self.places[key]
            if there and row is not None:
                self.write("R", "UB", place, cycle)
            self.write("R", "DL" if row is None else "UP" if there else "PX" if used_again else "PT", place, cycle)
            if row is None:
                del self.places[key]
            done = (key, row, place, there)
            self.open[cycle].append(done) if cycle else self.apply([done])
            self.publish()

    def place(self, key):
        if self.free:
            self.places[key] = self.free.pop()
        else:
            self.last_place += 1
            self.places[key] = self.last_place

    def apply(self, done):
        for key, row, place, _ in done:
            if row is None:
                self.table.rows.pop(key, None)
                self.free.append(place)
            else:
                self.table.rows[key] = row

    def commit(self, cycle):
        with self.lock:
            self.apply(self.open.pop(cycle))
            self.write("C", "CM", 0, cycle, of_file=False)
            self.publish()

    def roll_back(self, cycle):
        with self.lock:
            for key, row, place, there in reversed(self.open.pop(cycle)):
                if row is None:
                    self.places[key] = place
                    self.write("R", "PX", place, cycle)
                elif there:
                    self.write("R", "BR", place, cycle)
                    self.write("R", "UR", place, cycle)
                else:
                    del self.places[key]
                    self.free.append(place)
                    self.write("R", "DR", place, cycle)
            self.write("C", "RB", 0, cycle, of_file=False)
            self.publish()

    def attach_receiver(self, reset=False, detached_s=0):
        with self.lock:
            last = self.receivers[-1]
            last["status"] = "ONLINE"
            last["detached_s"] = detached_s
            first = 1 if reset else last["last"] + 1
            self.receivers.append({"name": f"RCV{int(last['name'][3:]) + 1:04}", "status": "ATTACHED", "first": first, "last": first})
            self.entries.append([self.receivers[-1]["name"], first, "J", "PR", 0, 0, None])
            self.publish()

    def delete_receivers(self, count):
        with self.lock:
            gone = {receiver["name"] for receiver in self.receivers[:count]}
            del self.receivers[:count]
            self.entries = [entry for entry in self.entries if entry[0] not in gone]
            self.publish()

    def reorganize(self):
        """Deleted rows are squeezed out: all others stand elsewhere, and only one entry says so."""
        with self.lock:
            assert not self.open
            self.places = {key: number + 1 for number, key in enumerate(reversed(list(self.places)))}
            self.free.clear()
            self.last_place = len(self.places)
            self.write("F", "RG")
            self.publish()

    def relations(self):
        name = self.table.name
        key = self.table.key
        told = ["JOURNAL_LIBRARY", "JOURNAL_NAME", "RECEIVER_LIBRARY", "OBJECT_LIBRARY", "RECEIVER_NAME", "SEQUENCE_NUMBER", "JOURNAL_CODE", "JOURNAL_ENTRY_TYPE",
                "COUNT_OR_RRN", "COMMIT_CYCLE", "OBJECT_NAME", "ENTRY_TIMESTAMP", "USER_NAME", "ENTRY_DATA"]
        columns = {each: "bigint" if each in ("SEQUENCE_NUMBER", "COUNT_OR_RRN", "COMMIT_CYCLE", "ENTRY_TIMESTAMP") else "varchar(30)" for each in told}
        # ENTRY_DATA was cut: it is no image of any row.
        rows = [[self.journal_library, self.journal, self.journal_library, self.library, *entry, 1_700_000_000_000, "OPERATOR", "C1C2"] for entry in self.entries]
        arguments = {each: f"{each} =" for each in ("JOURNAL_LIBRARY", "JOURNAL_NAME", "OBJECT_LIBRARY", "OBJECT_NAME")}
        arguments |= {f"{end}_RECEIVER_{what}": f"RECEIVER_{what} =" for end in ("STARTING", "ENDING") for what in ("LIBRARY", "NAME")}
        arguments |= {"STARTING_SEQUENCE": "SEQUENCE_NUMBER >=", "ENDING_SEQUENCE": "SEQUENCE_NUMBER <="}
        gone = {"state": "42704", "native": -443, "message": "CPF7053 Values for RCVRNG parameter not valid",
                "when": ["STARTING_RECEIVER_NAME", "not in", [receiver["name"] for receiver in self.receivers]]}
        return [
            {"of": [name, "RRN"], "columns": {key: self.table.columns[key], "RRN": "bigint"},
             "rows": [[each, self.place_of(each)] for each in self.table.rows]},
            {"of": ["QSYS2.SYSTABLES", "QSYS2.JOURNALED_OBJECTS"],
             "columns": {each: "varchar(30)" for each in ("OBJECT_LIBRARY", "OBJECT_NAME", "JOURNAL_LIBRARY", "JOURNAL_NAME", "TABLE_SCHEMA", "TABLE_NAME")},
             "rows": [[self.library, self.file, self.journal_library, self.journal, *name.split(".")]] if self.journaled else []},
            {"of": ["QSYS2.JOURNAL_RECEIVER_INFO"],
             "columns": {"JOURNAL_LIBRARY": "varchar(10)", "JOURNAL_NAME": "varchar(10)", "JOURNAL_RECEIVER_LIBRARY": "varchar(10)", "JOURNAL_RECEIVER_NAME": "varchar(10)",
                         "STATUS": "varchar(10)", "FIRST_SEQUENCE_NUMBER": "bigint", "LAST_SEQUENCE_NUMBER": "bigint", "DETACH_TIMESTAMP": "bigint"},
             "rows": [[self.journal_library, self.journal, self.journal_library, each["name"], each["status"], each["first"], each["last"], each.get("detached_s")]
                      for each in self.receivers]},
            {"of": ["QSYS2.DISPLAY_JOURNAL", "OBJECT_NAME"], "columns": columns, "arguments": arguments, "fails": gone,
             "rows": [row for row in rows if row[10] is not None]},
            {"of": ["QSYS2.DISPLAY_JOURNAL", "CM", "RB"], "columns": columns, "arguments": arguments, "fails": gone,
             "rows": [row for row in rows if row[6] == "C" and row[7] in ("CM", "RB")]}]

    def place_of(self, key):
        """Where a committed row stands, also while a transaction that may be taken back has deleted it."""
        if key in self.places:
            return self.places[key]
        return next(place for done in self.open.values() for each, row, place, _ in done if each == key)
