"""An instance that most tests of verbs use: SQLite as the ERP, a stub web API as the target.

Scripts that import it are started as SCRIPT DATAPICKER STUB_SERVER [TEST…]."""
import sqlite3
import sys

from harness import Instance, Stub, Workplace, wait_until

DATAPICKER, STUB_SERVER = sys.argv[1:3]
PATIENCE = 60


class Shop:
    """A customer table in SQLite and a pipeline to a web API that honours idempotency keys."""

    def __init__(self, name, mode="idempotent"):
        self.work = Workplace(name)
        self.database = self.work.folder / "erp.db"
        self.sql("CREATE TABLE customer (code CHAR(6) PRIMARY KEY, name TEXT, terms TEXT, credit DECIMAL(12,2))")
        self.stub = Stub(self.work, STUB_SERVER, "api", "--mode", mode)
        self.instance = Instance(self.work, DATAPICKER, name)
        self.write_connections()
        self.instance.write("tables/customer.yaml", "table: customer\nconnection: erp\nfrom: customer\nkey: [code]\n"
                            "capture: { mode: diff, every: 100ms }\ninitial: deliver\n")
        self.write_pipeline(["01: net30", "02: net60"])

    def write_connections(self):
        self.instance.write("connections/erp.yaml",
                            f'connection: erp\nodbc: "Driver=SQLite3;Database={self.database};Timeout=5000"\ndialect: sqlite\n')
        self.instance.write("connections/shop.yaml", f"""connection: shop
target: webhook
url: {self.stub.url}
repeat_safe: true
idempotency_header: Idempotency-Key
requests:
  upsert: {{ method: PUT, path: "/customers/{{match.code}}", body: fields }}
  delete: {{ method: DELETE, path: "/customers/{{match.code}}", gone: [404] }}
""")

    def write_pipeline(self, terms, name="name"):
        table = "".join(f'      "{line.split(":")[0]}": {line.split(": ")[1]}\n' for line in terms)
        self.instance.write("pipelines/to_shop/pipeline.yaml", f"""pipeline: to_shop
table: customer
map:
  name: {name}
  credit: credit
types: {{ credit: number }}
values:
  terms:
    of: terms
    in:
{table}    otherwise: dead_letter
target: {{ connection: shop, object: customers, match: {{ code: trim(code) }}, on_delete: delete }}
""")

    def sql(self, text, *values):
        with sqlite3.connect(self.database, timeout=30) as connection:
            connection.execute(text, values)
        connection.close()

    def send_messages(self):
        """Instead: messages to an API that neither takes idempotency keys nor can be searched."""
        self.instance.write("targets/notice.yaml", """target: notice
about: Messages that can neither be repeated nor looked up
proved: { by: stub }
objects:
  message:
    create: { request: { method: POST, path: "/messages/{match.code}", body: fields }, repeat_safe: false }
""")
        self.instance.write("connections/shop.yaml", f"connection: shop\ntarget: notice\nurl: {self.stub.url}\n")
        self.instance.write("pipelines/to_shop/pipeline.yaml", """pipeline: to_shop
table: customer
deliver: every_change
valid_for: 1h
map: { name: name }
target: { connection: shop, object: message, match: { code: trim(code) } }
""")

    def insert(self, code, terms="01"):
        self.sql("INSERT INTO customer VALUES (?, ?, ?, 10.5)", code, f"Customer {code}", terms)

    def effects(self, code):
        return [effect for effect in self.stub.effects() if effect["what"] == "effect" and effect["path"].endswith(code)]

    def wait_effects(self, code, number):
        return wait_until(lambda: len(self.effects(code)) >= number and self.effects(code), PATIENCE,
                          f"{number} effects on {code}\n{self.instance.log_text()[-2000:]}")

    def letters(self):
        return self.instance.json_lines("dead-letters", "list")

    def state_of(self, delivery):
        return self.instance.json("dead-letters", "show", delivery)["state"]
