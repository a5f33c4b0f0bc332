"""An instance between a scripted database and a stub web API, compared by what both hold."""
import contextlib
import json
import pathlib
import sys
import threading
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[above]) for above in (1, 2)]
from compared import check_whole, held, write_shop  # noqa: E402
from harness import Instance, Stub, Workplace, wait_until  # noqa: E402

WHOLE = "deliver: together\ntogether_max: 1000\n"


def arguments(kills, keys):
    """DATAPICKER STUB_SERVER SCRIPTED_DRIVER [KILLS [KEYS]]: the programs, the driver, and how much is done."""
    given = [int(argument) for argument in sys.argv[4:6]]
    return sys.argv[1:3], sys.argv[3], *given, *[kills, keys][len(given):]


class Scene:
    def __init__(self, name, programs, database, dialect, log, deliver="", fail_rate=0):
        """`database` makes one for a workplace. Of its requests the target refuses that share for now."""
        datapicker, stub_server = programs
        self.work = Workplace(name)
        self.database = database(self.work)
        self.stub = Stub(self.work, stub_server, "shop", "--mode", "idempotent", "--fail-rate", str(fail_rate))
        self.instance = Instance(self.work, datapicker)
        table = self.database.table
        self.key = table.key
        self.instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{self.database.odbc}"\ndialect: {dialect}\n')
        write_shop(self.instance, self.stub)
        self.instance.write("tables/customer.yaml", f"table: customer\nconnection: erp\nfrom: {table.name}\nkey: [{table.key}]\n"
                            f"capture: {{ mode: tail, by: {log}, every: 20ms, full_every: 12h }}\ninitial: deliver\n")
        self.columns = list(table.columns)
        mapped = ", ".join(f"{column.lower()}: {column}" for column in self.columns)
        self.instance.write("pipelines/customers/pipeline.yaml", f"pipeline: customers\ntable: customer\n{deliver}owner: rows\nguard: {{ mass_change: off }}\nmap: {{ {mapped} }}\n"
                            f"target: {{ connection: shop, object: record, match: {{ id: {table.key} }} }}\n")

    def wanted(self):
        with self.database.lock:
            return {str(key): [str(row[column]) for column in self.columns] for key, row in self.database.table.rows.items()}

    def held(self):
        records = held(self.stub, key=self.key.lower())
        return {str(key).strip(): [str(record[column.lower()]).strip() for column in self.columns] for key, record in records.items()}

    def wait_equal(self, what):
        try:
            wait_until(lambda: self.wanted() == self.held(), 240, what, pause=0.1)
        except AssertionError:
            source, target = self.wanted(), self.held()
            differing = [(key, source.get(key), target.get(key)) for key in sorted(source.keys() | target.keys()) if source.get(key) != target.get(key)]
            raise AssertionError(f"{what}: {len(differing)} differ: {differing[:3]}\n{self.instance.log_text()[-3000:]}")

    @contextlib.contextmanager
    def at_once(self):
        """What is changed within is seen as one step: thousands of rows need not be published one by one."""
        publish, self.database.publish = self.database.publish, lambda: None
        try:
            yield
        finally:
            self.database.publish = publish
            publish()

    def killed_while(self, write, random, kills):
        """`write` changes the database until the event that it is given is set."""
        stopping = threading.Event()
        writer = threading.Thread(target=write, args=(stopping,))
        writer.start()
        for _ in range(kills):
            self.instance.kill()
            self.instance.start(ready=False)
            time.sleep(random.uniform(0.1, 0.4))
        stopping.set()
        writer.join()
        self.instance.kill()
        self.instance.start()
        self.wait_equal(f"after {kills} kills")

    def killed_on_keys(self, row, random, kills, keys, forget):
        """Transactions over `keys` numbered rows, each made by `row(key, name)`, go on while the daemon is killed; now and then the database forgets its history."""

        def write(stopping):
            number = 0
            while not stopping.is_set():
                number += 1
                touched = random.sample(range(keys), random.randint(1, 5))
                self.database.transaction([(key, None if random.random() < 0.2 else row(key, f"edit {number}")) for key in touched])
                if random.random() < 0.01:
                    forget()
                time.sleep(0.005)

        self.database.transaction([(key, row(key, f"one of {keys}")) for key in range(keys)])
        self.wait_equal(f"{keys} keys")
        self.killed_while(write, random, kills)

    def killed_while_transactions(self, commit, random, kills):
        """Transactions of two to four rows of forty. `commit` gives these rows this name, at once. Of none the target shows a part only, while a later one of the same
        row is there. How often a row went on from one."""
        keys = random.sample(sorted(self.database.table.rows), 40)
        rows_of = {}

        def write(stopping):
            while not stopping.is_set():
                number = len(rows_of) + 1
                rows = random.sample(keys, random.randint(2, 4))
                commit(rows, f"number {number}")
                rows_of[number] = [str(row) for row in rows]
                time.sleep(0.004)

        def shown(effect):
            *_, name = (str(effect["body"][column.lower()]) for column in self.columns)
            return str(effect["body"][self.key.lower()]).strip(), int(name[7:]) if name.startswith("number ") else 0

        self.instance.start()
        self.wait_equal("the first reading")
        self.killed_while(write, random, kills)
        steps = check_whole(self.stub, rows_of, shown)
        assert steps > 40 and self.instance.stop() == 0, steps
        self.work.close()
        return f"{len(rows_of)} transactions that go together, {steps} times a row went on, never from one that was not whole"

    def check(self, code, *words):
        """What `check` says, as its exit code and parts of its text."""
        done = self.instance.verb("check")
        assert done.returncode == code, done.stdout + done.stderr
        for word in words:
            assert word in done.stdout + done.stderr, (word, done.stdout + done.stderr)

    def count(self, event):
        return self.instance.log_text().count(f" {event} ")

    def wait_for(self, event, times, what):
        wait_until(lambda: self.count(event) >= times, 30, f"{what}: {event} {times} times\n{self.instance.log_text()[-2000:]}")

    def changes(self):
        lines = self.instance.verb("changes", "customer", "--limit", "100000", "--json").stdout.splitlines()
        return [json.loads(line) for line in lines]
