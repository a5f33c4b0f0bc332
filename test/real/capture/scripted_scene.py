"""An instance between a scripted database and a stub web API, compared by what both hold."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Instance, Stub, Workplace, wait_until  # noqa: E402


class Scene:
    def __init__(self, name, programs, database, dialect, log, every="20ms"):
        """`database` makes one for a workplace."""
        datapicker, stub_server = programs
        self.work = Workplace(name)
        self.database = database(self.work)
        self.stub = Stub(self.work, stub_server, "shop", "--mode", "idempotent")
        self.instance = Instance(self.work, datapicker)
        table = self.database.table
        self.key = table.key
        self.instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{self.database.odbc}"\ndialect: {dialect}\n')
        self.instance.write("connections/shop.yaml", f"""connection: shop
target: webhook
url: {self.stub.url}
limits: {{ in_flight: 32 }}
repeat_safe: true
idempotency_header: Idempotency-Key
requests:
  upsert: {{ method: PUT, path: "/records/{{match.id}}", body: fields }}
  delete: {{ method: DELETE, path: "/records/{{match.id}}", gone: [404] }}
""")
        self.instance.write("tables/customer.yaml", f"table: customer\nconnection: erp\nfrom: {table.name}\nkey: [{table.key}]\n"
                            f"capture: {{ mode: tail, log: {log}, every: {every}, full_every: 12h }}\ninitial: deliver\n")
        self.columns = list(table.columns)
        mapped = ", ".join(f"{column.lower()}: {column}" for column in self.columns)
        self.instance.write("pipelines/customers/pipeline.yaml", f"pipeline: customers\ntable: customer\nowner: rows\nmap: {{ {mapped} }}\n"
                            f"target: {{ connection: shop, object: record, match: {{ id: {table.key} }} }}\n")

    def wanted(self):
        with self.database.lock:
            return {str(key): [str(row[column]) for column in self.columns] for key, row in self.database.table.rows.items()}

    def held(self):
        rows = {}
        for effect in self.stub.effects():
            if effect["what"] != "effect":
                continue
            if effect["method"] == "DELETE":
                rows.pop(effect["path"], None)
            else:
                rows[effect["path"]] = {**rows.get(effect["path"], {}), **effect["body"]}
        return {str(row[self.key.lower()]).strip(): [str(row[column.lower()]).strip() for column in self.columns] for row in rows.values()}

    def wait_equal(self, what):
        try:
            wait_until(lambda: self.wanted() == self.held(), 30, what, pause=0.1)
        except AssertionError:
            wanted, held = self.wanted(), self.held()
            differing = [(key, wanted.get(key), held.get(key)) for key in sorted(wanted.keys() | held.keys()) if wanted.get(key) != held.get(key)]
            raise AssertionError(f"{what}: {len(differing)} differ: {differing[:3]}\n{self.instance.log_text()[-3000:]}")

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
