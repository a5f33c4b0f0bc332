"""One table and two APIs: one that honours idempotency keys, and one that can only be looked up. What the source holds is compared with
what each of them was made to hold, by the effects it counted itself, and not with our own counters."""
import collections
import threading
import time

from harness import lookup_target, wait_until

TABLE = """CREATE TABLE customer (code CHAR(10) NOT NULL PRIMARY KEY, name VARCHAR(40), credit DECIMAL(12,2),
           version BIGINT NOT NULL)"""


def pipeline(name, connection, object_name):
    return f"""pipeline: {name}
table: customer
guard: {{ mass_change: off }}
map:
  code: trim(code)
  name: name
  credit: credit
  version: version
target:
  connection: {connection}
  object: {object_name}
  match: {{ code: trim(code) }}
  on_delete: delete
"""


def configure(instance, servers, keyed, searched):
    dialect = servers.which
    instance.secret("erp", servers.password)
    odbc = servers.odbc.replace(servers.password, "${secret:erp}")
    instance.write("connections/erp.yaml", f'connection: erp\nodbc: "{odbc}"\ndialect: {dialect}\n')
    instance.write("connections/keyed.yaml", f"""connection: keyed
target: webhook
url: {keyed.url}
limits: {{ in_flight: 32 }}
repeat_safe: true
idempotency_header: Idempotency-Key
requests:
  upsert: {{ method: PUT, path: "/customers/{{match.code}}", body: fields }}
  delete: {{ method: DELETE, path: "/customers/{{match.code}}", gone: [404] }}
""")
    instance.write("targets/lookup_api.yaml", lookup_target("lookup_api"))
    instance.write("connections/searched.yaml",
                   f"connection: searched\ntarget: lookup_api\nurl: {searched.url}\nlimits: {{ in_flight: 32 }}\n")
    instance.write("tables/customer.yaml", """table: customer
connection: erp
from: customer
key: [code]
capture: { mode: diff, every: 200ms, chunk_rows: 500 }
initial: deliver
""")
    instance.write("pipelines/to_keyed/pipeline.yaml", pipeline("to_keyed", "keyed", "customers"))
    instance.write("pipelines/to_searched/pipeline.yaml", pipeline("to_searched", "searched", "record"))


class Writer(threading.Thread):
    """Inserts, updates and deletes random keys in small transactions until it is told to end."""

    def __init__(self, servers, random, keys):
        super().__init__(daemon=True)
        self.connection = servers.connect()
        self.random = random
        self.keys = keys
        self.end = threading.Event()
        self.version = keys
        self.problem = None
        self.commits = 0

    def run(self):
        try:
            while not self.end.is_set():
                self.change_a_few()
                time.sleep(0.002)
        except Exception as problem:  # shown by the main thread
            self.problem = problem

    def change_a_few(self):
        with self.connection.cursor() as cursor:
            cursor.execute("BEGIN")
            for _ in range(self.random.randint(1, 12)):
                self.change_one(cursor, f"C{self.random.randrange(self.keys):06}")
            cursor.execute("COMMIT")
        self.commits += 1

    def change_one(self, cursor, code):
        self.version += 1
        if self.random.random() < 0.1:
            cursor.execute("DELETE FROM customer WHERE code = %s", (code,))
            return
        cursor.execute("UPDATE customer SET credit = %s, version = %s WHERE code = %s",
                       (f"{self.version / 100:.2f}", self.version, code))
        if cursor.rowcount == 0:
            cursor.execute("INSERT INTO customer VALUES (%s, %s, %s, %s)",
                           (code, f"Customer {code}", f"{self.version / 100:.2f}", self.version))


def rows_of(servers):
    connection = servers.connect()
    with connection.cursor() as cursor:
        cursor.execute("SELECT code, name, credit, version FROM customer")
        rows = {code.strip(): {"code": code.strip(), "name": name, "credit": str(credit), "version": version}
                for code, name, credit, version in cursor.fetchall()}
    connection.close()
    return rows


def fill(servers, keys):
    connection = servers.connect()
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
        cursor.executemany("INSERT INTO customer VALUES (%s, %s, %s, %s)",
                           [(f"C{i:06}", f"Customer C{i:06}", f"{i}.50", i) for i in range(keys)])
    connection.close()


def records_of(effects):
    """What the target holds, folded from its effects: by code, a list of records."""
    by_id = {}
    for effect in effects:
        if effect["what"] != "effect":
            continue
        record = effect.get("id") or effect["path"]
        if effect["method"] == "DELETE":
            by_id.pop(record, None)
        else:
            by_id[record] = {**by_id.get(record, {}), **(effect["body"] or {})}
    by_code = collections.defaultdict(list)
    for record in by_id.values():
        by_code[record["code"]].append(record)
    return by_code


def check_order(effects, name):
    """Versions of one code never go back: a version is given once, in commit order."""
    code_of, latest = {}, {}
    for effect in effects:
        if effect["what"] != "effect" or not effect["body"]:
            continue
        record = effect.get("id") or effect["path"]
        code = code_of.setdefault(record, effect["body"].get("code"))
        version = effect["body"].get("version")
        if version is None:
            continue
        assert version >= latest.get(code, -1), f"{name}: {code} went from {latest[code]} back to {version}"
        latest[code] = version


def check_keys(effects, name):
    seen = collections.Counter(effect["key"] for effect in effects if effect["what"] == "effect" and effect["key"])
    twice = [key for key, times in seen.items() if times > 1]
    assert not twice, f"{name}: idempotency keys with more than one effect: {twice[:5]}"
    conflicts = [effect for effect in effects if effect["what"] == "conflict"]
    assert not conflicts, f"{name}: one key came with another body: {conflicts[:3]}"


def difference(rows, stub):
    held = records_of(stub.effects())
    missing = [code for code in rows if code not in held]
    extra = [code for code in held if code not in rows]
    double = [code for code, records in held.items() if len(records) > 1]
    stale = [code for code, row in rows.items() if code in held and held[code][-1] != row]
    return {"missing": missing, "extra": extra, "double": double, "stale": stale}


def describe(differences):
    return {name: {what: (len(codes), codes[:5]) for what, codes in parts.items() if codes}
            for name, parts in differences.items()}


def until_equal(servers, instance, stubs):
    """Nobody writes to the table any more. Returns its rows."""
    rows = rows_of(servers)
    try:
        wait_until(lambda: not any(describe({name: difference(rows, stub) for name, stub in stubs.items()}).values()), 240,
                   "source and targets equal", pause=1)
    except AssertionError:
        found = describe({name: difference(rows, stub) for name, stub in stubs.items()})
        raise AssertionError(f"{found}\n{instance.verb('status').stdout}"
                             f"{instance.verb('dead-letters', 'list', '--limit', '10').stdout}\n{instance.log_text()[-3000:]}")
    return rows


def check_effects(stubs):
    """Every value in order, every idempotency key with one effect."""
    for name, stub in stubs.items():
        effects = stub.effects()
        check_order(effects, name)
        check_keys(effects, name)


def check_nothing_left(instance):
    left = [state for row in instance.json("status")["pipelines"] for state in row["deliveries"]]
    assert not left, f"something is left over: {left}"
